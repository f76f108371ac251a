import fc from "fast-check";
import { expect, test } from "vitest";
import { createRunId, cryptletIdSchema, digestSchema } from "../../src/core/ids.ts";
import { bytesToHex } from "../../src/crypto/bytes.ts";
import { generateX25519, x25519PublicKey } from "../../src/crypto/hpke/hpke.ts";
import type { SealedTranscript } from "../protocol/sealed-transcript.ts";
import { openJournal } from "./journal.ts";
import { openTranscript, parseRecordedTranscript, sealTranscript } from "./seal-transcript.ts";

const SECRET = "a customer's credit rating";
const record = () => {
  const journal = openJournal({
    runId: createRunId(),
    cryptlet: {
      id: cryptletIdSchema.parse("crm-record"),
      version: "1.0.0",
      measurement: digestSchema.parse(`sha256:${"ab".repeat(32)}`),
    },
    trigger: { id: "t", kind: "manual", feed: "record", parameters: null, at: 7 },
    seed: "0".repeat(64),
  });
  journal.append({ op: "http.all", request: "q", response: SECRET, provenance: [] });
  return journal.close({ error: { code: "TOO_FEW_SOURCES", arguments: {} } }, 3);
};
const keyPair = () => {
  const secretKey = generateX25519();
  return { secretKey, key: bytesToHex(x25519PublicKey(secretKey)) };
};
const enclave = keyPair();
const auditor = keyPair();
const stranger = keyPair();
const transcript = record();
const sealed = await sealTranscript(transcript, [enclave.key, auditor.key, auditor.key]);
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error: { code: string }) => error.code,
  );

test("the enclave and each auditor open it, and it says of which run it is", async () => {
  expect(await openTranscript(sealed, enclave.secretKey)).toEqual(transcript);
  expect(await openTranscript(sealed, auditor.secretKey)).toEqual(transcript);
  expect(sealed.recipients).toHaveLength(2);
  expect(sealed).toMatchObject({ runId: transcript.runId, head: transcript.head });
  expect(parseRecordedTranscript(JSON.parse(JSON.stringify(sealed)))).toEqual(sealed);
});

test("nobody else does, and nothing of the content is readable", async () => {
  expect(await codeOf(openTranscript(sealed, stranger.secretKey))).toBe("TRANSCRIPT_SEALED");
  const text = JSON.stringify(sealed);
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain(Buffer.from(SECRET).toString("base64").slice(0, 16));
  const other = await sealTranscript(transcript, [stranger.key]);
  // A stranger's wrapped key under the auditor's name opens nothing.
  const swapped = {
    ...sealed,
    recipients: other.recipients.map((one) => ({ ...one, key: auditor.key })),
  };
  expect(await codeOf(openTranscript(swapped, auditor.secretKey))).toBe("TRANSCRIPT_INVALID");
});

test("no change of any part opens", async () => {
  const flip = (text: string, at: number): string => {
    const bytes = Buffer.from(text, "base64");
    const index = at % bytes.length;
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    return bytes.toString("base64");
  };
  const [first] = sealed.recipients;
  if (!first) throw new Error("no recipient");
  const changes: ((at: number) => SealedTranscript)[] = [
    (at) => ({ ...sealed, ciphertext: flip(sealed.ciphertext, at) }),
    (at) => ({ ...sealed, tag: flip(sealed.tag, at) }),
    (at) => ({ ...sealed, nonce: flip(sealed.nonce, at) }),
    (at) => ({ ...sealed, recipients: [{ ...first, ciphertext: flip(first.ciphertext, at) }] }),
    (at) => ({ ...sealed, recipients: [{ ...first, encapsulated: flip(first.encapsulated, at) }] }),
    () => ({ ...sealed, runId: createRunId() }),
    () => ({ ...sealed, head: digestSchema.parse(`sha256:${"1".repeat(64)}`) }),
    () => ({ ...sealed, measurement: digestSchema.parse(`sha256:${"1".repeat(64)}`) }),
    () => ({ ...sealed, tag: "" }),
    () => ({ ...sealed, nonce: "%" }),
  ];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...changes), fc.nat(10_000), async (change, at) => {
      // The last bit of an encapsulated X25519 key is ignored by RFC 7748; the suite binds it all the same.
      expect(await codeOf(openTranscript(change(at), enclave.secretKey))).toBe(
        "TRANSCRIPT_INVALID",
      );
    }),
    { numRuns: 120 },
  );
});

test("what is no transcript is refused", () => {
  for (const wrong of [
    null,
    1,
    "x",
    {},
    { format: "other" },
    { ...sealed, more: 1 },
    transcript.head,
  ])
    expect(() => parseRecordedTranscript(wrong)).toThrow(
      expect.objectContaining({ code: "TRANSCRIPT_INVALID" }),
    );
});
