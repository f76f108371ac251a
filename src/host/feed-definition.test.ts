import { describe, expect, it } from "vitest";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { parseConfig } from "../core/config/load-config.ts";
import type { FabricConfigInput } from "../core/config/schema.ts";
import { manifestSchema, type ManifestInput } from "../sdk/manifest.ts";
import { defineFeed, summarizeFeed } from "./feed-definition.ts";

const decimal = {
  id: "price",
  kind: "decimal",
  description: "Gold",
  minSources: 3,
  decimals: 8,
  unit: "USD/ozt",
} as const;
const record = { id: "record", kind: "record", description: "Record", minSources: 1 } as const;
const manifestInput: ManifestInput = {
  id: "probe",
  version: "1.0.0",
  description: "A Cryptlet for tests",
  feeds: [decimal, record],
};
const manifest = manifestSchema.parse(manifestInput);
const cryptlet = { id: "probe" } as LoadedCryptlet;

const define = (
  change: Partial<NonNullable<FabricConfigInput["feeds"]>[number]> = {},
  rest: Partial<FabricConfigInput> = {},
) => {
  const config = parseConfig(
    {
      cryptlets: [{ package: "probe" }],
      feeds: [
        {
          id: "gold",
          cryptlet: "probe",
          feed: "price",
          intervalMs: 1_000,
          heartbeatMs: 60_000,
          ...change,
        },
      ],
      ...rest,
    },
    { env: { KEY: "11".repeat(32) }, base: "." },
  );
  const [feed] = config.feeds;
  if (!feed) throw new Error("no feed");
  return defineFeed(config, feed, manifest);
};

const CONTRACTS = [`0x${"11".repeat(20)}`, `0x${"22".repeat(20)}`];
const chains: FabricConfigInput["chains"] = ["one", "two"].map((name) => ({
  name,
  kind: "evm",
  rpcUrl: "http://127.0.0.1:9",
  chainId: 1,
  signer: { privateKey: { $env: "KEY" } },
}));

describe("the feed's hash", () => {
  it("depends on fabric, feed and parameters, and on nothing that may change later", () => {
    const { hash } = define();
    expect(define({ intervalMs: 2_000, heartbeatMs: 90_000, deviationPpm: 5 }).hash).toBe(hash);
    const others = [
      define({ id: "silver" }).hash,
      define({ parameters: { a: 1 } }).hash,
      define({}, { fabric: "elsewhere" }).hash,
    ];
    expect(new Set([hash, ...others]).size).toBe(4);
  });

  it("does not depend on the order in which parameters are written", () => {
    expect(define({ parameters: { a: 1, b: [2, 3] } }).hash).toBe(
      define({ parameters: { b: [2, 3], a: 1 } }).hash,
    );
  });
});

describe("the feed's bindings", () => {
  it("are those of the configuration, in their order and with their mode", () => {
    const { bindings } = define(
      {},
      {
        chains,
        bindings: [
          { feed: "gold", chain: "two", contract: CONTRACTS[1] ?? "", mode: "latest" },
          { feed: "gold", chain: "one", contract: CONTRACTS[0] ?? "" },
        ],
      },
    );
    expect(bindings).toEqual([
      {
        feed: "gold",
        chain: "two",
        contract: CONTRACTS[1],
        mode: "latest",
        form: "single",
        budget: null,
      },
      {
        feed: "gold",
        chain: "one",
        contract: CONTRACTS[0],
        mode: "every",
        form: "single",
        budget: null,
      },
    ]);
  });

  it("are refused on a record, which contracts cannot read", () => {
    const bound = {
      chains,
      bindings: [{ feed: "gold", chain: "one", contract: CONTRACTS[0] ?? "" }],
    };
    expect(() => define({ feed: "record" }, bound)).toThrow(
      expect.objectContaining({ code: "FEED_NOT_BINDABLE" }),
    );
    expect(define({ feed: "record" }).bindings).toEqual([]);
  });
});

it("a feed that the manifest lacks is refused with those that it has", () => {
  expect(() => define({ feed: "silver" })).toThrow(
    expect.objectContaining({
      code: "FEED_NOT_IN_MANIFEST",
      arguments: { feed: "gold", cryptlet: "probe", name: "silver", declared: "price, record" },
    }),
  );
});

it("the API is told decimals and unit of a number and neither of a record", () => {
  expect(summarizeFeed(define({ deviationPpm: 7 }), cryptlet, 3)).toMatchObject({
    id: "gold",
    kind: "decimal",
    decimals: 8,
    unit: "USD/ozt",
    heartbeatMs: 60_000,
    intervalMs: 1_000,
    deviationPpm: 7,
    latestRound: 3,
  });
  expect(summarizeFeed(define({ feed: "record" }), cryptlet, 0)).toMatchObject({
    kind: "record",
    decimals: null,
    unit: null,
    deviationPpm: null,
  });
});
