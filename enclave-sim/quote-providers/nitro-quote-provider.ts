import { connect } from "node:net";
import { encode } from "cborg";
import { parseAttestationDocument } from "../../src/attestation/nitro/attestation-document.ts";
import { parseCoseSign1 } from "../../src/attestation/nitro/cose-sign1.ts";
import { type CborValue, parseStrictCbor } from "../../src/attestation/nitro/strict-cbor.ts";
import { bytesEqual, concatBytes } from "../../src/crypto/bytes.ts";
import { providerFailed } from "./await-fresh.ts";
import type { QuoteProvider } from "./quote-provider.ts";

/** Largest answer of the device, in bytes (aws-nitro-enclaves-nsm-api, NSM_RESPONSE_MAX_SIZE is 0x3000). */
const MAX_ANSWER_BYTES = 12_288;
const ANSWER_MS = 5_000;
const LENGTH_BYTES = 4;

/** One question over the helper's socket: four bytes of length, big-endian, then the message; the answer likewise. */
const exchange = (
  socketPath: string,
  message: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const fail = (reason: string, cause?: unknown) => {
      socket.destroy();
      signal?.removeEventListener("abort", abort);
      reject(providerFailed("nitro", reason, cause));
    };
    const abort = () => fail("it was interrupted", signal?.reason);
    const received: Uint8Array[] = [];
    socket.setTimeout(ANSWER_MS, () => fail("the helper does not answer"));
    socket.once("error", (error) => fail(error.message, error));
    socket.once("end", () => fail("the helper closed without a whole answer"));
    socket.on("data", (chunk: Uint8Array) => {
      received.push(new Uint8Array(chunk));
      const bytes = concatBytes(...received);
      if (bytes.length < LENGTH_BYTES) return;
      const length = new DataView(bytes.buffer).getUint32(0);
      if (length > MAX_ANSWER_BYTES) return fail(`an answer of ${length} bytes`);
      if (bytes.length < LENGTH_BYTES + length) return;
      socket.destroy();
      signal?.removeEventListener("abort", abort);
      resolve(bytes.slice(LENGTH_BYTES, LENGTH_BYTES + length));
    });
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort, { once: true });
    const head = new Uint8Array(LENGTH_BYTES);
    new DataView(head.buffer).setUint32(0, message.length);
    socket.write(concatBytes(head, message));
  });

const fieldOf = (value: CborValue | undefined, name: string): CborValue | undefined =>
  value instanceof Map ? (value as ReadonlyMap<CborValue, CborValue>).get(name) : undefined;

/** The document of an answer `{ Attestation: { document } }`; the device answers `{ Error: name }` otherwise. */
const documentOf = (answer: Uint8Array): Uint8Array => {
  const message = parseStrictCbor(answer, "the answer of the Nitro security module");
  const refused = fieldOf(message, "Error");
  if (typeof refused === "string") throw providerFailed("nitro", refused.slice(0, 40));
  const document = fieldOf(fieldOf(message, "Attestation"), "document");
  if (document instanceof Uint8Array) return document;
  throw providerFailed("nitro", "the answer holds no document");
};

/**
 * Attestation documents of an AWS Nitro enclave; the report data is `user_data`. /dev/nsm answers to an ioctl only,
 * which Node cannot make: a helper beside it listens on a unix socket and passes each message on unchanged, framed by
 * its length. The messages are those of the device (aws-nitro-enclaves-nsm-api, `Request::Attestation` as CBOR).
 * Not tried on hardware, and this project ships no helper. Throws `QUOTE_PROVIDER_FAILED`.
 */
export const createNitroQuoteProvider = (socketPath: string): QuoteProvider => ({
  name: "nitro",
  getEvidence: async (reportData, options = {}) => {
    const question = { Attestation: { user_data: reportData, nonce: null, public_key: null } };
    const bytes = documentOf(await exchange(socketPath, encode(question), options.signal));
    const { userData } = parseAttestationDocument(parseCoseSign1(bytes).payload);
    if (!userData || !bytesEqual(userData, reportData))
      throw providerFailed("nitro", "the document binds other user data");
    return {
      type: "application/vnd.aws.nitro.attestation+cbor",
      tee: "nitro",
      bytes,
      collateral: null,
    };
  },
});
