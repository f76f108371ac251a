import { z } from "zod";

/** What the API answers; /openapi.json is printed from here, and no answer leaves that does not fit. */
const time = z.int().min(0).describe("ms since epoch");
const digest = z.string().describe("sha256: and 64 lower-case hex characters");
/** JSON that proves itself and is passed on as it is. */
const opaque = z.unknown();

export const deliveryAnswer = z
  .object({
    id: z.string(),
    feed: z.string(),
    round: z.int(),
    chain: z.string(),
    contract: z.string(),
    status: z.enum(["prepared", "submitted", "included", "final", "superseded", "failed"]),
    subStatus: z
      .string()
      .nullable()
      .describe("newest step inside the status, or what it waits for"),
    transaction: z.string().nullable(),
    blockNumber: z.int().nullable(),
    error: z.string().nullable().describe("code of the last error"),
    attempts: z.int(),
    updatedAt: time,
  })
  .describe("one delivery of one round to one contract");

export const deliveryDetailAnswer = deliveryAnswer
  .extend({
    createdAt: time,
    history: z
      .array(
        z.object({
          at: time,
          status: deliveryAnswer.shape.status,
          subStatus: z.string().nullable().describe("what happened inside the status"),
          detail: z.string(),
        }),
      )
      .describe("oldest first"),
    advice: z.string().nullable().describe("what is wrong, and the way out"),
  })
  .describe("a delivery with everything that happened to it");

export const roundReceiptAnswer = z
  .object({
    feed: z.string(),
    round: z.int(),
    envelopeDigest: digest,
    outcome: z
      .enum(["landed", "partial", "missed", "pending", "unbound"])
      .describe(
        "landed: final everywhere; partial: final on some chains; missed: ended nowhere; pending: nowhere yet; unbound: no contract asked",
      ),
    settled: z.boolean().describe("nothing more will happen by itself"),
    landed: z.int().describe("deliveries that are final"),
    asked: z.int(),
    deliveries: z.array(deliveryAnswer),
    waiting: z
      .array(z.object({ chain: z.string(), contract: z.string() }))
      .describe("bindings whose chain has not yet taken the round"),
  })
  .describe("one receipt for all chains of a round");

export const deadLetterAnswer = z
  .object({
    id: z.string().describe("stream, consumer and sequence"),
    stream: z.string(),
    consumer: z.string(),
    sequence: z.int(),
    subject: z.string(),
    messageId: z.string().nullable(),
    deliveries: z.int().describe("how often it was tried"),
    reason: z.string().describe("code of the last error"),
    bytes: z.int().describe("length of the message"),
    buriedAt: time,
    replays: z.int(),
    replayedAt: time.nullable(),
  })
  .describe("a message that a consumer gave up on");

export const roundAnswer = z
  .object({
    feed: z.string(),
    feedHash: z.string().describe("name of the feed on chain"),
    round: z.int(),
    answer: z
      .string()
      .nullable()
      .describe("integer text in the feed's decimals; null for a record feed"),
    value: opaque.describe(
      "the signed value: decimal text with decimals and unit, or the record's fields",
    ),
    observedAt: time,
    issuedAt: time,
    validUntil: time,
    mode: z.enum(["LIVE", "EMULATED"]).describe("how the sources were reached"),
    simulated: z
      .boolean()
      .describe("true: signed in the simulator, which has no hardware behind it"),
    envelopeDigest: digest,
    deliveries: z.array(deliveryAnswer),
  })
  .describe("one published round");

export const feedAnswer = z
  .object({
    id: z.string(),
    hash: z.string().describe("name of the feed on chain"),
    cryptlet: z.string(),
    kind: z.enum(["decimal", "record"]),
    decimals: z.int().nullable(),
    unit: z.string().nullable(),
    description: z.string(),
    heartbeatMs: z.int(),
    deviationPpm: z.int().nullable(),
    intervalMs: z.int(),
    bindings: z.array(z.object({ chain: z.string(), contract: z.string() })),
    latestRound: z.int().describe("0 when there is none"),
  })
  .describe("a configured feed");

const keyFields = {
  keyid: z.string().describe("sha256: and the SHA-256 of the SPKI in DER"),
  suite: z.string(),
  publicKey: z.string().describe("SPKI in DER, base64"),
  pem: z.string().describe("the same in PEM"),
  address: z.string().nullable().describe("EVM address where the suite has one"),
};

export const keyAnswer = z
  .object({ cryptlet: z.string(), simulated: z.boolean(), ...keyFields })
  .describe("a signing key of a Cryptlet's enclave");

export const cryptletAnswer = z
  .object({
    id: z.string(),
    version: z.string(),
    measurement: digest,
    feeds: z.array(z.string()),
    hosts: z.array(z.string()).describe("hosts that its manifest lets it reach"),
    keys: z.array(z.object(keyFields)),
    evidence: opaque.describe("evidence document that binds the keys to the measurement"),
    simulated: z.boolean(),
  })
  .describe("a loaded Cryptlet");

export const attestationAnswer = z
  .object({
    nonce: z.string(),
    omitted: z.int().describe("loaded Cryptlets that this answer leaves out: ask for them by name"),
    evidence: z.array(
      z.object({
        cryptlet: z.string(),
        measurement: digest,
        keys: z.array(z.object(keyFields)),
        evidence: opaque.describe("evidence document over these keys and the nonce"),
        platformRoot: z
          .string()
          .describe("PEM of the root that it ends in: no reason to believe it"),
        notAfter: time,
        simulated: z.boolean(),
      }),
    ),
  })
  .describe("evidence that was made for this question");

/** DSSE 1.0.2. */
export const envelopeAnswer = z.object({
  payloadType: z.string(),
  payload: z.string().describe("base64"),
  signatures: z.array(z.object({ keyid: z.string(), sig: z.string().describe("base64") })),
});

export const bundleAnswer = opaque.describe(
  "bundle: envelope, keys, evidence, receipts and anchors",
);

const receiptAnswer = z
  .object({
    abi: z.int(),
    measurement: digest,
    trigger: digest,
    journalHead: digest.describe("the transcript's digest, as the signed statement names it"),
    calls: z.int().describe("calls through the wall"),
    result: digest,
    fuel: z.int(),
    lane: z.string(),
    wall: z.string().describe("outer wall; none: the guest shared the enclave's process"),
    determinism: z.string().describe("what a replay can compare"),
    attestation: z.string(),
  })
  .describe("what the enclave says about a run; its digest is in the signed statement");

export const runAnswer = z
  .object({
    id: z.string(),
    feed: z.string(),
    trigger: z.string().describe("idempotency key of what started it"),
    status: z.enum(["running", "published", "unchanged", "failed", "abandoned"]),
    error: z.string().nullable().describe("code"),
    startedAt: time,
    finishedAt: time.nullable(),
    receipt: receiptAnswer.nullable(),
  })
  .describe("a run of a Cryptlet");

export const transcriptAnswer = opaque.describe(
  "transcript: trigger, every call through the wall with its answer, outcome; or the same sealed",
);

export const healthAnswer = z.object({
  ok: z.boolean(),
  parts: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
});

export const liveAnswer = z.object({
  ok: z.boolean(),
  loops: z.record(
    z.string(),
    z.object({ ok: z.boolean(), idleMs: z.number(), limitMs: z.number() }),
  ),
});

export const errorAnswer = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string(),
      arguments: z.record(z.string(), z.string()),
    }),
  })
  .describe("an error of the catalogue (docs/errors.md)");

/** For the `response` of a route: what goes wrong looks the same everywhere. */
export const errorAnswers = { "4xx": errorAnswer, "5xx": errorAnswer };
