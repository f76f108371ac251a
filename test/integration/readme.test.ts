import { execFile } from "node:child_process";
import { createPublicKey, verify } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { crypto as sigstore, dsse } from "@sigstore/core";
import { transform } from "esbuild";
import { HDNodeWallet, Interface } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { readPackage } from "../../enclave-sim/host/read-package.ts";
import { createEvmAccount } from "../../src/adapters/evm/evm-account.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { createRunId, cryptletIdSchema } from "../../src/core/ids.ts";
import { startProviderEmulator } from "../../src/emulator/start-provider-emulator.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import type { DemoData } from "../../src/cli/demo/demo-data.ts";
import { CLI, runCliProcess, startCli, type CliProcess } from "../support/cli-process.ts";
import { codeBlock, readCodeBlocks } from "../support/code-blocks.ts";
import { FABRIC, FEED, startEnclave, trigger } from "../support/guest-fixture.ts";

// Every block of README.md, done as a reader does it: beside the package, against a demo that keeps running.

const README = "README.md";
const root = path.resolve();
const run = promisify(execFile);
const MNEMONIC = "test test test test test test test test test test test junk";

let folder: string;
let demo: CliProcess;
let data: DemoData & { readonly api: string; readonly rpc: string };
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "cryptlet-readme-"));
  const temporary = path.join(folder, "tmp");
  for (const name of ["tmp", "node_modules", "my-gold"]) mkdirSync(path.join(folder, name));
  symlinkSync(root, path.join(folder, "node_modules/cryptlet-fabric"));
  writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
  demo = startCli(["demo", "--keep", "--json", "--providers", "emulated", "--port", "0"], {
    env: { TMPDIR: temporary },
    keep: true,
  });
  ({ data } = JSON.parse(await demo.nextLine()) as { data: typeof data });
  const [kept = ""] = readdirSync(temporary);
  for (const name of ["bundle.json", "trust.json"])
    copyFileSync(path.join(temporary, kept, "demo", name), path.join(folder, name));
  writeFileSync(path.join(folder, "my-gold/main.ts"), codeBlock(README, "ts", "defineCryptlet"));
  writeFileSync(path.join(folder, "my-gold/cryptlet.json"), codeBlock(README, "json"));
  writeFileSync(
    path.join(folder, "backend.ts"),
    codeBlock(README, "ts", "createFabricClient").replace("http://127.0.0.1:8600", data.api),
  );
}, 90_000);
afterAll(async () => {
  demo.child.kill("SIGTERM");
  await demo.exit;
  rmSync(folder, { recursive: true, force: true });
});

describe("README.md", { timeout: 60_000 }, () => {
  it("has types that hold, for a reader with strict settings", async () => {
    writeFileSync(
      path.join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          target: "es2023",
          module: "nodenext",
          typeRoots: [path.join(root, "node_modules/@types")],
          types: ["node"],
        },
        include: ["my-gold/*.ts", "backend.ts"],
      }),
    );
    const tsc = path.join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", folder]);
    expect(stdout).toBe("");
  });

  it("runs every command that it shows", async () => {
    const shown = readCodeBlocks(README).flatMap(({ text }) =>
      text.split("\n").filter((line) => line.startsWith("$ npx cryptlet ")),
    );
    expect(shown.length).toBeGreaterThanOrEqual(3);
    for (const line of shown) {
      const words = line.split(" ").slice(3);
      const done = await runCliProcess(words, { cwd: folder, env: { CRYPTLET_URL: data.api } });
      expect(done, line).toMatchObject({ code: 0, stderr: "" });
      // What stands below a command is what it prints, but for values and lines that are left out.
      const block = readCodeBlocks(README).find(({ text }) => text.includes(line));
      const below = (block?.text.split(`${line}\n`)[1] ?? "").split("\n");
      for (const expected of below.filter((text) => text !== "" && !text.startsWith("$")))
        expect(done.stdout).toContain(expected.slice(0, 28));
    }
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
      scripts: Record<string, string>;
    };
    const text = readFileSync(README, "utf8");
    for (const [, script = ""] of text.matchAll(/npm run ([a-z:]+)/g))
      expect(Object.keys(scripts)).toContain(script);
  });

  it("holds a Cryptlet that an enclave runs", async () => {
    const built = await runCliProcess(["build", "my-gold"], { cwd: folder });
    expect(built.code).toBe(0);
    const found = await readPackage(path.join(folder, "dist/cryptlets/my-gold"));
    const emulator = await startProviderEmulator({ startPrice: "4000.00", maxStepPpm: 0 });
    const fixture = await startEnclave();
    try {
      const { address, port, caPem } = emulator;
      const cryptlet = cryptletIdSchema.parse(found.manifest.id);
      const loaded = await fixture.load(found, {
        sources: { mode: "emulated", address, port, caPem, allowPrivateAddresses: true },
        feeds: [
          {
            feed: FEED,
            cryptletFeed: "xau-usd",
            feedHash: computeFeedHash({ fabric: FABRIC, cryptlet, feed: FEED, parameters: null }),
            parameters: null,
            validForMs: 60_000,
          },
        ],
      });
      const at = Date.now();
      const report = await loaded.run(trigger({ feed: "xau-usd", at }), { runId: createRunId() });
      expect(report.observation).toMatchObject({
        value: { kind: "decimal", decimals: 8, text: expect.stringMatching(/^40\d\d\.\d{8}$/) },
        sources: [{ id: "paxgusd", error: null }],
      });
    } finally {
      await fixture.stop();
      await emulator.close();
    }
  });

  it("holds a backend that reads and verifies", async () => {
    const text = readFileSync(path.join(folder, "backend.ts"), "utf8");
    const { code } = await transform(text, { loader: "ts", format: "esm" });
    writeFileSync(path.join(folder, "backend.mjs"), code);
    const { stdout } = await run(process.execPath, ["backend.mjs"], { cwd: folder });
    const last = data.rounds.at(-1);
    expect(stdout).toBe(`${last?.round} ${last?.signedAnswer}\n`);
  });

  it("holds a contract that compiles against the published interfaces and reads the feed", async () => {
    const require = createRequire(path.join(folder, "package.json"));
    const solc = createRequire(import.meta.url)("solc") as {
      compile(input: string, callbacks: object): string;
    };
    const input = {
      language: "Solidity",
      sources: { "Vault.sol": { content: codeBlock(README, "solidity") } },
      settings: { outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
    };
    const output = JSON.parse(
      solc.compile(JSON.stringify(input), {
        // As the usual tools do: what is imported is a path in node_modules that the package exports.
        import: (name: string) => ({ contents: readFileSync(require.resolve(name), "utf8") }),
      }),
    ) as {
      errors?: unknown;
      contracts: Record<
        string,
        Record<string, { abi: object[]; evm: { bytecode: { object: string } } }>
      >;
    };
    expect(output.errors).toBeUndefined();
    const vault = output.contracts["Vault.sol"]?.["Vault"];
    if (vault === undefined) throw new Error("README.md shows no contract Vault");
    const abi = new Interface(vault.abi);
    const { privateKey } = HDNodeWallet.fromPhrase(MNEMONIC, undefined, "m/44'/60'/0'/0/7");
    const account = createEvmAccount({
      rpcUrl: data.rpc,
      signer: createTransactionSigner(privateKey),
    });
    const words = abi.encodeDeploy([data.contracts["feedStore"]]).slice(2);
    const code = `0x${vault.evm.bytecode.object}${words}`;
    const { contractAddress } = await account.send("Vault", { to: null, data: code });
    const answer = await account.read(contractAddress ?? "", abi.encodeFunctionData("price"));
    const [price] = abi.decodeFunctionResult("price", answer).toArray() as unknown[];
    expect(String(price)).toBe(data.rounds.at(-1)?.signedAnswer);
  });

  it("gives envelopes that sigstore's and Node's own tools verify, by the two routes it names", async () => {
    const read = async (route: string) => (await fetch(`${data.api}${route}`)).json();
    const digest = data.rounds.at(-1)?.envelope ?? "";
    const envelope = (await read(`/v1/envelopes/${digest}`)) as {
      payloadType: string;
      payload: string;
      signatures: { keyid: string; sig: string }[];
    };
    const { keys } = (await read("/v1/keys")) as { keys: { keyid: string; pem: string }[] };
    const [signature] = envelope.signatures;
    const pem = keys.find(({ keyid }) => keyid === signature?.keyid)?.pem ?? "";
    const payload = Buffer.from(envelope.payload, "base64");
    const signed = Buffer.from(signature?.sig ?? "", "base64");
    const key = createPublicKey(pem);
    const bytes = dsse.preAuthEncoding(envelope.payloadType, payload);
    expect(sigstore.verify(bytes, key, signed)).toBe(true);
    const head = `DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${payload.length} `;
    expect(verify(null, Buffer.concat([Buffer.from(head), payload]), key, signed)).toBe(true);
    payload[payload.length - 2] = (payload[payload.length - 2] ?? 0) ^ 1;
    expect(verify(null, Buffer.concat([Buffer.from(head), payload]), key, signed)).toBe(false);
  });

  it("begins with a command line that stands where npm links it", () => {
    const { bin } = JSON.parse(readFileSync("package.json", "utf8")) as {
      bin: Record<string, string>;
    };
    expect(path.resolve(bin["cryptlet"] ?? "")).toBe(CLI);
    expect(readFileSync(CLI, "utf8").startsWith("#!/usr/bin/env node\n")).toBe(true);
  });
});
