import { sha256Hex } from "../crypto/hashes.ts";
import { signWebhook } from "../crypto/webhook-signature.ts";
import type { FabricId, FeedId } from "../core/ids.ts";
import type { RoundRow } from "../store/rounds.ts";
import { readCommittedRound } from "./round-view.ts";

/** `webhook-id` of one round for one webhook: the same whoever makes the call, and whenever. */
export const webhookMessageId = (webhook: string, feed: FeedId, round: number): string => {
  const text = `cryptlet/webhook-message/v1\0${webhook}\0${feed}\0${round}`;
  return `msg_${sha256Hex(new TextEncoder().encode(text)).slice(0, 32)}`;
};

/** The body: the same bytes on every try, because all of it comes from what was committed once. */
export const webhookBody = (fabric: FabricId, row: RoundRow): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      type: "round.committed",
      timestamp: new Date(row.issuedAt).toISOString(),
      data: { fabric, round: readCommittedRound(row) },
    }),
  );

/** Headers of one try at `now` (ms since epoch), signed by each of the secrets, newest first. */
export const webhookHeaders = (
  message: { readonly id: string; readonly body: Uint8Array },
  secrets: readonly Uint8Array[],
  now: number,
): Readonly<Record<string, string>> => {
  const { id, body } = message;
  const timestamp = String(Math.floor(now / 1_000));
  return {
    "content-type": "application/json",
    "user-agent": "cryptlet-fabric",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signWebhook(secrets, { id, timestamp, body }),
  };
};
