import type { SubscriptionAnswer } from "../client/subscription-answers.ts";
import { formatTime } from "./duration.ts";
import { formatTable } from "./table.ts";

/** A line per subscription. */
export const formatSubscriptions = (subscriptions: readonly SubscriptionAnswer[]): string => {
  if (subscriptions.length === 0) return "This fabric has no subscriptions.";
  const rows = subscriptions.map(
    ({ name, feeds, position, waiting, acknowledgedAt, consumer, heldUntil }) => [
      name,
      feeds.join(", "),
      String(position),
      String(waiting),
      acknowledgedAt === null ? "never" : formatTime(acknowledgedAt),
      consumer === null || heldUntil === null
        ? "nobody"
        : `${consumer} until ${formatTime(heldUntil)}`,
    ],
  );
  const headings = ["subscription", "feeds", "position", "waiting", "acknowledged", "held by"];
  return formatTable(headings, rows);
};
