import { z } from "zod";
import { cryptletIdSchema, digestSchema } from "../core/ids.ts";
import { keyRecordSchema } from "../crypto/key-record.ts";
import { PACKAGE_TYPE, packageStatementSchema } from "./package-statement.ts";
import { versionSchema } from "./release-name.ts";

export const PUBLISHER_TYPE = "application/vnd.cryptlet.publisher.v1+json";
export const APPROVAL_TYPE = "application/vnd.cryptlet.approval.v1+json";
export const DEPRECATION_TYPE = "application/vnd.cryptlet.deprecation.v1+json";
export const REVOCATION_TYPE = "application/vnd.cryptlet.revocation.v1+json";

/** Publisher's clock, ms since epoch. */
const issuedAt = z.int().min(0);
const reason = z.string().min(1).max(1_000);

/**
 * Who publishes. The first one is signed by its own key, whose id is the publisher's for ever; a later one names the key
 * that it replaces and is signed by that key and by the new one.
 */
export const publisherStatementSchema = z.strictObject({
  publisher: digestSchema,
  /** For people. It proves nothing; the key does. */
  displayName: z.string().min(1).max(64),
  key: keyRecordSchema,
  /** keyid of the key that this one replaces; null for the first. */
  replaces: digestSchema.nullable(),
  issuedAt,
});

/** The publisher's word that a version may ask for more than the one before it. */
export const approvalStatementSchema = z.strictObject({
  name: cryptletIdSchema,
  version: versionSchema,
  /** What it asks for and its predecessor did not, sorted. */
  capabilities: z.array(z.string().min(1).max(1_300)).min(1).max(10_000),
  issuedAt,
});

/** The release goes on working, but nobody should begin with it. */
export const deprecationStatementSchema = z.strictObject({
  name: cryptletIdSchema,
  version: versionSchema,
  /** Digest of its package statement. */
  release: digestSchema,
  reason,
  issuedAt,
});

/** The release must not run any more. There is no way back: a new version is published. */
export const revocationStatementSchema = z.strictObject({
  name: cryptletIdSchema,
  version: versionSchema,
  /** Digest of its package statement. */
  release: digestSchema,
  reason,
  issuedAt,
});

/** Every statement that a log holds: kind of the entry, payload type and form. */
export const logStatements = {
  publisher: { payloadType: PUBLISHER_TYPE, schema: publisherStatementSchema },
  approve: { payloadType: APPROVAL_TYPE, schema: approvalStatementSchema },
  publish: { payloadType: PACKAGE_TYPE, schema: packageStatementSchema },
  deprecate: { payloadType: DEPRECATION_TYPE, schema: deprecationStatementSchema },
  revoke: { payloadType: REVOCATION_TYPE, schema: revocationStatementSchema },
} as const;

export type EntryKind = keyof typeof logStatements;
/** Statement of an entry by its kind. */
export type StatementOf<Kind extends EntryKind> = z.infer<(typeof logStatements)[Kind]["schema"]>;
