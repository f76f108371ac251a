import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import {
  bundleBytes,
  createBundle,
  createKeyPair,
  createPolicy,
} from "../support/bundle-fixture.ts";
import { FIXTURE_TIME } from "../support/observation-fixture.ts";
import type { VerificationReport } from "../../src/envelope/verification-report.ts";

let script = "";
/** Imports that the bundler could not put into the bundle. */
let left: readonly string[] = [];

beforeAll(async () => {
  const result = await build({
    entryPoints: ["src/envelope/verify-bundle.ts"],
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "verifier",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  left = Object.values(result.metafile.inputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external, path }) => external === true || path.startsWith("node:"))
    .map(({ path }) => path);
  script = result.outputFiles[0]?.text ?? "";
});

/** A realm with what every browser has: no process, no Buffer, no require, no network, no timers. */
const createBrowserRealm = () =>
  createContext({ TextEncoder, TextDecoder, atob, btoa, crypto: globalThis.crypto });

const verifyInRealm = async (bytes: Uint8Array, trust: unknown): Promise<VerificationReport> => {
  const realm = createBrowserRealm();
  runInContext(script, realm);
  // Data enters as text, so that its objects are the realm's own.
  const call = `verifier.verifyBundle(${JSON.stringify(new TextDecoder().decode(bytes))},
    { trust: ${JSON.stringify(trust)}, at: ${FIXTURE_TIME + 10_000} }).then(JSON.stringify)`;
  return JSON.parse((await runInContext(call, realm)) as string) as VerificationReport;
};

const pair = createKeyPair();
const trust = createPolicy([pair.json.record, pair.onchain.record]);

test("the offline verifier bundles for browsers and verifies there without Node", async () => {
  const report = await verifyInRealm(bundleBytes(createBundle(pair)), trust);
  expect(report).toMatchObject({ ok: true, exitCode: 0, mode: "EMULATED" });
  expect(report.steps.find(({ step }) => step === "onchain-signature")?.status).toBe("ok");
});

test("it refuses in the browser what it refuses in Node", async () => {
  const bundle = createBundle(pair);
  const { payload } = bundle.envelope;
  const envelope = {
    ...bundle.envelope,
    payload: `${payload.startsWith("A") ? "B" : "A"}${payload.slice(1)}`,
  };
  const tampered = await verifyInRealm(bundleBytes({ ...bundle, envelope }), trust);
  expect(tampered).toMatchObject({ ok: false, code: "SIGNATURE_WRONG", exitCode: 11 });
  const stranger = await verifyInRealm(bundleBytes(createBundle(createKeyPair())), trust);
  expect(stranger).toMatchObject({ ok: false, code: "SIGNER_NOT_TRUSTED", exitCode: 12 });
});

test("nothing is left out of the bundle, and nothing of Node is in it", () => {
  expect(left).toEqual([]);
  expect(script).not.toMatch(/require\(["']/);
});

test("the browser's bundle stays small", () => {
  expect(Buffer.byteLength(script)).toBeLessThan(1_500_000);
});
