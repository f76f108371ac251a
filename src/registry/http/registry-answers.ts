import { z } from "zod";
import { cryptletIdSchema, digestSchema } from "../../core/ids.ts";
import { MAX_LEAF } from "../log-entry.ts";

// What a registry answers over HTTP, as its reader believes it: bounded, and nothing that it could find out itself.

const position = z.int().min(0);
const time = z.int().min(0).max(8_640_000_000_000_000);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const version = z.string().min(1).max(64);
const text = (max: number) => z.string().max(max);

export const entrySchema = z.object({ position, leaf: text(MAX_LEAF) });
export const entriesAnswer = z.object({ entries: z.array(entrySchema).max(1_000) });
/** Siblings from leaf to root, hex. */
export const proofAnswer = z.object({ proof: z.array(hash).max(128) });

const mark = z.object({ reason: text(1_000), position, recordedAt: time });

/** A release without what its entry says: the reader takes that from the entry. */
export const releaseAnswer = z.object({
  entry: entrySchema,
  publisher: digestSchema,
  publisherName: text(64),
  keyid: digestSchema,
  deprecated: mark.nullable(),
  revoked: mark.nullable(),
});
export type ReleaseAnswer = z.infer<typeof releaseAnswer>;

export const releasesAnswer = z.object({
  releases: z.array(releaseAnswer).max(1_000),
  next: z.int().min(0).nullable(),
});

export const publisherAnswer = z.object({
  id: digestSchema,
  displayName: text(64),
  keyid: digestSchema,
  names: z.array(cryptletIdSchema).max(10_000),
});

export const receiptAnswer = z.object({
  position,
  repeated: z.boolean(),
  checkpoint: text(16_384),
});

export const identityAnswer = z.object({
  origin: text(128),
  verifier: text(256),
  publish: z.boolean(),
});
/** Who a registry says it is. The verifier is believed by nobody who has another one. */
export type RegistryIdentity = z.infer<typeof identityAnswer>;

const foundPackage = z.object({
  name: cryptletIdSchema,
  version,
  release: digestSchema,
  position,
  recordedAt: time,
  publisher: digestSchema,
  publisherName: text(64),
  description: text(500),
  licence: text(64).nullable(),
  lane: text(32),
  language: text(32),
  measurement: digestSchema,
  feeds: z.array(z.object({ id: text(64), kind: text(32), description: text(500) })).max(64),
  capabilities: z.array(text(32)).max(64),
  hosts: z.array(text(256)).max(1_000),
  chains: z.array(text(128)).max(1_000),
  calls: z.array(text(64)).max(1_000),
  state: z.enum(["published", "deprecated", "revoked"]),
  reason: text(1_000).nullable(),
  dependents: z.int().min(0),
  versions: z.int().min(1),
  match: text(32),
});

export const searchAnswer = z.object({
  packages: z.array(foundPackage).max(100),
  next: text(256).nullable(),
  corrections: z.array(z.object({ typed: text(64), taken: z.array(text(64)).max(16) })).max(16),
});
export type SearchAnswer = z.infer<typeof searchAnswer>;
