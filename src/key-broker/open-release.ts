import { fabricError } from "../core/errors/fabric-error.ts";
import { decodeBase64 } from "../crypto/base64.ts";
import { digestOf } from "../crypto/hashes.ts";
import { hpkeOpen, type HpkeMessage } from "../crypto/hpke/hpke.ts";
import type { Evidence } from "../envelope/bundle.ts";
import { RELEASE_INFO, releaseAad, releaseAnswerSchema } from "./protocol.ts";

/** What an enclave asked the broker. */
export interface ReleaseTask {
  readonly nonce: string;
  readonly cryptlet: string;
  readonly evidence: Evidence;
  readonly names: readonly string[];
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Open a broker's answer with the X25519 key that the evidence bound: runs inside the enclave. Every name that was asked
 * for must be there once, and nothing else.
 * Throws `HPKE_OPEN_FAILED`, also for an answer to another request.
 */
export const openRelease = async (
  secretKey: Uint8Array,
  answer: unknown,
  { nonce, cryptlet, evidence, names }: ReleaseTask,
): Promise<ReadonlyMap<string, string>> => {
  const wanted = new Set(names);
  const digest = digestOf(decodeBase64(evidence.body, "evidence"));
  const opened = new Map<string, string>();
  // It went through the host: whatever it is, it is parsed here.
  const parsed = releaseAnswerSchema.safeParse(answer);
  if (!parsed.success) throw fabricError("HPKE_OPEN_FAILED", {});
  for (const { name, suite, ...sealed } of parsed.data.secrets) {
    if (!wanted.has(name) || opened.has(name)) throw fabricError("HPKE_OPEN_FAILED", {});
    const aad = releaseAad({ nonce, cryptlet, name, evidence: digest });
    const context = { suite, info: RELEASE_INFO, aad };
    opened.set(name, decodeText(await hpkeOpen(secretKey, messageOf(sealed), context)));
  }
  if (opened.size !== wanted.size) throw fabricError("HPKE_OPEN_FAILED", {});
  return opened;
};

const messageOf = (sealed: { readonly enc: string; readonly ciphertext: string }): HpkeMessage => {
  try {
    return { enc: decodeBase64(sealed.enc), ciphertext: decodeBase64(sealed.ciphertext) };
  } catch {
    throw fabricError("HPKE_OPEN_FAILED", {});
  }
};

const decodeText = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes);
  } catch {
    throw fabricError("HPKE_OPEN_FAILED", {});
  }
};
