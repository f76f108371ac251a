import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChainName, Digest, FeedId } from "../core/ids.ts";
import type { DeliveryView } from "./fabric.ts";
import { makeRoundReceipt } from "./round-receipt.ts";

const round = {
  feed: "xau-usd" as FeedId,
  round: 7,
  envelopeDigest: `sha256:${"ab".repeat(32)}` as Digest,
};
const STATUSES = ["prepared", "submitted", "included", "final", "superseded", "failed"] as const;
const SETTLED: ReadonlySet<string> = new Set(["final", "superseded", "failed"]);
const deliver = (status: DeliveryView["status"], index: number): DeliveryView => ({
  id: `xau-usd:7:chain-${index}:0x`,
  feed: round.feed,
  round: 7,
  chain: `chain-${index}` as ChainName,
  contract: "0x",
  status,
  subStatus: null,
  transaction: null,
  blockNumber: null,
  error: status === "failed" ? "TRANSACTION_REVERTED" : null,
  attempts: 1,
  updatedAt: 1,
});
const receiptOf = (statuses: readonly DeliveryView["status"][], waiting = 0) =>
  makeRoundReceipt({
    round,
    deliveries: statuses.map(deliver),
    waiting: Array.from({ length: waiting }, (_, index) => ({
      chain: `late-${index}` as ChainName,
      contract: "0x",
    })),
  });

describe("the receipt of a round", () => {
  it.each([
    [[], 0, "unbound", true],
    [["final"], 0, "landed", true],
    [["final", "final"], 0, "landed", true],
    [["final", "failed"], 0, "partial", true],
    [["final", "superseded"], 0, "partial", true],
    [["final", "included"], 0, "partial", false],
    [["final"], 1, "partial", false],
    [["included"], 0, "pending", false],
    [[], 1, "pending", false],
    [["failed", "submitted"], 0, "pending", false],
    [["failed", "superseded"], 0, "missed", true],
  ] as const)("%j with %i waiting is %s", (statuses, waiting, outcome, settled) => {
    expect(receiptOf(statuses, waiting)).toMatchObject({ outcome, settled });
  });

  it("never says that more landed than is final", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...STATUSES), { maxLength: 6 }),
        fc.nat(3),
        (statuses, waiting) => {
          const receipt = receiptOf(statuses, waiting);
          const finals = statuses.filter((status) => status === "final").length;
          expect(receipt.landed).toBe(finals);
          expect(receipt.asked).toBe(statuses.length + waiting);
          expect(receipt.outcome === "landed").toBe(receipt.asked > 0 && finals === receipt.asked);
          const open = waiting > 0 || statuses.some((status) => !SETTLED.has(status));
          expect(receipt.settled).toBe(!open);
          expect(receipt.outcome === "missed").toBe(
            receipt.asked > 0 && finals === 0 && receipt.settled,
          );
        },
      ),
    );
  });
});
