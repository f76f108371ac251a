import { randomBytes } from "node:crypto";
import { parseEvidenceDocument } from "../attestation/evidence-document.ts";
import { createFabricClient } from "../client/fabric-client.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import { writeNewFile } from "./write-new-file.ts";

/** An entry of `quorum.members`. */
export interface MemberEntry {
  readonly id: string;
  readonly platformRoot?: string;
  readonly keys: readonly KeyRecord[];
}

const MEMBER_ID = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/**
 * Ask a running host for what other hosts must name of it. Throws `USAGE_INVALID`, `CRYPTLET_UNKNOWN`, `FILE_UNWRITABLE`,
 * `EVIDENCE_INVALID`.
 */
export const describeMember = async (
  id: string,
  options: {
    readonly url: string;
    readonly rootOut: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<MemberEntry> => {
  const { url, rootOut, signal } = options;
  if (!MEMBER_ID.test(id))
    throw fabricError("USAGE_INVALID", {
      fault: "the name of a member has lower-case letters, digits and inner hyphens, 32 at most",
    });
  const nonce = randomBytes(32).toString("hex");
  const { evidence } = await createFabricClient({ url }).attestation({ nonce }, { signal });
  const [first] = evidence;
  if (!first) throw fabricError("CRYPTLET_UNKNOWN", { cryptlet: "(none is loaded)" });
  const keys = new Map<string, KeyRecord>();
  for (const one of evidence)
    for (const key of parseEvidenceDocument(one.evidence).keys) keys.set(key.keyid, key);
  if (rootOut !== undefined) await writeNewFile(rootOut, first.platformRoot);
  return {
    id,
    ...(rootOut === undefined ? {} : { platformRoot: rootOut }),
    keys: [...keys.values()],
  };
};
