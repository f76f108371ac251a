import { expect, test } from "vitest";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { createSigningKey } from "../crypto/key-record.ts";
import { cryptletIdSchema, type CryptletId, digestSchema } from "../core/ids.ts";
import { createAttestationDirectory } from "./attestation-directory.ts";

const keys = [createSigningKey("ed25519").record];
const NONCE = "5a".repeat(32);

/** As much of a loaded Cryptlet as a question for evidence touches; the enclave itself is in test/integration. */
const loaded = (answer: (nonce: string) => Promise<string>): LoadedCryptlet => {
  const part: Partial<LoadedCryptlet> = {
    measurement: digestSchema.parse(`sha256:${"ab".repeat(32)}`),
    platformRoot: "PEM",
    renewEvidence: async (request = {}) => ({
      keys,
      epoch: 0,
      evidence: { type: String(request.purpose), body: await answer(request.nonce ?? "") },
      notBefore: 0,
      notAfter: 1,
    }),
  };
  return part as LoadedCryptlet;
};
const directoryOf = (count: number, answer: (nonce: string) => Promise<string>) =>
  createAttestationDirectory(
    new Map<CryptletId, LoadedCryptlet>(
      Array.from({ length: count }, (_, index) => [
        cryptletIdSchema.parse(`cryptlet-${index}`),
        loaded(answer),
      ]),
    ),
  );

test("gives evidence of one or of all, for the nonce and for registration only", async () => {
  const directory = directoryOf(2, async (nonce) => nonce);
  const all = await directory.fresh({ nonce: NONCE, cryptlet: null });
  expect(all).toMatchObject({
    omitted: 0,
    evidence: [{ cryptlet: "cryptlet-0" }, { cryptlet: "cryptlet-1" }],
  });
  expect(all.evidence[0]).toMatchObject({
    evidence: { type: "register", body: NONCE },
    simulated: true,
    keys: [{ pem: expect.stringContaining("BEGIN PUBLIC KEY") }],
  });
  const id = cryptletIdSchema.parse("cryptlet-1");
  expect((await directory.fresh({ nonce: NONCE, cryptlet: id })).evidence).toHaveLength(1);
});

test("leaves out what is too much for one answer, and says how many", async () => {
  const answer = await directoryOf(11, async () => "").fresh({ nonce: NONCE, cryptlet: null });
  expect([answer.evidence.length, answer.omitted]).toEqual([8, 3]);
});

test("sends away whoever comes while it has its hands full, and no one after that", async () => {
  const waiting: (() => void)[] = [];
  const directory = directoryOf(1, () => new Promise((resolve) => waiting.push(() => resolve(""))));
  const question = { nonce: NONCE, cryptlet: null };
  const first = Array.from({ length: 16 }, async () => directory.fresh(question));
  await expect(directory.fresh(question)).rejects.toMatchObject({ code: "ATTESTATION_BUSY" });
  for (const answer of waiting) answer();
  await Promise.all(first);
  const next = directory.fresh(question);
  waiting.at(-1)?.();
  await expect(next).resolves.toMatchObject({ omitted: 0 });
});

test("knows its Cryptlets", async () => {
  const id = cryptletIdSchema.parse("nobody");
  await expect(
    directoryOf(1, async () => "").fresh({ nonce: NONCE, cryptlet: id }),
  ).rejects.toMatchObject({ code: "CRYPTLET_UNKNOWN" });
});
