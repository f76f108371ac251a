import { errorCatalogue } from "../../src/core/errors/catalogue.ts";
import type { ChainFacts, DeliveryFact, DeliveryFacts, Target } from "./delivery-facts.ts";

/** What the auditor may find. */
export type ViolationKind =
  /** A signed round has no delivery to a contract that is bound to its feed, and no dead letter. */
  | "lost"
  /** It is said to be final, and the chain has no such event. */
  | "not-on-chain"
  /** Its own transaction landed it, and its delivery says something else. */
  | "unreported"
  /** The chain has the round more than once. */
  | "twice"
  /** The chain has an older round after a newer one. */
  | "regress"
  /** The chain's answer is not the signed one, or nobody signed the round. */
  | "wrong-answer"
  /** A delivery ended without a code that says why. */
  | "silent"
  /** A delivery has not ended. */
  | "open"
  /** An outbox row waits, or the bus has lost what was published. */
  | "outbox"
  /** A nonce was taken that the chain never got: whatever comes after it waits for ever. */
  | "nonce-gap"
  /** Block, hash, depth or status of a final delivery is not what the chain says. */
  | "untrue-receipt";

export interface Violation {
  readonly kind: ViolationKind;
  /** Delivery, round, message or account. */
  readonly subject: string;
  readonly detail: string;
}

const isErrorCode = (text: string): boolean => Object.hasOwn(errorCatalogue, text);

const ENDED = new Set(["final", "superseded", "failed"]);

const keyOf = ({ feed, round, chain, contract }: Target & { readonly round: number }): string =>
  `${feed}:${round}:${chain}:${contract.toLowerCase()}`;

type Report = (kind: ViolationKind, subject: string, detail: string) => void;

const auditOutbox = ({ outbox, streams }: DeliveryFacts, report: Report): void => {
  const last = new Map(streams.map(({ name, lastSequence }) => [name, lastSequence]));
  for (const { messageId, stream, sequence, isPublished } of outbox) {
    if (!isPublished) report("outbox", messageId, "waits");
    else if (stream === null || sequence === null) report("outbox", messageId, "has no sequence");
    else if (sequence > (last.get(stream) ?? 0))
      report("outbox", messageId, `${stream} has no sequence ${sequence}`);
  }
};

const auditRounds = (facts: DeliveryFacts, report: Report): void => {
  const known = new Set(facts.deliveries.map(keyOf));
  for (const { feed, round } of facts.rounds)
    for (const binding of facts.bindings) {
      if (binding.feed !== feed || known.has(keyOf({ ...binding, round }))) continue;
      const letter = facts.deadLetters.find(({ messageId }) =>
        messageId?.startsWith(`cryptlet:${feed}:${round}:`),
      );
      if (!letter) report("lost", keyOf({ ...binding, round }), "no delivery, no dead letter");
      else if (!isErrorCode(letter.reason))
        report("silent", keyOf({ ...binding, round }), `dead letter: ${letter.reason}`);
    }
};

const auditEvents = (
  { rounds, bindings }: DeliveryFacts,
  { name, events }: ChainFacts,
  report: Report,
): void => {
  const feedOf = new Map(
    bindings
      .filter(({ chain }) => chain === name)
      .map(({ contract, feed }) => [contract.toLowerCase(), feed]),
  );
  const answers = new Map(rounds.map(({ feed, round, answer }) => [`${feed}:${round}`, answer]));
  const newest = new Map<string, number>();
  const seen = new Set<string>();
  for (const { contract, round, answer } of events) {
    const subject = `${name}:${contract}:${round}`;
    const signed = answers.get(`${feedOf.get(contract) ?? ""}:${round}`);
    if (signed !== answer) report("wrong-answer", subject, `${answer}, signed ${signed ?? "none"}`);
    const before = newest.get(contract) ?? 0;
    if (seen.has(subject)) report("twice", subject, "a second event");
    else if (round <= before) report("regress", subject, `after ${before}`);
    seen.add(subject);
    newest.set(contract, Math.max(before, round));
  }
};

const auditDeliveries = (facts: DeliveryFacts, chain: ChainFacts, report: Report): void => {
  const events = new Map(
    chain.events.map((event) => [`${event.contract}:${event.round}`, event] as const),
  );
  const auditFinal = (row: DeliveryFact): void => {
    const event = events.get(`${row.contract}:${row.round}`);
    if (!event) {
      report("not-on-chain", row.id, "is final");
      return;
    }
    const receipt = row.transaction === null ? null : (chain.receipts.get(row.transaction) ?? null);
    const faults = [
      event.transaction !== row.transaction && `landed in ${event.transaction}`,
      event.blockNumber !== row.blockNumber && `landed in block ${event.blockNumber}`,
      event.blockHash !== row.blockHash && `landed in ${event.blockHash}`,
      chain.blocks.get(row.blockNumber ?? -1) !== row.blockHash && "its block is not of the chain",
      receipt?.status !== 1 && "no good receipt",
      receipt?.blockHash !== row.blockHash && "the receipt names another block",
      chain.height - (row.blockNumber ?? 0) + 1 < chain.depth && "not deep enough",
    ].filter((fault) => fault !== false);
    for (const fault of faults) report("untrue-receipt", row.id, fault);
  };
  for (const row of facts.deliveries.filter((delivery) => delivery.chain === chain.name)) {
    if (!ENDED.has(row.status)) report("open", row.id, row.status);
    else if (row.status === "final") auditFinal(row);
    else {
      if (row.error === null || !isErrorCode(row.error))
        report("silent", row.id, `${row.status}: ${row.error ?? "no code"}`);
      const event = events.get(`${row.contract}:${row.round}`);
      if (event && facts.signed.has(event.transaction))
        report("unreported", row.id, `${row.status}, and landed in ${event.transaction}`);
    }
  }
};

const auditNonces = ({ nonces }: DeliveryFacts, chain: ChainFacts, report: Report): void => {
  for (const { chain: name, signer, nonce, isOpen } of nonces) {
    if (name !== chain.name) continue;
    const count = chain.counts.get(signer) ?? 0;
    if (nonce >= count) report("nonce-gap", `${signer}:${nonce}`, `the chain has ${count}`);
    else if (isOpen) report("open", `${signer}:${nonce}`, "its transaction counts as open");
  }
};

/**
 * Holds what was promised against what is: every signed round is on chain exactly once or reported with a code, rounds
 * never go back, nothing waits for ever, and the database says what the chain says. Empty when all of it holds.
 */
export const auditDelivery = (facts: DeliveryFacts): readonly Violation[] => {
  const violations: Violation[] = [];
  const report: Report = (kind, subject, detail) => {
    violations.push({ kind, subject, detail });
  };
  auditRounds(facts, report);
  auditOutbox(facts, report);
  for (const chain of facts.chains) {
    auditEvents(facts, chain, report);
    auditDeliveries(facts, chain, report);
    auditNonces(facts, chain, report);
  }
  return violations;
};
