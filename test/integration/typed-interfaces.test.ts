import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { Interface } from "ethers";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readArtifact } from "../../src/adapters/evm/contract-artifact.ts";
import { manifestSchema, type Manifest } from "../../src/sdk/manifest.ts";
import { printSolidityInterface } from "../../src/registry/interface/print-solidity-interface.ts";
import { printTypescriptInterface } from "../../src/registry/interface/print-typescript-interface.ts";
import { startTestChain } from "../support/anvil.ts";
import { createFeedFixture, namedKey } from "../support/feed-fixture.ts";

interface SolcOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly abi: readonly { readonly type: string; readonly name?: string }[];
            readonly evm: { readonly bytecode: { readonly object: string } };
          }
        >
      >
    >
  >;
}
const require = createRequire(import.meta.url);
const solc = require("solc") as { compile(input: string): string };
const run = promisify(execFile);
const root = path.join(import.meta.dirname, "../..");

const compile = (sources: Readonly<Record<string, string>>) => {
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: "Solidity",
        sources: Object.fromEntries(
          Object.entries(sources).map(([name, content]) => [name, { content }]),
        ),
        settings: { outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
      }),
    ),
  ) as SolcOutput;
  return {
    faults: (output.errors ?? []).map(({ formattedMessage }) => formattedMessage),
    contracts: output.contracts ?? {},
  };
};

const manifestOf = (name: string): Manifest =>
  manifestSchema.parse(
    JSON.parse(readFileSync(path.join(root, "cryptlets", name, "cryptlet.json"), "utf8")),
  );
const gold = manifestOf("gold-price");
const power = manifestSchema.parse({
  id: "power-price",
  version: "0.1.0-rc.1+a",
  description: "Day-ahead price of electricity, which goes negative.",
  feeds: [
    {
      id: "de-lu",
      kind: "decimal",
      decimals: 2,
      unit: "€/MWh",
      description: "Germany and Luxembourg",
      minSources: 2,
    },
    {
      id: "status",
      kind: "record",
      description: "What the exchange says",
      minSources: 1,
      fields: { open: "boolean", since: "timestamp", price: "decimal", "note.long": "string" },
    },
    { id: "free", kind: "record", description: "Fields by parameters", minSources: 1 },
  ],
});
const feedHash = `0x${"5a".repeat(32)}`;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "typed-interfaces-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
/** Faults of `tsc --strict` over these files; TypeScript as this repository has it. */
const typeCheck = async (files: Readonly<Record<string, string>>): Promise<string> => {
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  await writeFile(
    path.join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        target: "ES2023",
        module: "NodeNext",
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        allowImportingTsExtensions: true,
        skipLibCheck: true,
        types: [],
      },
      files: Object.keys(files),
    }),
  );
  const tsc = path.join(root, "node_modules/typescript/bin/tsc");
  return await run(process.execPath, [tsc, "-p", folder]).then(
    () => "",
    (error: { readonly stdout: string }) => error.stdout || "tsc did not run",
  );
};

describe("the Solidity header", () => {
  it("compiles without a warning, alone, for every Cryptlet here", () => {
    for (const manifest of [gold, power, manifestOf("crm-record")]) {
      const source = printSolidityInterface(manifest, { addresses: [] });
      expect(compile({ "header.sol": source }).faults).toEqual([]);
    }
  });

  it("asks nothing of a feed that the feed does not answer", async () => {
    const { contracts } = compile({
      "header.sol": printSolidityInterface(gold, { addresses: [] }),
    });
    const header = new Interface(JSON.stringify(contracts["header.sol"]?.IGoldPriceFeed?.abi));
    const real = new Interface((await readArtifact("FeedLogic")).abi);
    expect(header.fragments.length).toBeGreaterThan(8);
    header.forEachFunction((one) =>
      expect(real.getFunction(one.selector)?.format("sighash")).toBe(one.format("sighash")),
    );
    header.forEachEvent((one) =>
      expect(real.getEvent(one.topicHash)?.format("full")).toBe(one.format("full")),
    );
  });

  it("reads a value below zero on a real chain, and refuses what is too old or on no chain", async () => {
    const fixture = await createFeedFixture(await startTestChain());
    const feed = await fixture.feed("power", { keys: [namedKey("power")] });
    const chainId = Number(await fixture.chain.ask("eth_chainId"));
    const header = printSolidityInterface(power, {
      addresses: [
        { feed: "de-lu", feedHash: feed.feedHash, chainId, address: feed.address },
        { feed: "de-lu", feedHash: feed.feedHash, chainId: chainId + 1, address: feed.address },
      ],
    });
    const reader = `// SPDX-License-Identifier: MIT
      pragma solidity ^0.8.24;
      import {PowerPriceDeLu, IPowerPriceFeed} from "header.sol";
      contract Reader {
        function price(uint256 maxAge) external view returns (int256 value) {
          (value, ) = PowerPriceDeLu.latest(maxAge);
        }
        function constants() external pure returns (uint8, int256, string memory, bytes32) {
          return (PowerPriceDeLu.DECIMALS, PowerPriceDeLu.ONE, PowerPriceDeLu.UNIT, PowerPriceDeLu.FEED_HASH);
        }
        function on(uint256 chainId) external pure returns (IPowerPriceFeed) {
          return PowerPriceDeLu.feedOn(chainId);
        }
        error NoFeedOnChain(uint256 chainId);
        error StaleValue(uint256 observedAt, uint256 maxAge);
      }`;
    const { faults, contracts } = compile({ "header.sol": header, "reader.sol": reader });
    expect(faults).toEqual([]);
    const built = contracts["reader.sol"]?.Reader;
    const abi = new Interface(JSON.stringify(built?.abi));
    const creation = { to: null, data: `0x${built?.evm.bytecode.object ?? ""}` };
    const { contractAddress: address } = await fixture.account.send("reader", creation);
    const ask = async (name: string, values: readonly unknown[]): Promise<unknown> => {
      const data = abi.encodeFunctionData(name, [...values]);
      const call = [{ to: address, data }, "latest"] as const;
      const answer = await fixture.account.rpc.ask("eth_call", [...call]);
      if (!answer.ok) return abi.parseError(answer.fault.data ?? "0x")?.name;
      return abi.decodeFunctionResult(name, String(answer.result)).toArray();
    };
    expect(await ask("price", [3_600])).toBe("StaleValue");
    await feed.send(await feed.packed(await feed.message(1, { value: -4_250n })));
    expect(await ask("price", [3_600])).toEqual([-4_250n]);
    expect(await ask("constants", [])).toEqual([2n, 100n, "€/MWh", feed.feedHash]);
    expect(String(await ask("on", [chainId + 1])).toLowerCase()).toBe(feed.address);
    expect(await ask("on", [7])).toBe("NoFeedOnChain");
    await fixture.chain.ask("evm_increaseTime", 5_000);
    await fixture.chain.ask("evm_mine");
    expect(await ask("price", [3_600])).toBe("StaleValue");
  });

  it("compiles whatever a manifest says about itself", () => {
    const nasty = fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 64 }),
      fc
        .array(
          fc.constantFrom(
            "*/",
            "@param x",
            '"',
            "\\",
            "\n",
            "\u202e",
            "\ud800",
            "*/ } contract Evil {",
          ),
          {
            minLength: 1,
            maxLength: 6,
          },
        )
        .map((parts) => parts.join("").slice(0, 64)),
    );
    fc.assert(
      fc.property(nasty, nasty, nasty, (description, unit, about) => {
        const manifest = manifestSchema.parse({
          ...power,
          description: about,
          feeds: [{ ...power.feeds[0], description, unit }],
        });
        const source = printSolidityInterface(manifest, { addresses: [] });
        const { faults, contracts } = compile({ "header.sol": source });
        expect(faults).toEqual([]);
        expect(Object.keys(contracts["header.sol"] ?? {}).toSorted()).toEqual([
          "IPowerPriceFeed",
          "IPowerPriceReceiver",
          "PowerPriceDeLu",
        ]);
      }),
      { numRuns: 40 },
    );
  });
});

describe("the TypeScript header", () => {
  const address = `0x${"00".repeat(19)}01`;
  it("compiles, and its types hold what they say", async () => {
    const addresses = [{ feed: "de-lu", feedHash, chainId: 1, address }];
    const use = `import { Interface } from "${root}/node_modules/ethers/lib.esm/index.js";
      import { powerPriceDeLu, powerPriceFeedAbi, type PowerPriceDeLuRound, type PowerPriceStatusValue } from "./power.ts";
      import type { RoundAnswer } from "${root}/dist/src/client/index.js";
      export const abi = new Interface(powerPriceFeedAbi);
      const decimals: 2 = powerPriceDeLu.decimals;
      const chain: 1 = powerPriceDeLu.deployments[0].chainId;
      const unit: "\\u20ac/MWh" = powerPriceDeLu.unit;
      declare const answer: RoundAnswer;
      const round: PowerPriceDeLuRound = { ...answer, answer: "-4250", value: { kind: "decimal", text: "-42.50", decimals: 2, unit } };
      declare const status: PowerPriceStatusValue;
      const open: string = status.fields.open.value;
      const long: "string" | "null" = status.fields["note.long"].type;
      // @ts-expect-error a price is no number
      const wrong: number = round.answer;
      // @ts-expect-error the record has no such field
      status.fields.closed;
      export { decimals, chain, open, long, wrong };`;
    const headers = {
      "power.ts": printTypescriptInterface(power, { addresses }),
      "gold.ts": printTypescriptInterface(gold, { addresses: [] }),
      "crm.ts": printTypescriptInterface(manifestOf("crm-record"), { addresses: [] }),
    };
    expect(await typeCheck({ ...headers, "use.ts": use })).toBe("");
  });

  it("compiles whatever manifests say about themselves, and stays data", async () => {
    const nasty = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
    const files = Object.fromEntries(
      fc.sample(fc.tuple(nasty, nasty, nasty), 40).map(([description, unit, about], index) => {
        const manifest = manifestSchema.parse({
          ...power,
          description: `*/ ${about}`,
          feeds: [{ ...power.feeds[0], description: `*/ throw 1; /* ${description}`, unit }],
        });
        return [`nasty-${index}.ts`, printTypescriptInterface(manifest, { addresses: [] })];
      }),
    );
    expect(await typeCheck(files)).toBe("");
  });

  it("has an ABI that is the contract's", async () => {
    const file = path.join(folder, "abi.mts");
    await writeFile(file, printTypescriptInterface(gold, { addresses: [] }));
    const { goldPriceFeedAbi } = (await import(file)) as { goldPriceFeedAbi: never };
    const printed = new Interface(goldPriceFeedAbi);
    const real = new Interface((await readArtifact("FeedLogic")).abi);
    printed.forEachFunction((one) => {
      const same = real.getFunction(one.selector);
      expect(same?.outputs.map(({ type }) => type)).toEqual(one.outputs.map(({ type }) => type));
    });
    const topic = printed.getEvent("AnswerUpdated")?.topicHash ?? "";
    expect(real.getEvent(topic)?.format("full")).toBe(printed.getEvent(topic)?.format("full"));
  });
});
