import { createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { fabricError } from "../core/errors/fabric-error.ts";

/** RFC 9266: `tls-exporter`, the channel binding of TLS 1.3. */
const EXPORTER_LABEL = "EXPORTER-Channel-Binding";
const EXPORTER_BYTES = 32;
const DOMAIN = "cryptlet/ra-tls/challenge/v1\0";

/**
 * The nonce that evidence for this connection binds: SHA-256 over a domain, the connection's exporter and the
 * challenger's own nonce. Evidence made for another connection, or for this one's proxy, binds another. Lower-case hex.
 */
export const channelNonce = (socket: TLSSocket, nonce: string): string => {
  const exporter = socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
  return createHash("sha256").update(DOMAIN).update(exporter).update(nonce, "hex").digest("hex");
};

/** Only TLS 1.3 with a full handshake binds what it was told. Throws `PEER_CHANNEL_REFUSED`. */
export const assertChannel = (socket: TLSSocket): void => {
  const protocol = socket.getProtocol();
  if (protocol !== "TLSv1.3")
    throw fabricError("PEER_CHANNEL_REFUSED", { reason: `it speaks ${protocol ?? "nothing"}` });
  if (socket.isSessionReused())
    throw fabricError("PEER_CHANNEL_REFUSED", { reason: "it resumed an older session" });
};
