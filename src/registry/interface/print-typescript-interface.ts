import type { FeedManifest, Manifest } from "../../sdk/manifest.ts";
import {
  checkDeployedFeeds,
  checksumAddress,
  type DeployedFeed,
  type KnownFeed,
} from "./deployed-feed.ts";
import { camel, createSourceNames } from "./source-names.ts";
import { commentText, typescriptText } from "./source-text.ts";

const ROUND = ["uint80", "int256", "uint256", "uint256", "uint80"];
const ROUND_NAMES = ["roundId", "answer", "startedAt", "updatedAt", "answeredInRound"];

const parameters = (types: readonly string[], names: readonly string[]): string =>
  `[${types.map((type, index) => `{ name: "${names[index] ?? ""}", type: "${type}" }`).join(", ")}]`;
const view = (name: string, inputs: string, outputs: string): string =>
  `  { type: "function", name: "${name}", stateMutability: "view", inputs: ${inputs}, outputs: ${outputs} },`;

/** What a feed's contract answers, as viem and ethers take it. */
const printAbi = (name: string): string =>
  [
    "/** ABI of every feed of this Cryptlet on chain; ethers and viem take it as it is. */",
    `export const ${camel(name)}FeedAbi = [`,
    view("feedHash", "[]", parameters(["bytes32"], [""])),
    view("decimals", "[]", parameters(["uint8"], [""])),
    view("description", "[]", parameters(["string"], [""])),
    view("latestRoundData", "[]", parameters(ROUND, ROUND_NAMES)),
    view("getRoundData", parameters(["uint80"], ["id"]), parameters(ROUND, ROUND_NAMES)),
    view("roundAt", parameters(["uint256"], ["time"]), parameters(ROUND, ROUND_NAMES)),
    '  { type: "event", name: "AnswerUpdated", inputs: [{ name: "current", type: "int256", indexed: true }, { name: "roundId", type: "uint256", indexed: true }, { name: "updatedAt", type: "uint256", indexed: false }] },',
    "] as const;",
    "",
  ].join("\n");

/** What text of a record's field is: the signed value is text in every case. */
const FIELD_MEANING = {
  string: "text as the source gave it",
  decimal: "plain decimal text",
  boolean: '"true" or "false"',
  timestamp: "ms since epoch, as text",
} as const;

const printValue = (feed: FeedManifest, name: string): string => {
  if (feed.kind === "decimal")
    return `\
/** A value of feed ${feed.id}. */
export interface ${name}Value {
  readonly kind: "decimal";
  /** Plain decimal text, such as "-12.5"; it may be zero or negative. Never a JavaScript number. */
  readonly text: string;
  readonly decimals: ${feed.decimals};
  readonly unit: ${typescriptText(feed.unit)};
}
`;
  const rows = Object.entries(feed.fields ?? {}).map(
    ([field, type]) =>
      `    /** ${FIELD_MEANING[type]} */\n    readonly ${typescriptText(field)}: { readonly type: "${type}" | "null"; readonly value: string };\n`,
  );
  const fields =
    feed.fields === null
      ? "  /** The feed's parameters name the fields. */\n  readonly fields: { readonly [field: string]: { readonly type: string; readonly value: string } };\n"
      : `  readonly fields: {\n${rows.join("")}  };\n`;
  return `\
/** A value of feed ${feed.id}. */
export interface ${name}Value {
  readonly kind: "record";
${fields}}
`;
};

const printFeed = (
  feed: FeedManifest,
  manifest: Manifest,
  name: string,
  addresses: readonly KnownFeed[],
): string => {
  const deployments = addresses.map(
    ({ chainId, address, feedHash }) =>
      `    { chainId: ${chainId}, address: "${checksumAddress(address)}", feedHash: "${feedHash}" },\n`,
  );
  const decimal =
    feed.kind === "decimal"
      ? `  decimals: ${feed.decimals},\n  unit: ${typescriptText(feed.unit)},\n`
      : "";
  return `${printValue(feed, name)}
/** A round of feed ${feed.id}, as \`feeds.latest\` of \`cryptlet-fabric/client\` answers it. */
export interface ${name}Round {
  readonly feed: string;
  readonly feedHash: string;
  readonly round: number;
  /** ${feed.kind === "decimal" ? `Integer text: the value times 10^${feed.decimals}.` : "A record has none."} */
  readonly answer: ${feed.kind === "decimal" ? "string" : "null"};
  readonly value: ${name}Value;
  /** The sources' time, ms since epoch. */
  readonly observedAt: number;
  /** The signature's time, ms since epoch. */
  readonly issuedAt: number;
  /** ms since epoch. */
  readonly validUntil: number;
  readonly mode: "LIVE" | "EMULATED";
  readonly simulated: boolean;
  readonly envelopeDigest: string;
}

/** Parameters that a host's configuration gives the feed: JSON; the Cryptlet checks them itself. */
export type ${name}Parameters =
  | null
  | boolean
  | number
  | string
  | readonly ${name}Parameters[]
  | { readonly [name: string]: ${name}Parameters };

/** ${commentText(feed.description)} */
export const ${camel(name)} = {
  cryptlet: "${manifest.id}",
  version: ${typescriptText(manifest.version)},
  feed: "${feed.id}",
  kind: "${feed.kind}",
${decimal}  /** Contracts by chain (EIP-155 id); those that were known when this was printed. */
  deployments: [
${deployments.join("")}  ],
} as const;
`;
};

/**
 * The TypeScript header of a Cryptlet: for each feed the types of its values, rounds and parameters, what it is, and its
 * contracts by chain; with their ABI. It imports nothing and compiles under `strict`; text of the manifest cannot become
 * code. Throws `INTERFACE_ADDRESSES_INVALID`.
 * @example
 * ```ts
 * const source = printTypescriptInterface(manifest, {
 *   addresses: [{ feed: "xau-usd", feedHash, chainId: 1, address: "0x…" }],
 * });
 * ```
 */
export const printTypescriptInterface = (
  manifest: Manifest,
  options: { readonly addresses: readonly DeployedFeed[] },
): string => {
  const addresses = checkDeployedFeeds(options.addresses);
  const names = createSourceNames(manifest);
  const head = [
    `// Printed from the manifest of ${manifest.id} ${manifest.version}; print it again in place of a change.`,
    `// ${commentText(manifest.description)}`,
    "",
  ];
  return [
    head.join("\n"),
    ...(manifest.feeds.some(({ kind }) => kind === "decimal") ? [printAbi(names.cryptlet)] : []),
    ...manifest.feeds.map((feed) =>
      printFeed(
        feed,
        manifest,
        names.ofFeed(feed),
        addresses.filter((one) => one.feed === feed.id),
      ),
    ),
  ].join("\n");
};
