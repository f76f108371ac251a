import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

import { createEnclave } from "../../../enclave-sim/host/create-enclave.ts";
import {
  createObservation,
  FIXTURE_TIME,
  fixtureReceipt,
} from "../../../test/support/observation-fixture.ts";
import { runForTest, type TestRun } from "../../../test/support/run-cli.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { createSigningKey } from "../../crypto/key-record.ts";
import { decodeBase64 } from "../../crypto/base64.ts";
import { spkiToPem } from "../../crypto/pem.ts";
import { buildBundle, serializeBundle, type Bundle } from "../../envelope/bundle.ts";
import { signObservation } from "../../envelope/signed-observation.ts";
import { commands } from "../commands.ts";

const jsonKey = createSigningKey("ed25519");
const chainKey = createSigningKey("secp256k1-keccak256");
const AT = new Date(FIXTURE_TIME + 60_000).toISOString();
const TRUSTED = ["--key", jsonKey.record.keyid, "--key", chainKey.record.keyid];
const BASE = ["--at", AT, "--insecure-allow-emulated"];

const bundleOf = (round = 7, changes: Parameters<typeof createObservation>[0] = {}): Bundle => {
  const signed = signObservation(createObservation(changes, { round }), {
    json: [jsonKey],
    onchain: [chainKey],
  });
  return buildBundle({ ...signed, keys: [jsonKey.record, chainKey.record] });
};

const write = (name: string, content: string): string => {
  const file = path.join(temporaryFolder(), name);
  writeFileSync(file, content);
  return file;
};

const verify = (content: string, ...flags: string[]): Promise<TestRun> =>
  runForTest(["envelope", "verify", write("bundle.json", content), ...flags, "--json"], commands);

const flip = (base64: string): string => {
  const bytes = Buffer.from(base64, "base64");
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  return bytes.toString("base64");
};

describe("cryptlet envelope verify", () => {
  it("says what holds, by which key, and what was not checked", async () => {
    const run = await verify(serializeBundle(bundleOf()), ...TRUSTED, ...BASE);
    expect(run.code).toBe(0);
    const { ok, data } = JSON.parse(run.stdout) as {
      ok: boolean;
      data: { steps: { step: string; status: string; key?: string }[]; mode: string };
    };
    expect(ok).toBe(true);
    expect(data.mode).toBe("EMULATED");
    const status = new Map(data.steps.map((step) => [step.step, step]));
    expect(status.get("signer")).toMatchObject({ status: "ok", key: jsonKey.record.keyid });
    expect(status.get("onchain-signer")).toMatchObject({ status: "ok" });
    expect(status.get("evidence")).toMatchObject({ status: "skipped" });
  });

  it("tells people the same", async () => {
    const file = write("bundle.json", serializeBundle(bundleOf()));
    const run = await runForTest(["envelope", "verify", file, ...TRUSTED, ...BASE], commands);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain("2650.10 USD/ozt");
    expect(run.stdout).toContain("EMULATED");
    expect(run.stdout).toMatch(/Not checked: .*evidence/);
  });

  it("says what the enclave's own receipt says, and refuses SIMULATED unless it is allowed", async () => {
    const bundle = serializeBundle({ ...bundleOf(), run: fixtureReceipt });
    const refused = await verify(bundle, ...TRUSTED, ...BASE);
    expect(refused.code).toBe(13);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      error: { code: "SIMULATED_NOT_ALLOWED" },
      data: { simulated: true, attestation: "simulated" },
    });
    const flags = [...TRUSTED, ...BASE, "--insecure-allow-simulated"];
    const allowed = await verify(bundle, ...flags);
    expect(allowed.code).toBe(0);
    expect(allowed.stdout).toContain('"attestation":"simulated"');
    const file = write("bundle.json", bundle);
    const text = await runForTest(["envelope", "verify", file, ...flags], commands);
    expect(text.stdout).toContain("[EMULATED, SIMULATED]");
    expect(text.stdout).toContain("says of its own enclave: simulated");
  });

  it("says that the kind of enclave is unknown where nothing shows it", async () => {
    const file = write("bundle.json", serializeBundle(bundleOf()));
    const run = await runForTest(["envelope", "verify", file, ...TRUSTED, ...BASE], commands);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain("UNKNOWN");
    expect(run.stdout).toContain("simulated or hardware");
  });

  it("takes keys from PEM files", async () => {
    const pem = (key: typeof jsonKey) =>
      write("key.pem", spkiToPem(decodeBase64(key.record.publicKey, "key")));
    const flags = ["--key", pem(jsonKey), "--key", pem(chainKey)];
    expect((await verify(serializeBundle(bundleOf()), ...flags, ...BASE)).code).toBe(0);
  });

  it.each<[string, (bundle: Bundle) => Bundle, string[], number, string]>([
    ["nobody is trusted", (b) => b, [...BASE], 12, "SIGNER_NOT_TRUSTED"],
    [
      "only one form's key is trusted",
      (b) => b,
      [...BASE, "--key", jsonKey.record.keyid],
      12,
      "SIGNER_NOT_TRUSTED",
    ],
    [
      "the signatures are gone",
      (b) => ({ ...b, envelope: { ...b.envelope, signatures: [] } }),
      [...TRUSTED, ...BASE],
      10,
      "ENVELOPE_UNSIGNED",
    ],
    [
      "a byte of the payload changed",
      (b) => ({ ...b, envelope: { ...b.envelope, payload: flip(b.envelope.payload) } }),
      [...TRUSTED, ...BASE],
      11,
      "SIGNATURE_WRONG",
    ],
    [
      "a byte of the on-chain form changed",
      (b) => ({
        ...b,
        onchain: b.onchain && { ...b.onchain, payload: flip(b.onchain.payload) },
      }),
      [...TRUSTED, ...BASE],
      11,
      "SIGNATURE_WRONG",
    ],
    [
      "the on-chain form is of another round",
      (b) => ({ ...b, onchain: bundleOf(8).onchain }),
      [...TRUSTED, ...BASE],
      14,
      "FORMS_DISAGREE",
    ],
    ["the values are made up", (b) => b, [...TRUSTED, "--at", AT], 13, "EMULATED_NOT_ALLOWED"],
    [
      "it is too old",
      (b) => b,
      [...TRUSTED, "--insecure-allow-emulated", "--at", "2027-01-01T00:00:00Z"],
      15,
      "OBSERVATION_STALE",
    ],
    [
      "it is of the future",
      (b) => b,
      [...TRUSTED, "--insecure-allow-emulated", "--at", "2025-01-01T00:00:00Z"],
      15,
      "OBSERVATION_FROM_FUTURE",
    ],
  ])("refuses when %s", async (_why, change, flags, code, error) => {
    const run = await verify(serializeBundle(change(bundleOf())), ...flags);
    expect(JSON.parse(run.stdout)).toMatchObject({
      ok: false,
      error: { code: error },
      data: { ok: false, exitCode: code },
    });
    expect(run.code).toBe(code);
  });

  it("refuses a replay of a round that is not newer than the accepted one", async () => {
    const accepted = write(
      "accepted.json",
      serializeBundle(bundleOf(8, { observedAt: FIXTURE_TIME + 5 })),
    );
    const flags = [...TRUSTED, ...BASE, "--previous", accepted];
    const run = await verify(serializeBundle(bundleOf(7)), ...flags);
    expect(run.code).toBe(15);
    expect(run.stdout).toContain("OBSERVATION_REPLAYED");
  });

  it("goes by a trust file, and refuses one with a field that it does not know", async () => {
    const policy = {
      id: "test",
      keys: [jsonKey, chainKey].map(({ record: key }) => ({
        key,
        scope: { fabrics: null, cryptlets: null, feeds: ["xau-usd"] },
        notBefore: null,
        notAfter: null,
      })),
      attested: null,
      threshold: 1,
      requireEvidence: false,
      allowSimulated: false,
      allowEmulated: true,
      maxAgeMs: null,
      clockSkewMs: 1_000,
    };
    const content = serializeBundle(bundleOf());
    const good = write("trust.json", JSON.stringify({ policy, appraisal: null }));
    expect((await verify(content, "--trust", good, "--at", AT)).code).toBe(0);
    const bad = write("bad.json", JSON.stringify({ policy: { ...policy, x: 1 }, appraisal: null }));
    const run = await verify(content, "--trust", bad, "--at", AT);
    expect(run.code).toBe(2);
    expect(run.stdout).toContain("FILE_INVALID");
    const strict = write(
      "strict.json",
      JSON.stringify({ policy: { ...policy, requireEvidence: true }, appraisal: null }),
    );
    const refused = await verify(content, "--trust", strict, "--at", AT);
    expect(refused.code).toBe(13);
    expect(refused.stdout).toContain("EVIDENCE_MISSING");
  });

  it.each(["", "{}", "null", "[1", '{"mediaType":"x","mediaType":"y"}', "\u0000"])(
    "ends with 2 for a file that is no bundle: %j",
    async (content) => {
      const run = await verify(content, ...TRUSTED);
      expect(run.code).toBe(2);
      expect(JSON.parse(run.stdout)).toMatchObject({ ok: false });
    },
  );

  it("ends with 3 for a file that is not there", async () => {
    const run = await runForTest(["envelope", "verify", "/nowhere/x.json", "--json"], commands);
    expect(run.code).toBe(3);
    expect(run.stdout).toContain("FILE_UNREADABLE");
    const text = await runForTest(["envelope", "verify", "/nowhere/x.json"], commands);
    expect(text.stderr.split("/nowhere/x.json")).toHaveLength(2);
  });

  it("stops reading a file that is too large", async () => {
    const run = await verify("x".repeat(5_000_000));
    expect(run.code).toBe(2);
    expect(run.stdout).toContain("INPUT_TOO_LARGE");
  });
});

describe("cryptlet envelope show", () => {
  it("shows the statement and says that nothing was checked", async () => {
    const file = write("bundle.json", serializeBundle(bundleOf()));
    const out = path.join(temporaryFolder(), "copy.json");
    const run = await runForTest(["envelope", "show", file, "--out", out], commands);
    expect(run.code).toBe(0);
    for (const part of ["2650.10 USD/ozt", "swissquote", "EMULATED", "Nothing here was checked"])
      expect(run.stdout).toContain(part);
    expect(readFileSync(out, "utf8")).toBe(readFileSync(file, "utf8"));
    const again = await runForTest(["envelope", "show", file, "--out", out, "--json"], commands);
    expect(again.code).toBe(2);
    expect(again.stdout).toContain("FILE_UNWRITABLE");
  });

  it("says SIMULATED where receipt or evidence of the bundle does, and not otherwise", async () => {
    const show = async (bundle: Bundle) => {
      const file = write("bundle.json", serializeBundle(bundle));
      const text = await runForTest(["envelope", "show", file], commands);
      const json = await runForTest(["envelope", "show", file, "--json"], commands);
      const { data } = JSON.parse(json.stdout) as { data: { saysSimulated: boolean } };
      expect(text.stdout.includes("SIMULATED")).toBe(data.saysSimulated);
      return data.saysSimulated;
    };
    expect(await show({ ...bundleOf(), run: fixtureReceipt })).toBe(true);
    expect(await show(bundleOf())).toBe(false);
    const foreign = { type: "application/x-test-evidence", body: "eA==" };
    expect(await show({ ...bundleOf(), evidence: [foreign] })).toBe(false);
    const enclave = createEnclave();
    try {
      const { evidence } = await enclave.attestHost({
        sealDirectory: temporaryFolder(),
        purpose: "ra-tls",
        keys: [jsonKey.record],
      });
      expect(await show({ ...bundleOf(), evidence: [evidence] })).toBe(true);
    } finally {
      await enclave.close();
    }
  });

  it("needs a fabric for a digest", async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const run = await runForTest(
      ["envelope", "show", digest, "--url", "http://127.0.0.1:1", "--json"],
      commands,
    );
    expect(run.code).toBe(5);
    expect(run.stdout).toContain("CLIENT_UNREACHABLE");
  });
});
