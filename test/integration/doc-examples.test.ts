import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportedSymbols, type ExportedSymbol } from "../support/exported-symbols.ts";

const root = path.join(import.meta.dirname, "../..");
const run = promisify(execFile);
const EDGES = ["client", "client/ethers", "client/viem", "sdk", "test-kit", "envelope"];
const all = EDGES.flatMap((edge) => exportedSymbols(`src/${edge}/index.ts`));

/** An example that stands alone: it imports what it uses by the package's name. */
const standsAlone = ({ example }: ExportedSymbol): boolean =>
  example !== null && /^import [\s\S]*? from "cryptlet-fabric\//m.test(example);

/**
 * Values whose example is missing, or shows one line of something larger, and so is not run. The list may only get
 * shorter: a new export brings an example that runs.
 */
const NOT_RUN: readonly string[] = [
  "src/attestation/appraisal-policy.ts appraisalPolicySchema",
  "src/attestation/evidence-appraiser.ts createEvidenceAppraiser",
  "src/attestation/simulated-anchor.ts createSimulatedAnchor",
  "src/client/encode-pyth-update.ts encodePythUpdate",
  "src/client/pack-pyth-update.ts packPythUpdate",
  "src/core/errors/fabric-error.ts FabricError",
  "src/envelope/bundle.ts serializeBundle",
  "src/envelope/dsse-verify.ts verifyEnvelope",
  "src/envelope/dsse.ts serializeEnvelope",
  "src/envelope/observation-json.ts parseObservation",
  "src/envelope/observation-solabi.ts decodeOnchainObservation",
  "src/envelope/run-receipt.ts runReceiptDigest",
  "src/envelope/signed-observation.ts envelopeDigest",
  "src/sdk/aggregate.ts aggregate",
  "src/sdk/chain-words.ts readWords",
  "src/sdk/define-cryptlet.ts defineCryptlet",
  "src/sdk/guest-error.ts fabricError",
  "src/sdk/guest-error.ts isFabricError",
  "src/sdk/guest-error.ts throwAbiError",
  "src/sdk/json-reader.ts JsonReader",
  "src/sdk/json-text.ts JsonNumber",
  "src/sdk/median.ts findOutliers",
  "src/sdk/observe-record.ts observeRecord",
  "src/sdk/read-sources.ts readSources",
  "src/sdk/serve.ts serve",
  "src/test-kit/expect-observation.ts expectObservation",
  "src/test-kit/expect-observation.ts expectRefusal",
  "src/test-kit/mock-call.ts decimalDraft",
  "src/test-kit/mock-call.ts mockCall",
  "src/test-kit/mock-chain.ts mockChain",
  "src/test-kit/mock-chain.ts revertWith",
  "src/test-kit/mock-http.ts mockHttp",
  "src/test-kit/mock-state.ts mockState",
  "src/test-kit/recording.ts EMPTY_RECORDING",
  "src/test-kit/recording.ts answersAt",
  "src/test-kit/recording.ts joinRecordings",
  "src/test-kit/recording.ts readRecording",
  "src/test-kit/recording.ts writeRecording",
  "src/test-kit/test-clock.ts createTestClock",
  "src/test-kit/test-cryptlet.ts testCryptlet",
  "src/test-kit/test-in-enclave.ts openTestEnclave",
  "src/test-kit/test-in-enclave.ts testInEnclave",
];

const examples = new Map(
  all.filter(standsAlone).map(({ file, name, example }) => [`${file} ${name}`, example ?? ""]),
);

// Inside the package, so that its name resolves as a user's import does.
let folder = "";
beforeAll(() => {
  mkdirSync(path.join(root, "dist"), { recursive: true });
  folder = mkdtempSync(path.join(root, "dist/examples-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("every exported symbol", () => {
  it("was found", () => {
    expect(all.length).toBeGreaterThan(150);
    expect(examples.size).toBeGreaterThan(20);
  });

  it("has a doc comment", () => {
    expect(
      all.filter(({ comment }) => !comment).map(({ file, name }) => `${file} ${name}`),
    ).toEqual([]);
  });

  it("has an example that stands alone when it is a value, or is in a list that only gets shorter", () => {
    const missing = all
      .filter((one) => one.kind === "value" && !standsAlone(one))
      .map(({ file, name }) => `${file} ${name}`);
    expect([...new Set(missing)].toSorted()).toEqual(NOT_RUN);
  });
});

describe("the examples", () => {
  it("compile under strict", async () => {
    let count = 0;
    for (const code of examples.values())
      writeFileSync(path.join(folder, `example-${(count += 1)}.mts`), `${code}\nexport {};\n`);
    writeFileSync(
      path.join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: "../../tsconfig.json",
        compilerOptions: { rootDir: "../..", noUnusedLocals: false, lib: ["ES2023", "DOM"] },
        include: ["./*.mts"],
        exclude: [],
      }),
    );
    const tsc = path.join(root, "node_modules/typescript/bin/tsc");
    const faults = await run(process.execPath, [tsc, "-p", folder]).then(
      () => "",
      (error: { readonly stdout: string }) => error.stdout || "tsc did not run",
    );
    expect(faults).toBe("");
  });

  it.each([...examples])("%s prints what it says", async (_name, source) => {
    const { code } = await transform(source, { loader: "ts", format: "esm" });
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", code], {
      cwd: root,
      timeout: 20_000,
    });
    const said = Array.from(
      source.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm),
      ([, text]) => text,
    );
    // One that prints nothing has to end well.
    expect(stdout.trim().split("\n").filter(Boolean)).toEqual(said);
  });
});
