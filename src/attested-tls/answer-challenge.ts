import { TLSSocket } from "node:tls";
import type { Socket } from "node:net";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Evidence } from "../envelope/bundle.ts";
import { CHALLENGE_NONCE } from "./ask-challenge.ts";
import type { AttestedIdentity } from "./attested-identity.ts";
import { channelNonce } from "./channel-nonce.ts";

/**
 * Evidence for whoever asks over an attested connection, bound to that connection and to the challenger's nonce.
 * Throws `PEER_CHANNEL_REFUSED` outside TLS, `PEER_EVIDENCE_REFUSED` for a nonce that is none, and what the attester throws.
 */
export const answerChallenge = async (
  socket: Socket,
  nonce: string,
  identity: AttestedIdentity,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Evidence> => {
  if (!(socket instanceof TLSSocket))
    throw fabricError("PEER_CHANNEL_REFUSED", { reason: "it is not encrypted" });
  if (!CHALLENGE_NONCE.test(nonce))
    throw fabricError("PEER_EVIDENCE_REFUSED", { reason: "a challenge is 64 hex characters" });
  return identity.answer(channelNonce(socket, nonce), options);
};
