import * as z from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import { fabricIdSchema } from "../core/ids.ts";
import { fitsWebhook, parseWebhookSecret } from "../crypto/webhook-signature.ts";
import { roundAnswer } from "./answers.ts";

/** Seconds that a call may be off the receiver's clock, as the specification recommends. */
const TOLERANCE_SECONDS = 300;
/** Longest value of a header that is looked at. */
const MAX_HEADER = 2_000;

const webhookBody = z.object({
  type: z.literal("round.committed"),
  /** RFC 3339; the time of the signature on the round. */
  timestamp: z.string().max(64),
  data: z.object({
    fabric: fabricIdSchema,
    round: roundAnswer.omit({ deliveries: true }),
  }),
});

/** What a webhook's call says. Its signature proves the host, not the value: `verifyBundle` proves that. */
export interface WebhookEvent {
  /** The same on every try of the same event: what a receiver tells repetitions by. */
  readonly id: string;
  /** When this try was sent, ms since epoch. */
  readonly sentAt: number;
  readonly type: "round.committed";
  readonly fabric: string;
  readonly round: z.infer<typeof webhookBody>["data"]["round"];
}

/** What `verifyWebhook` is given. */
export interface VerifyWebhookOptions {
  /** The webhook's secret, `whsec_…`; several where the receiver knows more than one. */
  readonly secret: string | readonly string[];
  /** As they came: `Headers`, or the record of Node's `request.headers`. Names in any case. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The raw body, before any parser touched it. */
  readonly body: string | Uint8Array;
  /** ms since epoch; default: the platform's clock. */
  readonly now?: number;
  /** Seconds that the call may be older or younger than `now`; default 300. */
  readonly toleranceSeconds?: number;
}

const headerOf = (headers: VerifyWebhookOptions["headers"], name: string): string => {
  let value: string | null = null;
  if (headers instanceof Headers) value = headers.get(name);
  else
    for (const [key, given] of Object.entries(headers))
      if (key.toLowerCase() === name && typeof given === "string") value = given;
  if (value === null || value === "" || value.length > MAX_HEADER)
    throw fabricError("WEBHOOK_HEADERS_MISSING", { header: name });
  return value;
};

const parseBody = (bytes: Uint8Array): z.infer<typeof webhookBody> => {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw fabricError("WEBHOOK_BODY_INVALID", { reason: "it is not JSON" }, { cause: error });
  }
  const parsed = webhookBody.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const reason = issue ? `${issue.path.join(".")}: ${issue.message}` : "unknown shape";
  throw fabricError("WEBHOOK_BODY_INVALID", { reason });
};

/**
 * Check a webhook's call (Standard Webhooks 1.0.0, scheme v1) before anything of it is read: headers, signature, time,
 * then the body. A call that is sent again inside the tolerance passes; tell it by its `id`.
 * Throws `WEBHOOK_SECRET_INVALID`, `WEBHOOK_HEADERS_MISSING`, `WEBHOOK_TIMESTAMP_WRONG`, `WEBHOOK_SIGNATURE_WRONG`,
 * `WEBHOOK_BODY_INVALID`.
 * @example
 * ```ts
 * import { verifyWebhook } from "cryptlet-fabric/client";
 *
 * export const receive = (secret: string, headers: Headers, body: string): string => {
 *   const { id, round } = verifyWebhook({ secret, headers, body });
 *   return `${id}: ${round.feed} ${round.answer}`;
 * };
 * ```
 */
export const verifyWebhook = (options: VerifyWebhookOptions): WebhookEvent => {
  const texts = typeof options.secret === "string" ? [options.secret] : options.secret;
  const secrets = texts.map(parseWebhookSecret);
  if (secrets.length === 0) throw fabricError("WEBHOOK_SECRET_INVALID", {});
  const id = headerOf(options.headers, "webhook-id");
  const timestamp = headerOf(options.headers, "webhook-timestamp");
  const signature = headerOf(options.headers, "webhook-signature");
  if (!/^[1-9]\d{0,11}$/.test(timestamp))
    throw fabricError("WEBHOOK_HEADERS_MISSING", { header: "webhook-timestamp" });
  const body =
    typeof options.body === "string" ? new TextEncoder().encode(options.body) : options.body;
  // The signature first: what nobody signed shall not learn what our clock says.
  if (!fitsWebhook(secrets, { id, timestamp, body }, signature))
    throw fabricError("WEBHOOK_SIGNATURE_WRONG", {});
  const sentAt = Number(timestamp) * 1_000;
  const tolerance = options.toleranceSeconds ?? TOLERANCE_SECONDS;
  const off = Math.abs((options.now ?? Date.now()) - sentAt);
  // A tolerance that is no number lets nothing pass.
  if (!(off <= tolerance * 1_000))
    throw fabricError("WEBHOOK_TIMESTAMP_WRONG", { timestamp, tolerance });
  const { type, data } = parseBody(body);
  return { id, sentAt, type, fabric: data.fabric, round: data.round };
};
