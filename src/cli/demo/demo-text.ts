import { formatDecimal } from "../../core/decimal.ts";
import { formatDuration, formatTime } from "../duration.ts";
import type { Style } from "../style.ts";
import { formatTable } from "../table.ts";
import type { DemoEvent } from "./demo-event.ts";
import { contractWords, PICTURE, refusalWords } from "./demo-words.ts";

type EventOf<Type extends DemoEvent["type"]> = Extract<DemoEvent, { readonly type: Type }>;

/** Turns each event of the demo into lines for a reader who has never seen the product. */
export type DemoText = (event: DemoEvent) => string;

const indent = (text: string): string =>
  text
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`))
    .join("\n");

const price = (answer: string, decimals: number, unit: string): string =>
  `${formatDecimal({ value: BigInt(answer), decimals })} ${unit}`;

const formatSources = ({ sources }: EventOf<"run-finished">, style: Style): string =>
  formatTable(
    ["source", "mode", "answer", "its own time"],
    sources.map(({ id, mode, value, observedAt, outlier, error }) => [
      id,
      mode ?? "-",
      error === null ? (value ?? "-") : style.bad(`failed: ${error}`),
      (observedAt === null ? (error === null ? "tells none" : "-") : formatTime(observedAt)) +
        (outlier ? style.warn("  left out: too far from the others") : ""),
    ]),
  );

const formatRun = (event: EventOf<"run-finished">, style: Style): string => {
  const { value, unit, spread, sources, durationMs } = event;
  const used = sources.filter(({ error, outlier }) => error === null && !outlier).length;
  const aggregate =
    value === null
      ? "Too few sources answered: nothing is published."
      : `${style.bold(`Median of ${used}: ${value} ${unit}`)}  (spread ${spread}, ${formatDuration(durationMs)})`;
  return indent(`${formatSources(event, style)}\n${aggregate}`);
};

const formatSigned = (event: EventOf<"round-signed">, style: Style): string => {
  const { round, signedAnswer, decimals, unit, mode, simulated, envelope } = event;
  const marks = `${mode}${simulated ? ", SIMULATED enclave" : ""}`;
  const rows = [
    ["signed", `round ${round}: ${style.bold(price(signedAnswer, decimals, unit))}  [${marks}]`],
    ["envelope", `${envelope}  (its digest: the name of exactly these bytes)`],
    ["signer", `${event.signer}  (the enclave's key)`],
    ["recorded", `round, envelope and outbox row in one database transaction`],
    ["outbox", `${event.outboxMessageId}  (goes to the bus once, also after a crash)`],
  ];
  return indent(formatTable([], rows));
};

const formatVerified = ({ file, bytes, steps }: EventOf<"bundle-verified">, style: Style) => {
  const marks = { ok: style.good("ok"), failed: style.bad("no"), skipped: style.dim("--") };
  const rows = steps.map(({ step, status, detail }) => [marks[status], step, detail]);
  return indent(`${file}, ${bytes} bytes\n${formatTable([], rows)}`);
};

const formatKept = (event: EventOf<"kept">, style: Style): string =>
  [
    "",
    style.bold("It keeps running. Things to try in another terminal, in this folder:"),
    indent(
      [
        `curl ${event.api}/v1/feeds/${event.feed}/latest`,
        `npx cryptlet feed watch ${event.feed} --url ${event.api}`,
        `npx cryptlet host status --url ${event.api}`,
        `npx cryptlet envelope verify ${event.bundle} --trust ${event.trust}`,
        `open ${event.api}/openapi.json`,
      ].join("\n"),
    ),
    `The chain is at ${event.chain}, the consumer contract at ${event.consumer}.`,
    "Ctrl-C ends it and removes everything.",
  ].join("\n");

const formatFinished = (event: EventOf<"finished">, style: Style): string => {
  const rows = Object.entries(event.timings).map(([step, ms]) => [step, formatDuration(ms)]);
  return [
    "",
    style.bold("Summary"),
    indent(formatTable(["step", "time"], rows)),
    "",
    style.good(
      `All is well: ${event.rounds} rounds read on chain as they were signed, ${event.refusals} attempts to cheat refused.`,
    ),
    style.warn(
      "The enclave here is SIMULATED: it shows the protocol, but protects against nobody who runs this machine.",
    ),
  ].join("\n");
};

/** Lines for people. Numbers its sections as they come. */
export const createDemoText = (style: Style): DemoText => {
  let sections = 0;
  const section = (title: string, says: string): string =>
    `\n${style.accent(`${++sections}. ${title}`)}\n${style.dim(says)}\n`;
  let runs = 0;
  let refusals = 0;
  return (event) => {
    switch (event.type) {
      case "demo-started":
        return `${style.bold("Cryptlet Fabric: the price of gold, from its sources to a contract")}\n\n${PICTURE}`;
      case "waiting":
        return "";
      case "providers-chosen":
        return (
          section("Sources", "Public price services, asked over TLS. One mode for all of them.") +
          indent(
            event.mode === "LIVE"
              ? `${style.bold("LIVE")}: the network reaches ${event.hosts.join(", ")}`
              : `${style.bold("EMULATED")}: ${event.asked ? "as you asked" : "the network does not reach the services"}; an emulator at ${event.emulator} plays them:\n${event.hosts.join(", ")}`,
          )
        );
      case "chain-started":
        return (
          section("Chain", "A real Ethereum engine on this machine, empty so far.") +
          indent(
            `${event.engine} at ${event.url}, chain ${event.chainId}, up in ${formatDuration(event.durationMs)}`,
          )
        );
      case "enclave-started": {
        const rows = [
          ["Cryptlet", `${event.cryptlet} ${event.version}`],
          ["measured", `${event.measurement}  (digest of the exact code)`],
          ["its key", `${event.signer}  (made inside, never leaves it)`],
          ["enclave", event.simulated ? style.warn("SIMULATED: no hardware protects it") : "real"],
        ];
        return (
          section("Enclave", "A walled-in place that runs the small program and holds its key.") +
          indent(formatTable([], rows))
        );
      }
      case "contracts-deployed":
        return (
          section("Contracts", "Code on the chain that believes signatures, not senders.") +
          indent(
            `${formatTable(
              [],
              Object.entries(event.contracts).map(([name, address]) => [
                name,
                address,
                contractWords[name] ?? "",
              ]),
            )}\ndeployed in ${formatDuration(event.durationMs)}`,
          )
        );
      case "fabric-started":
        return (
          section("Fabric", "The host that runs it, records it and brings it to the chain.") +
          indent(
            `database ${event.database}, bus ${event.bus}, feed ${event.feed} from ${event.mode} sources, up in ${formatDuration(event.durationMs)}`,
          )
        );
      case "run-finished":
        runs += 1;
        return (
          section(
            runs === 1 ? "First round" : "Next round",
            "Each source is asked; outliers fall out; the median is signed.",
          ) + formatRun(event, style)
        );
      case "round-signed":
        return formatSigned(event, style);
      case "round-delivered":
        return indent(
          formatTable(
            [],
            [
              ["landed", `block ${event.blockNumber} of chain ${event.chain}`],
              [
                "tx",
                `${event.transaction}  (${formatDuration(event.durationMs)} after it was signed)`,
              ],
            ],
          ),
        );
      case "consumer-read":
        return indent(
          `A contract that knows only Chainlink's AggregatorV3Interface reads: ` +
            style.good(price(event.consumerAnswer, event.decimals, event.unit)) +
            `, round ${event.round}`,
        );
      case "live-cannot-move":
        return (
          section("A moving price", "Nobody here can move the live price of gold.") +
          indent(
            "So the next rounds come from the emulator, in a fabric and feed of their own:\nlive and emulated values never meet in one feed.",
          )
        );
      case "live-failed":
        return indent(
          `${style.warn("The live services answer, but not with enough prices")}${event.code === null ? "" : ` (${event.code})`}.\nThe demo goes on with the emulator, in a fabric of its own.`,
        );
      case "price-moved":
        return (
          section("The price moves", "A round is published at once when the change is large.") +
          indent(
            `the sources now say ${event.percent} %; the deviation threshold is ${event.threshold} %`,
          )
        );
      case "refused": {
        refusals += 1;
        const { what, where, code } = event.refusal;
        const head =
          refusals === 1
            ? section(
                "Cheating",
                "Each attempt is made twice: against the verifier and the contract.",
              )
            : "";
        return (
          head +
          indent(
            (where === "off chain" ? `${refusalWords[what]}\n` : "") +
              `  ${style.good("refused")}  ${where.padEnd(9)}  ${style.bold(code)}`,
          )
        );
      }
      case "bundle-verified":
        return (
          section("Offline check", "One file, no network: anybody can repeat this later.") +
          formatVerified(event, style)
        );
      case "finished":
        return formatFinished(event, style);
      case "kept":
        return formatKept(event, style);
      case "cleaned":
        return style.dim("Temporary folder and processes are gone.");
      default:
        return event satisfies never;
    }
  };
};
