import type {
  DeliveryAnswer,
  DeliveryDetailAnswer,
  RoundReceiptAnswer,
} from "../client/answers.ts";
import type { ChainTrouble } from "./chain-trouble.ts";
import { formatDuration, formatTime } from "./duration.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

type Status = DeliveryAnswer["status"];

const paintStatus = (status: Status, style: Style): string => {
  if (status === "final") return style.good(status);
  return status === "failed" ? style.bad(status) : style.warn(status);
};

/** A line per delivery. `now` in ms since epoch. */
export const formatDeliveries = (
  deliveries: readonly DeliveryAnswer[],
  now: number,
  style: Style,
): string => {
  if (deliveries.length === 0) return "No delivery fits.";
  const rows = deliveries.map(({ status, subStatus, error, updatedAt, id }) => [
    paintStatus(status, style),
    subStatus ?? "-",
    `${formatDuration(Math.max(0, now - updatedAt))} ago`,
    error ?? "-",
    id,
  ]);
  return formatTable(["status", "step", "changed", "error", "delivery"], rows);
};

/** One delivery, its history, and what its chain makes it wait for. */
export const formatDelivery = (
  delivery: DeliveryDetailAnswer,
  trouble: ChainTrouble,
  style: Style,
): string => {
  const waitsFor = trouble.get(delivery.chain);
  const { id, feed, round, chain, contract, status, error, advice } = delivery;
  const facts = [
    ["delivery", id],
    ["round", `${round} of ${feed}`],
    ["contract", `${contract} on ${chain}`],
    ["status", paintStatus(status, style)],
    ["step", delivery.subStatus ?? "-"],
    ["transaction", delivery.transaction ?? "-"],
    ["block", delivery.blockNumber === null ? "-" : String(delivery.blockNumber)],
    ["attempts", String(delivery.attempts)],
    ...(error === null ? [] : [["error", style.bad(error)]]),
    ...(waitsFor === undefined ? [] : [["waits for", style.warn(waitsFor)]]),
    ...(advice === null ? [] : [["what to do", advice]]),
  ];
  const history = delivery.history.map(({ at, status: then, subStatus, detail }) => [
    formatTime(at),
    then,
    subStatus ?? "",
    detail,
  ]);
  return `${formatTable([], facts)}\n\n${formatTable([], history)}`;
};

const OUTCOMES: Readonly<Record<RoundReceiptAnswer["outcome"], string>> = {
  landed: "LANDED on every chain",
  partial: "PARTIAL: landed on some chains only",
  missed: "MISSED: it ended on no chain",
  pending: "PENDING: on no chain yet",
  unbound: "no contract asked for it",
};

/** What became of a round, with a line per contract. */
export const formatReceipt = (
  receipt: RoundReceiptAnswer,
  trouble: ChainTrouble,
  style: Style,
): string => {
  const { feed, round, outcome, landed, asked, settled, deliveries, waiting } = receipt;
  const paint = outcome === "landed" ? style.good : style.warn;
  const head = `round ${round} of ${feed}: ${paint(OUTCOMES[outcome])} (${landed} of ${asked}${settled ? "" : ", not yet settled"})`;
  const rows = [
    ...deliveries.map(({ chain, contract, status, transaction, error }) => [
      chain,
      contract,
      paintStatus(status, style),
      error ?? transaction ?? trouble.get(chain) ?? "",
    ]),
    ...waiting.map(({ chain, contract }) => [chain, contract, style.warn("not yet taken"), ""]),
  ];
  return rows.length === 0 ? head : `${head}\n${formatTable([], rows)}`;
};
