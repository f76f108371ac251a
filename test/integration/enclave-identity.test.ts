import { createPrivateKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import type {
  CryptletPackage,
  Enclave,
  EnclaveOptions,
  LoadOptions,
} from "../../enclave-sim/host/enclave.ts";
import { createMemoryCounter } from "../../enclave-sim/host/monotonic-counter.ts";
import { createSigstruct, readSigstruct } from "../../enclave-sim/platform/sigstruct.ts";
import { createSimulatedPlatform } from "../../enclave-sim/platform/simulated-platform.ts";
import { appraise, appraiseOne } from "../../src/attestation/appraise.ts";
import { parseAppraisalPolicy } from "../../src/attestation/appraisal-policy.ts";
import {
  parseEvidenceDocument,
  serializeEvidence,
} from "../../src/attestation/evidence-document.ts";
import { replayMeasurementLog } from "../../src/attestation/measurement-log.ts";
import { createSimulatedAnchor } from "../../src/attestation/simulated-anchor.ts";
import type { Purpose } from "../../src/attestation/report-data.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import { createSigningKey } from "../../src/crypto/key-record.ts";
import { answering, probeOptions, probePackage } from "../support/guest-fixture.ts";
import { simulateConfigfsTsm, simulateGramine } from "../support/tee-folders.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// Who a loaded Cryptlet is, through a real enclave: evidence of every form, renewal, rotation, publishers, rollback.

const NONCE = "5a".repeat(32);
const DAY = 86_400_000;
const probe = probePackage(answering());
let enclave: Enclave;
beforeAll(() => {
  enclave = createEnclave({ wall: "insecure-none" });
});
afterAll(() => enclave.close());

const load = async (
  change: Partial<LoadOptions> = {},
  cryptlet: CryptletPackage = probe,
  where: Enclave = enclave,
) => {
  const loaded = await where.load(cryptlet, { ...probeOptions(temporaryFolder()), ...change });
  onTestFinished(() => loaded.close());
  return loaded;
};
const startEnclave = (options: EnclaveOptions = {}) => {
  const started = createEnclave({ wall: "insecure-none", ...options });
  onTestFinished(() => started.close());
  return started;
};
/** What a relying party that believes this simulator says; measurements as they come, because they are not the matter. */
const judge = (
  evidence: Evidence,
  certificate: string,
  change: {
    nonce?: string;
    purpose?: Purpose;
    allowDebug?: boolean;
    accept?: readonly string[];
  } = {},
) => {
  const { nonce, purpose = "register", allowDebug = true } = change;
  const anchors = [createSimulatedAnchor({ name: "simulator", certificate })];
  const common = { anchors, collateral: null, at: Date.now(), purpose, ...(nonce && { nonce }) };
  const seen = appraise(evidence, { ...common, policy: null });
  const known = [seen.measurement, seen.claims?.measurement, "ff".repeat(32)]
    .filter((one) => typeof one === "string")
    .concat(change.accept ?? []);
  const policy = parseAppraisalPolicy({
    id: "test",
    allowSimulated: true,
    allowDebug,
    tees: ["sgx", "tdx"],
    tcb: { accept: ["UpToDate", "OutOfDate"] },
    anyOf: [{ measurements: known }],
  });
  const { result, verified } = appraiseOne(evidence, { ...common, policy });
  return { result, bound: verified?.bound ?? null };
};

describe.each([
  ["an SGX quote of the Cryptlet", { provider: "sim", tee: "sgx", layered: false }],
  ["a TDX quote of the Cryptlet", { provider: "sim", tee: "tdx", layered: false }],
  ["an SGX quote of the host", { provider: "sim", tee: "sgx", layered: true }],
  ["a TDX quote of the host", { provider: "sim", tee: "tdx", layered: true }],
] as const)("%s", (_what, source) => {
  test("binds the keys that sign, the measurement and the nonce", async () => {
    const loaded = await load({ evidence: source });
    const fresh = await loaded.renewEvidence({ nonce: NONCE });
    const { host } = parseEvidenceDocument(fresh.evidence);
    const accept = host === null ? [] : [hostOf(fresh.evidence)];
    const { result, bound } = judge(fresh.evidence, loaded.platformRoot, { nonce: NONCE, accept });
    expect(result).toMatchObject({ ok: true, simulated: true, tee: source.tee });
    expect(bound).toMatchObject({
      measurement: loaded.measurement,
      layer: source.layered ? "host-key" : "quote",
      keys: loaded.keys,
    });
    const again = judge(loaded.evidence, loaded.platformRoot, { nonce: NONCE, accept });
    expect(again.result.ok).toBe(false);
  });
});

/** Host's measurement that the document's log gives. */
const hostOf = (evidence: Evidence): string => {
  const { log } = parseEvidenceDocument(evidence);
  const [runtime, host, sandbox, end] = [log[0], log[1], log[2], log.at(-1)];
  if (!runtime || !host || !sandbox || !end) throw new Error("a log has more events");
  return replayMeasurementLog([runtime, host, sandbox, end]).measurement;
};

test("evidence for each purpose, none for another, and never for a host", async () => {
  const loaded = await load();
  for (const purpose of ["register", "ra-tls", "kbs"] as const) {
    const { evidence } = await loaded.renewEvidence({ purpose });
    expect(judge(evidence, loaded.platformRoot, { purpose }).result.ok).toBe(true);
    const other = purpose === "kbs" ? "register" : "kbs";
    expect(judge(evidence, loaded.platformRoot, { purpose: other }).result.ok).toBe(false);
  }
});

describe("rotation", () => {
  test("gives new keys with their evidence; the old ones sign until the overlap ends", async () => {
    const loaded = await load();
    const next = await loaded.rotateKeys({ overlapMs: DAY });
    const { bound } = judge(next.evidence, loaded.platformRoot);
    expect(bound?.keys).toEqual(next.keys);
    expect(next.epoch).toBe(1);
    const old = new Set(loaded.keys.map(({ keyid }) => keyid));
    expect(next.keys.some(({ keyid }) => old.has(keyid))).toBe(false);
    expect((await loaded.renewEvidence()).keys).toEqual(loaded.keys);
    expect((await loaded.rotateKeys({ overlapMs: DAY })).keys).toEqual(next.keys);
  });
  test("without overlap the new keys sign at once, and after a restart", async () => {
    const sealDirectory = temporaryFolder();
    const loaded = await load({ sealDirectory });
    const next = await loaded.rotateKeys({ overlapMs: 0 });
    expect((await loaded.renewEvidence()).keys).toEqual(next.keys);
    const restarted = await load({ sealDirectory }, probe, startEnclave());
    expect(restarted.keys).toEqual(next.keys);
    expect(parseEvidenceDocument(restarted.evidence).epoch).toBe(1);
  });
  test("an overlap that no calendar holds is refused", async () => {
    const loaded = await load();
    for (const overlapMs of [-1, 0.5, Number.NaN, 400 * DAY])
      await expect(loaded.rotateKeys({ overlapMs })).rejects.toMatchObject({
        code: "ROTATION_INVALID",
      });
  });
  test("a folder that was rolled back is noticed by the host's counter", async () => {
    const counter = createMemoryCounter();
    const sealDirectory = temporaryFolder();
    const loaded = await load({ sealDirectory }, probe, startEnclave({ counter }));
    await loaded.rotateKeys({ overlapMs: 0 });
    const rotated = readdirSync(sealDirectory).find((name) => name.endsWith(".1.sealed"));
    await rm(path.join(sealDirectory, rotated ?? ""));
    const restarted = startEnclave({ counter });
    await expect(load({ sealDirectory }, probe, restarted)).rejects.toMatchObject({
      code: "SEAL_REFUSED",
    });
    expect((await restarted.stats()).cryptlets).toEqual([]);
  });
});

describe("a publisher", () => {
  const key = createPrivateKey(
    generateKeyPairSync("rsa", {
      modulusLength: 3_072,
      publicExponent: 3,
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    }).privateKey,
  );
  const signed = async (svn: number): Promise<CryptletPackage> => {
    const { measurement } = await load();
    const content = { measurement, svn, prodId: 9 };
    return { ...probe, sigstruct: createSigstruct(content, { key, at: Date.now() }) };
  };
  test("stands in the quote, and takes the enclave out of debug mode", async () => {
    const cryptlet = await signed(3);
    const loaded = await load({}, cryptlet);
    const { result } = judge(loaded.evidence, loaded.platformRoot);
    const { mrsigner } = readSigstruct(cryptlet.sigstruct ?? new Uint8Array());
    expect(result.claims).toMatchObject({ signer: mrsigner, prodId: 9, svn: 3 });
    // This process may run under NODE_OPTIONS, which is debug as well.
    expect(result.claims?.debug).toBe((process.env["NODE_OPTIONS"] ?? "") !== "");
    const unsigned = await load();
    expect(judge(unsigned.evidence, unsigned.platformRoot).result.claims?.debug).toBe(true);
    expect(judge(unsigned.evidence, unsigned.platformRoot, { allowDebug: false }).result.ok).toBe(
      false,
    );
  });
  test("of another package, or a changed signature, ends the start", async () => {
    const { sigstruct } = await signed(1);
    const other = probePackage(`${answering()};`);
    if (!sigstruct) throw new Error("it was signed");
    await expect(load({}, { ...other, sigstruct })).rejects.toMatchObject({
      code: "SIGSTRUCT_MISMATCH",
    });
    const changed = sigstruct.slice();
    changed[1_026] = 9;
    await expect(load({}, { ...probe, sigstruct: changed })).rejects.toMatchObject({
      code: "SIGSTRUCT_INVALID",
    });
  });
  test("with an older security version does not open the keys of a newer one", async () => {
    const sealDirectory = temporaryFolder();
    const newer = await load({ sealDirectory }, await signed(5));
    await expect(load({ sealDirectory }, await signed(4))).rejects.toMatchObject({
      code: "SEAL_REFUSED",
    });
    const newest = await load({ sealDirectory }, await signed(6));
    expect(newest.keys).toEqual(newer.keys);
  });
});

test("an enclave that was started for development says debug and has keys of its own", async () => {
  const sealDirectory = temporaryFolder();
  const loaded = await load({ sealDirectory }, probe, startEnclave({ dev: true }));
  expect(judge(loaded.evidence, loaded.platformRoot).result.claims?.debug).toBe(true);
});

describe("a host", () => {
  test("speaks for the keys of its own channels", async () => {
    const keys = [createSigningKey("p256-sha256").record];
    const request = {
      sealDirectory: temporaryFolder(),
      keys,
      nonce: NONCE,
      purpose: "ra-tls",
    } as const;
    const { evidence, platformRoot, notAfter } = await enclave.attestHost(request);
    const { result, bound } = judge(evidence, platformRoot, { nonce: NONCE, purpose: "ra-tls" });
    expect(result.ok).toBe(true);
    expect(bound).toMatchObject({ subject: "host", keys });
    expect(notAfter).toBe(bound?.notAfter);
    expect(judge(evidence, platformRoot, { nonce: NONCE }).result.ok).toBe(false);
  });
});

describe("a real machine's interface, as a plain folder", () => {
  const platform = createSimulatedPlatform(new Uint8Array(32).fill(3), {
    createdAt: Date.now() - 3_600_000,
    nodeVersion: process.versions.node,
  });
  const common = (reportData: Uint8Array) => ({ debug: false, reportData });
  test("of a TDX guest gives layer 0, and the host's key layer 1", async () => {
    const directory = temporaryFolder();
    const answer = (reportData: Uint8Array) =>
      platform.quote(
        {
          tee: "tdx",
          ...common(reportData),
          mrConfigId: new Uint8Array(0),
          rtmr3: new Uint8Array(48),
        },
        Date.now(),
      );
    onTestFinished(simulateConfigfsTsm(directory, { provider: "tdx_guest", answer }));
    const loaded = await load({ evidence: { provider: "configfs-tsm", directory } });
    const document = parseEvidenceDocument(loaded.evidence);
    // A verifier fetches the collateral of a real machine; here it is the simulated machine's.
    const complete = { ...document, collateral: platform.collateral("tdx", Date.now()) };
    const { result, bound } = judge(serializeEvidence(complete), platform.rootPem, {
      accept: [loaded.measurement],
    });
    expect(result).toMatchObject({ ok: true, tee: "tdx" });
    // The machine's image does not hold our log: a policy must accept the image.
    expect(bound).toMatchObject({ layer: "host-key", hostMeasured: false, keys: loaded.keys });
    expect(judge(loaded.evidence, platform.rootPem).result.ok).toBe(false);
  });
  test("of Gramine does the same for SGX", async () => {
    const directory = temporaryFolder();
    const answer = (reportData: Uint8Array) =>
      platform.quote(
        {
          tee: "sgx",
          ...common(reportData),
          mrenclave: new Uint8Array(randomBytes(32)),
          mrsigner: new Uint8Array(32),
          configId: new Uint8Array(0),
          prodId: 0,
          svn: 0,
        },
        Date.now(),
      );
    onTestFinished(simulateGramine(directory, answer));
    const loaded = await load({ evidence: { provider: "gramine", directory } });
    const document = parseEvidenceDocument(loaded.evidence);
    const complete = { ...document, collateral: platform.collateral("sgx", Date.now()) };
    const judged = judge(serializeEvidence(complete), platform.rootPem, {
      accept: [loaded.measurement],
    });
    expect(judged.bound).toMatchObject({ layer: "host-key", keys: loaded.keys });
  });
  test("that is not there ends the start with a code", async () => {
    const directory = path.join(temporaryFolder(), "nowhere");
    for (const provider of ["configfs-tsm", "gramine"] as const)
      await expect(load({ evidence: { provider, directory } })).rejects.toMatchObject({
        code: "QUOTE_PROVIDER_FAILED",
      });
  });
});

test("what was unloaded renews and rotates nothing", async () => {
  const loaded = await enclave.load(probe, probeOptions(temporaryFolder()));
  await loaded.close();
  await expect(loaded.renewEvidence()).rejects.toMatchObject({ code: "CRYPTLET_CLOSED" });
  await expect(loaded.rotateKeys({ overlapMs: 0 })).rejects.toMatchObject({
    code: "CRYPTLET_CLOSED",
  });
});
