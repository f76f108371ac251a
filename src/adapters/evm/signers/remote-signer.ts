import { computeAddress, recoverAddress, Signature, toBeHex } from "ethers";
import { Agent, request, type Dispatcher } from "undici";
import { z } from "zod";
import { fabricError } from "../../../core/errors/fabric-error.ts";
import { addressSchema, type Address } from "../../../core/ids.ts";
import { bytesToPrefixedHex, hexToBytes } from "../../../crypto/bytes.ts";
import { keccak256 } from "../../../crypto/hashes.ts";
import type { TransactionSigner } from "../transaction-signer.ts";

/** A service that keeps keys and signs with them. */
export interface RemoteSignerOptions {
  /** May hold credentials: never logged, never in an error. */
  readonly url: string;
  /** The account; every signature must be its own. */
  readonly address: Address;
  /** The key's name there; null: the public key of `address`, which is looked up. */
  readonly identifier: string | null;
  readonly token: string | null;
  /** PEM texts; null: the system's authorities, and no client certificate. */
  readonly caPem: string | null;
  readonly certificatePem: string | null;
  readonly keyPem: string | null;
  readonly timeoutMs: number;
}

const MAX_SIGNATURE_BYTES = 1_024;
/** Web3Signer lists every key that it has. */
const MAX_KEYS_BYTES = 1_048_576;
const PATH = "api/v1/eth1";

const signatureSchema = z.string().regex(/^"?0x[0-9a-fA-F]{130}"?$/);
const keysSchema = z.array(z.string().regex(/^0x(?:04)?[0-9a-fA-F]{128}$/)).max(8_000);

/** What may be well in a moment: overload and faults of the service. Everything else is its word. */
const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** A code and no text: long messages may hold the URL, and the URL a key. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : "no answer";

const readBounded = async (
  body: Dispatcher.ResponseData["body"],
  limit: number,
): Promise<string> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    const part = Buffer.from(chunk as Uint8Array);
    length += part.length;
    if (length > limit) throw Object.assign(new Error("too large"), { code: "ANSWER_TOO_LARGE" });
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString("utf8").trim();
};

/** Order of secp256k1's group. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** v as 27 or 28, and the lower of the two forms of s (EIP-2): other clients refuse the upper one. */
const normalise = (text: string): Signature => {
  const bytes = hexToBytes(text.replaceAll('"', ""), 65);
  const last = bytes[64] ?? 0;
  const v = last < 27 ? last + 27 : last;
  const s = BigInt(bytesToPrefixedHex(bytes.subarray(32, 64)));
  const isUpper = s > ORDER / 2n;
  return Signature.from({
    r: bytesToPrefixedHex(bytes.subarray(0, 32)),
    s: toBeHex(isUpper ? ORDER - s : s, 32),
    v: isUpper ? 55 - v : v,
  });
};

/**
 * Signs by Web3Signer's `POST /api/v1/eth1/sign/{identifier}`, which KMS and HSM services stand behind: the data go as
 * hex, the service hashes them with keccak-256 and answers 65 bytes. Nothing is believed: each signature must be the
 * account's own over exactly these data.
 *
 * `sign` throws `CHAIN_SIGNER_UNREACHABLE` (try again), `CHAIN_SIGNER_REFUSED` (its word: token, key or rules),
 * `CHAIN_SIGNER_WRONG` (it answered with something else) and the signal's reason.
 * @see https://docs.web3signer.consensys.io, "Eth1 signing"
 */
export const createRemoteSigner = (options: RemoteSignerOptions): TransactionSigner => {
  const { address, token, timeoutMs } = options;
  const base = new URL(options.url);
  const credentials = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
  base.username = "";
  base.password = "";
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  const authorization =
    token === null
      ? credentials === ":"
        ? null
        : `Basic ${Buffer.from(credentials).toString("base64")}`
      : `Bearer ${token}`;
  const dispatcher = new Agent({
    connect: {
      timeout: timeoutMs,
      ...(options.caPem === null ? {} : { ca: options.caPem }),
      ...(options.certificatePem === null ? {} : { cert: options.certificatePem }),
      ...(options.keyPem === null ? {} : { key: options.keyPem }),
    },
  });

  const ask = async (
    path: string,
    body: unknown,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<string> => {
    const late = AbortSignal.timeout(timeoutMs);
    let status: number;
    let text: string;
    try {
      const response = await request(new URL(`${PATH}/${path}`, base), {
        method: body === undefined ? "GET" : "POST",
        dispatcher,
        signal: signal ? AbortSignal.any([signal, late]) : late,
        headers: {
          "content-type": "application/json",
          ...(authorization === null ? {} : { authorization }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      status = response.statusCode;
      text = await readBounded(response.body, limit);
    } catch (error) {
      signal?.throwIfAborted();
      const reason = reasonOf(error);
      throw fabricError("CHAIN_SIGNER_UNREACHABLE", { account: address, reason }, { cause: error });
    }
    if (status === 200) return text;
    const code = isPassing(status) ? "CHAIN_SIGNER_UNREACHABLE" : "CHAIN_SIGNER_REFUSED";
    throw fabricError(code, { account: address, reason: `HTTP ${status}` });
  };
  const wrong = (reason: string) => fabricError("CHAIN_SIGNER_WRONG", { account: address, reason });

  const findKey = async (signal: AbortSignal | undefined): Promise<string> => {
    const text = await ask("publicKeys", undefined, MAX_KEYS_BYTES, signal);
    let keys: readonly string[];
    try {
      keys = keysSchema.parse(JSON.parse(text));
    } catch {
      throw wrong("no list of public keys");
    }
    const found = keys.find((key) => {
      const point = key.length === 132 ? key : `0x04${key.slice(2)}`;
      try {
        return computeAddress(point).toLowerCase() === address;
      } catch {
        // Not on the curve.
        return false;
      }
    });
    if (found !== undefined) return found;
    throw fabricError("CHAIN_SIGNER_REFUSED", { account: address, reason: "it has no such key" });
  };
  let identifier = options.identifier;

  return {
    address,
    sign: async (message, { signal } = {}) => {
      identifier ??= await findKey(signal);
      const data = bytesToPrefixedHex(message);
      const path = `sign/${encodeURIComponent(identifier)}`;
      const answer = await ask(path, { data }, MAX_SIGNATURE_BYTES, signal);
      const parsed = signatureSchema.safeParse(answer);
      if (!parsed.success) throw wrong("no signature");
      let signature: Signature;
      let signer: Address;
      try {
        signature = normalise(parsed.data);
        const digest = bytesToPrefixedHex(keccak256(message));
        signer = addressSchema.parse(recoverAddress(digest, signature));
      } catch {
        throw wrong("a signature of no key");
      }
      if (signer !== address) throw wrong(`a signature of ${signer}`);
      return hexToBytes(signature.serialized, 65);
    },
  };
};
