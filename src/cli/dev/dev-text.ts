import { formatDecimal } from "../../core/decimal.ts";
import { formatDuration, formatTime } from "../duration.ts";
import type { Style } from "../style.ts";
import type { DevEvent, DevFault, DevTime } from "./dev-event.ts";

type Of<Type extends DevEvent["type"]> = Extract<DevEvent, { readonly type: Type }>;

const MODE_WORDS: Readonly<Record<Of<"sources">["mode"], string>> = {
  live: "LIVE",
  recorded: "EMULATED, from recordings",
  emulated: "EMULATED, by the provider emulator",
  none: "none",
};

const short = (digest: string): string => digest.replace(/^(sha256:.{10}|0x.{8}).*$/, "$1…");

const clockWords = ({ now, speed, moved }: DevTime): string =>
  moved
    ? `${formatTime(now)}, ${speed === 0 ? "standing still" : `${speed}x`}`
    : "the machine's own";

const faultLines = ({ code, message, hint, stack }: DevFault, style: Style): string =>
  [
    `${style.bad("error")} ${style.bold(code)} ${message}`,
    ...stack,
    `${style.dim("hint")}  ${hint}`,
  ].join("\n");

const sourceLine = (source: Of<"run-finished">["sources"][number], style: Style): string => {
  const { id, mode, value, outlier, error } = source;
  if (error !== null) return `      ${style.bad("×")} ${id}: ${error}`;
  const remark = outlier ? style.warn(" outlier, left out") : "";
  return `      ${style.good("·")} ${id} ${style.dim(mode ?? "")}: ${value ?? "no value"}${remark}`;
};

const valueText = (value: unknown): string => {
  if (typeof value === "object" && value !== null && "text" in value && "unit" in value)
    return `${String(value.text)} ${String(value.unit)}`;
  if (typeof value === "object" && value !== null && "fields" in value)
    return JSON.stringify(value.fields);
  return JSON.stringify(value);
};

const readyLines = (event: Of<"ready">, style: Style): string => {
  const { url, control, rpc, feeds, time } = event;
  const [first] = feeds;
  const onChain = feeds.find(({ contract }) => contract !== null);
  const lines = [
    `${style.good("ready")} ${style.bold(url)}`,
    ...feeds.map(
      ({ id, unit, contract }) =>
        `      ${style.bold(id)}${unit === null ? "" : `, ${unit}`}${contract === null ? "" : `: contract ${contract}`}`,
    ),
    `      clock ${clockWords(time)}`,
    `      control ${control} (POST /run, /clock, /reload, /stop)`,
  ];
  if (first)
    lines.push(
      `      ${style.dim("curl")}   curl ${url}/v1/feeds/${encodeURIComponent(first.id)}/latest`,
    );
  if (onChain && rpc !== null)
    lines.push(
      `      ${style.dim("ethers")} await new ethers.Contract("${onChain.contract}", ["function latestRoundData() view returns (uint80, int256, uint256, uint256, uint80)"], new ethers.JsonRpcProvider("${rpc}")).latestRoundData()`,
    );
  lines.push(
    style.warn("      The enclave is SIMULATED, and in debug mode: no hardware protects it."),
  );
  return lines.join("\n");
};

/** One piece of news in words; empty where there is nothing for people to read. */
export const createDevText =
  (style: Style): ((event: DevEvent) => string) =>
  (event) => {
    switch (event.type) {
      case "built":
        return `${style.good("built")} ${event.cryptlet} ${event.version}, ${event.bytes} bytes in ${formatDuration(event.durationMs)}`;
      case "build-failed":
      case "reload-failed": {
        const goesOn = event.running ? `\n${style.warn("The code that ran before goes on.")}` : "";
        return faultLines(event.error, style) + goesOn;
      }
      case "sources":
        return `sources ${style.bold(MODE_WORDS[event.mode])}: ${event.reason}${event.recording === null ? "" : ` (${event.recording})`}`;
      case "chain-started":
        return `chain ${event.chainId} at ${event.url}`;
      case "chain-missing":
        return `${style.warn("no chain")}: ${event.reason}. Rounds are signed and stored all the same.`;
      case "ready":
        return readyLines(event, style);
      case "clock":
        return `clock ${clockWords(event.time)}`;
      case "changed":
        return style.dim(
          `saved ${event.files.slice(0, 5).join(", ")}${event.files.length > 5 ? ` and ${event.files.length - 5} more` : ""}`,
        );
      case "unchanged":
        return style.dim(`the same package, ${formatDuration(event.durationMs)}`);
      case "reloading":
        return "";
      case "reloaded":
        return `${style.good("reloaded")} ${event.cryptlet} ${event.version}, ${short(event.measurement)}, in ${formatDuration(event.durationMs)}`;
      case "run-started":
        return "";
      case "run-finished": {
        const value = event.value === null ? "record" : `${event.value} ${event.unit ?? ""}`.trim();
        const publish =
          event.publish === null
            ? style.dim("not published: nothing newer, or nothing else")
            : `published: ${event.publish}`;
        return [
          `${style.accent("run")}   ${event.feed}: ${style.bold(value)}, ${publish}, ${formatDuration(event.durationMs)}`,
          ...event.sources.map((source) => sourceLine(source, style)),
        ].join("\n");
      }
      case "run-failed":
        return [
          `${style.bad("run")}   ${event.feed}: ${style.bold(event.error.code)} ${event.error.message}`,
          ...event.stack.map((line) => `      ${line}`),
        ].join("\n");
      case "envelope": {
        const { feed, round, value, mode, simulated, envelope, observedAt } = event;
        const marks = [mode, ...(simulated ? ["SIMULATED"] : [])].join(" ");
        return `${style.accent("round")} ${feed} ${round}: ${style.bold(valueText(value))} ${style.warn(marks)}, observed ${formatTime(observedAt)}, ${short(envelope)}`;
      }
      case "delivered":
        return `${style.accent("chain")} ${event.feed} ${event.round}: block ${event.blockNumber ?? "?"}, ${short(event.transaction ?? "")}`;
      case "delivery-failed":
        return `${style.bad("chain")} ${event.feed} ${event.round}: ${event.code ?? "failed"}`;
      case "chain-read": {
        const answer = formatDecimal({ value: BigInt(event.answer), decimals: event.decimals });
        return `${style.accent("read")}  ${event.feed}: latestRoundData() of ${event.contract} answers ${style.bold(answer)}, round ${event.round}`;
      }
      case "log":
        return `${style.dim("log")}   ${event.level === "info" ? "" : `${event.level}: `}${event.message}`;
      case "not-recorded":
        return `${style.warn("not recorded")} ${event.method} ${event.url}`;
      case "recorded":
        return style.dim(`recorded: ${event.answers} answer(s) in ${event.file}`);
      case "record-failed":
        return faultLines(event.error, style);
      case "note":
        return style.warn(event.message);
      case "stopped":
        return "Stopped; nothing is left.";
      default:
        return event satisfies never;
    }
  };
