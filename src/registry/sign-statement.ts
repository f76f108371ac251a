import type { SigningKey } from "../crypto/key-record.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import type { DsseEnvelope } from "../envelope/dsse.ts";
import { signEnvelope } from "../envelope/dsse-sign.ts";
import { logStatements, type EntryKind, type StatementOf } from "./log-statements.ts";

/**
 * Sign a statement for a registry's log: its canonical JSON under its payload type.
 * @example
 * ```ts
 * await registry.submit({ envelope: signStatement("revoke", statement, [key]), blobs: new Map() });
 * ```
 */
export const signStatement = <Kind extends EntryKind>(
  kind: Kind,
  statement: StatementOf<Kind>,
  keys: readonly SigningKey[],
): DsseEnvelope =>
  signEnvelope(
    logStatements[kind].payloadType,
    new TextEncoder().encode(canonicalJson(statement)),
    keys,
  );
