import type { TLSSocket } from "node:tls";
import { z } from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import { evidenceSchema, type Evidence } from "../envelope/bundle.ts";

/** Where an attested listener answers a challenge. */
export const CHALLENGE_PATH = "/.well-known/cryptlet/attestation";
/** 32 bytes in hex. */
export const CHALLENGE_NONCE = /^[0-9a-f]{64}$/;

const MAX_HEAD_BYTES = 16_384;
const MAX_BODY_BYTES = 1_048_576;
const HEAD_END = "\r\n\r\n";

const answerSchema = z.strictObject({ evidence: evidenceSchema });

// Node's and undici's HTTP clients do not give a socket back after a request, and the next bytes on it are the caller's.
// The other end is our own listener, so that one form of answer is enough: 200 with a content-length.

/**
 * Ask the peer of an open connection for evidence that binds it: one `GET` over the connection, which stays open.
 * Throws `PEER_EVIDENCE_REFUSED`, or the signal's reason.
 */
export const askChallenge = async (
  socket: TLSSocket,
  ask: { readonly host: string; readonly nonce: string; readonly signal: AbortSignal },
): Promise<Evidence> => {
  socket.write(
    `GET ${CHALLENGE_PATH}?nonce=${ask.nonce} HTTP/1.1\r\nhost: ${ask.host}\r\naccept: application/json\r\n\r\n`,
  );
  const text = await readAnswer(socket, ask.signal);
  const answer = answerSchema.safeParse(parseJson(text));
  if (answer.success) return answer.data.evidence;
  throw refuse("its answer to the challenge is not of the known form");
};

const refuse = (reason: string) => fabricError("PEER_EVIDENCE_REFUSED", { reason });

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const readAnswer = (socket: TLSSocket, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    let whole = -1;
    let bodyAt = 0;
    const settle = (act: () => void) => {
      socket.off("data", take);
      socket.off("close", closed);
      signal.removeEventListener("abort", aborted);
      socket.pause();
      act();
    };
    const fail = (reason: string) => settle(() => reject(refuse(reason)));
    const aborted = () => settle(() => reject(signal.reason as Error));
    const closed = () => fail("it ended the connection instead of answering the challenge");
    const take = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (whole < 0) {
        bodyAt = bytes.indexOf(HEAD_END) + HEAD_END.length;
        if (bodyAt < HEAD_END.length) {
          if (bytes.length > MAX_HEAD_BYTES) fail("its answer has no end of headers");
          return;
        }
        const length = bodyLength(bytes.toString("latin1", 0, bodyAt));
        if (length === null) return fail("it does not answer the challenge");
        whole = bodyAt + length;
      }
      if (bytes.length > whole) return fail("it said more than its answer");
      if (bytes.length === whole) settle(() => resolve(bytes.toString("utf8", bodyAt)));
    };
    socket.on("data", take);
    socket.once("close", closed);
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) aborted();
    else if (socket.destroyed) closed();
  });

/** Bytes of the body; null for anything but a 200 with one plain length within bounds. */
const bodyLength = (head: string): number | null => {
  const [status = "", ...fields] = head.split("\r\n");
  const values = (name: string) =>
    fields.flatMap((field) => {
      const at = field.indexOf(":");
      return field.slice(0, at).toLowerCase() === name ? [field.slice(at + 1).trim()] : [];
    });
  const [length = "", ...more] = values("content-length");
  if (!status.startsWith("HTTP/1.1 200 ") || more.length > 0) return null;
  if (values("transfer-encoding").length > 0 || !/^\d{1,7}$/.test(length)) return null;
  return Number(length) <= MAX_BODY_BYTES ? Number(length) : null;
};
