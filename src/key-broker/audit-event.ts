import { z } from "zod";
import type { Digest } from "../core/ids.ts";
import { digestOf } from "../crypto/hashes.ts";
import { concatBytes } from "../crypto/bytes.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";

const text = (max: number) => z.string().max(max);

/** What happened to a secret. There is no place for a value. */
export const auditEventSchema = z.discriminatedUnion("action", [
  z.strictObject({
    action: z.enum(["put", "revoke"]),
    secret: text(64),
    version: z.int().min(1),
    /** Digest of the secret's policy. */
    policy: text(80),
  }),
  z.strictObject({
    action: z.enum(["release", "refuse"]),
    secret: text(64),
    host: text(64),
    /** As the evidence says; empty where it was refused before it said anything that counts. */
    cryptlet: text(64),
    measurement: text(80),
    evidence: text(80),
    /** Field of the secret's policy, or code of the error; empty for a release. */
    reason: text(64),
  }),
]);
/** @see auditEventSchema */
export type AuditEvent = z.infer<typeof auditEventSchema>;

/** Head before the first event. */
export const AUDIT_START = `sha256:${"0".repeat(64)}` as Digest;
const encoder = new TextEncoder();

/** Head after one more event: SHA-256 over a domain, the head before, the time and the event's JSON. */
export const nextHead = (head: string, at: number, eventJson: string): Digest =>
  digestOf(
    concatBytes(
      encoder.encode(`cryptlet/vault-audit/v1\0${head}\0${at}\0`),
      encoder.encode(eventJson),
    ),
  );

/** JSON text of an event, as it is kept and chained. */
export const eventText = (event: AuditEvent): string => canonicalJson(event);
