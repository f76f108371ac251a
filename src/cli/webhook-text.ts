import type {
  WebhookAnswer,
  WebhookCallAnswer,
  WebhookSecretAnswer,
} from "../client/webhook-answers.ts";
import { formatTime } from "./duration.ts";
import { formatTable } from "./table.ts";

/** A line per webhook. */
export const formatWebhooks = (webhooks: readonly WebhookAnswer[]): string => {
  if (webhooks.length === 0) return "This fabric has no webhooks.";
  const rows = webhooks.map((webhook) => [
    webhook.id,
    webhook.stopped ?? webhook.status,
    String(webhook.waiting + webhook.behind),
    String(webhook.dead),
    webhook.feeds.join(", "),
    webhook.url,
    webhook.description,
  ]);
  return formatTable(["webhook", "state", "waiting", "dead", "feeds", "url", "description"], rows);
};

/** A webhook with the secret that nobody can show again. */
export const formatWebhookSecret = (webhook: WebhookSecretAnswer): string =>
  [
    formatWebhooks([webhook]),
    "",
    `secret  ${webhook.secret}`,
    "Shown this once: give it to the receiver, which checks every call with it.",
    ...(webhook.previousSecretUntil === null
      ? []
      : [`The secret before signs too until ${formatTime(webhook.previousSecretUntil)}.`]),
  ].join("\n");

/** A line per call. */
export const formatWebhookCalls = (calls: readonly WebhookCallAnswer[]): string => {
  if (calls.length === 0) return "No call.";
  const rows = calls.map((call) => [
    call.id,
    `${call.feed}:${call.round}`,
    call.status,
    String(call.attempts),
    call.answer === null ? "-" : String(call.answer),
    call.error ?? "-",
    call.nextAt === null ? "-" : formatTime(call.nextAt),
    formatTime(call.updatedAt),
  ]);
  const headings = ["call", "round", "state", "tries", "answer", "error", "next", "changed"];
  return formatTable(headings, rows);
};
