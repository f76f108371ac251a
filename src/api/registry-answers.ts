import { z } from "zod";

// What /v1/registry answers; a part of answers.ts in a file of its own, for its length.

const time = z.int().min(0).describe("ms since epoch");
const digest = z.string().describe("sha256: and 64 lower-case hex characters");
const position = z.int().min(0).describe("place in the log, from 0");
const keyid = z.string().describe("keyid of an Ed25519 key");

export const registryAnswer = z
  .object({
    origin: z.string().describe("name of the log"),
    verifier: z
      .string()
      .describe(
        "key that signs its checkpoints, as name+hash+key; compare it with its operator's word",
      ),
    publish: z.boolean().describe("whether submissions are taken"),
  })
  .describe("who the registry says it is");

const logEntry = z
  .object({
    position,
    leaf: z
      .string()
      .describe("the text whose hash is the tree's leaf: an envelope, and when it came"),
  })
  .describe("an entry of the log");

export const logEntriesAnswer = z.object({
  entries: z.array(logEntry).describe("fewer than asked for where they are long; none at the end"),
});

export const logProofAnswer = z.object({
  proof: z.array(z.string()).describe("hashes of 32 bytes in hex, from the leaf to the root"),
});

const releaseMark = z
  .object({ reason: z.string(), position, recordedAt: time })
  .describe("what its publisher said later");

export const registryReleaseAnswer = z
  .object({
    name: z.string(),
    version: z.string(),
    release: digest.describe("digest of the signed statement"),
    recordedAt: time,
    publisher: keyid.describe("id of the publisher: keyid of its first key"),
    publisherName: z.string().describe("what it calls itself; it proves nothing"),
    keyid: keyid.describe("the key that signed"),
    deprecated: releaseMark.nullable(),
    revoked: releaseMark.nullable(),
    statement: z.unknown().describe("what the publisher signed, as it stands in the entry"),
    entry: logEntry,
  })
  .describe("a release; its entry proves all of it but the marks");

export const registryPackageAnswer = z.object({
  releases: z.array(registryReleaseAnswer).describe("oldest first"),
  next: z.int().nullable().describe("`from` of the next page; null on the last"),
});

export const registryPublisherAnswer = z
  .object({
    id: keyid,
    displayName: z.string(),
    keyid: keyid.describe("the key that it signs with now"),
    names: z.array(z.string()).describe("the first 10,000 of its packages"),
  })
  .describe("a publisher");

export const registrySearchAnswer = z.object({
  packages: z.array(
    z
      .object({
        name: z.string(),
        version: z.string().describe("the newest that stands and is no trial version"),
        release: digest,
        position,
        recordedAt: time,
        publisher: keyid,
        publisherName: z.string(),
        description: z.string(),
        licence: z.string().nullable(),
        lane: z.string(),
        language: z.string(),
        measurement: digest,
        feeds: z.array(z.object({ id: z.string(), kind: z.string(), description: z.string() })),
        capabilities: z.array(z.string()).describe("kinds of what it may touch"),
        hosts: z.array(z.string()),
        chains: z.array(z.string()).describe("by name and by EIP-155 id"),
        calls: z.array(z.string()).describe("other Cryptlets that it may ask"),
        state: z.enum(["published", "deprecated", "revoked"]),
        reason: z.string().nullable(),
        dependents: z.int().describe("other publishers whose packages call it"),
        versions: z.int(),
        match: z.string().describe("why it is here: name, name-prefix, name-words, offers, …"),
      })
      .describe("a package with its release that is shown"),
  ),
  next: z.string().nullable().describe("`cursor` of the next page; null on the last"),
  corrections: z
    .array(z.object({ typed: z.string(), taken: z.array(z.string()) }))
    .describe("what mistyped words were taken for"),
});

export const submissionAnswer = z
  .object({
    position,
    repeated: z.boolean().describe("true when the same was in the log before"),
    checkpoint: z.string().describe("the first one that covers the entry"),
  })
  .describe("what came of a submission");
