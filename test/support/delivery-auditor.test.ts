import { expect, it } from "vitest";
import { auditDelivery, type ViolationKind } from "./delivery-auditor.ts";
import type { ChainFacts, DeliveryFact, DeliveryFacts } from "./delivery-facts.ts";

const FEEDS = ["gold", "silver"];
const ROUNDS = [1, 2, 3];
const CHAIN = "local";
const SIGNER = "0xaa";

const contractOf = (feed: string): string => `0x${feed}`;
const transactionOf = (feed: string, round: number): string => `0xtx-${feed}-${round}`;
const blockOf = (round: number): { blockNumber: number; blockHash: string } => ({
  blockNumber: round * 10,
  blockHash: `0xblock-${round * 10}`,
});
const each = <Result>(make: (feed: string, round: number) => Result): Result[] =>
  ROUNDS.flatMap((round) => FEEDS.map((feed) => make(feed, round)));

/** Two feeds, three rounds each, all of them landed as they should; round 2 of silver is superseded with a code. */
const goodFacts = (): DeliveryFacts & { chains: ChainFacts[] } => {
  const landed = each((feed, round) => ({ feed, round })).filter(
    ({ feed, round }) => feed !== "silver" || round !== 2,
  );
  const deliveries = each((feed, round): DeliveryFact => ({
    id: `${feed}:${round}:${CHAIN}:${contractOf(feed)}`,
    feed,
    round,
    chain: CHAIN,
    contract: contractOf(feed),
    status: "final",
    error: null,
    transaction: transactionOf(feed, round),
    ...blockOf(round),
  })).map((row) =>
    row.feed === "silver" && row.round === 2
      ? { ...row, status: "superseded", error: "DELIVERY_OVERTAKEN", transaction: null }
      : row,
  );
  return {
    rounds: each((feed, round) => ({ feed, round, answer: String(round * 100) })),
    bindings: FEEDS.map((feed) => ({ feed, chain: CHAIN, contract: contractOf(feed) })),
    outbox: each((feed, round) => ({
      messageId: `cryptlet:${feed}:${round}:ab`,
      stream: "ROUNDS",
      sequence: round,
      isPublished: true,
    })),
    deliveries,
    nonces: landed.map((_, nonce) => ({ chain: CHAIN, signer: SIGNER, nonce, isOpen: false })),
    signed: new Set(landed.map(({ feed, round }) => transactionOf(feed, round))),
    chains: [
      {
        name: CHAIN,
        height: 40,
        depth: 3,
        events: landed.map(({ feed, round }) => ({
          contract: contractOf(feed),
          round,
          answer: String(round * 100),
          transaction: transactionOf(feed, round),
          ...blockOf(round),
        })),
        counts: new Map([[SIGNER, landed.length]]),
        blocks: new Map(
          ROUNDS.map((round) => [blockOf(round).blockNumber, blockOf(round).blockHash]),
        ),
        receipts: new Map(
          landed.map(({ feed, round }) => [
            transactionOf(feed, round),
            { status: 1, blockHash: blockOf(round).blockHash },
          ]),
        ),
      },
    ],
    streams: [{ name: "ROUNDS", lastSequence: 3 }],
    deadLetters: [],
  };
};

type Facts = ReturnType<typeof goodFacts>;

const withChain = (facts: Facts, change: (chain: ChainFacts) => Partial<ChainFacts>): Facts => ({
  ...facts,
  chains: facts.chains.map((chain) => ({ ...chain, ...change(chain) })),
});
const withDelivery = (facts: Facts, id: string, change: Partial<DeliveryFact>): Facts => ({
  ...facts,
  deliveries: facts.deliveries.map((row) => (row.id.startsWith(id) ? { ...row, ...change } : row)),
});

/** What is planted, and what must be found. */
const plants: readonly [string, ViolationKind, (facts: Facts) => Facts][] = [
  [
    "a round without a delivery",
    "lost",
    (facts) => ({
      ...facts,
      deliveries: facts.deliveries.filter(({ id }) => !id.startsWith("gold:2:")),
    }),
  ],
  [
    "a delivery that is final and has no event",
    "not-on-chain",
    (facts) =>
      withChain(facts, ({ events }) => ({
        events: events.filter(({ contract, round }) => contract !== "0xgold" || round !== 2),
      })),
  ],
  [
    "a failed delivery whose own transaction landed",
    "unreported",
    (facts) => withDelivery(facts, "gold:2:", { status: "failed", error: "EVENT_MISSING" }),
  ],
  [
    "an event that comes twice",
    "twice",
    (facts) =>
      withChain(facts, ({ events }) => ({
        events: [
          ...events,
          ...events.filter(({ contract, round }) => contract === "0xgold" && round === 3),
        ],
      })),
  ],
  [
    "an older round after a newer one",
    "regress",
    (facts) =>
      withChain(facts, ({ events }) => ({
        events: events
          .filter(({ contract }) => contract === "0xgold")
          .toReversed()
          .concat(events.filter(({ contract }) => contract !== "0xgold")),
      })),
  ],
  [
    "another answer than the signed one",
    "wrong-answer",
    (facts) =>
      withChain(facts, ({ events }) => ({
        events: events.map((event) => (event.round === 1 ? { ...event, answer: "7" } : event)),
      })),
  ],
  [
    "a round on chain that nobody signed",
    "wrong-answer",
    (facts) => ({
      ...facts,
      rounds: facts.rounds.filter(({ feed, round }) => feed !== "gold" || round !== 3),
    }),
  ],
  ["an end without a code", "silent", (facts) => withDelivery(facts, "silver:2:", { error: null })],
  [
    "an end with words instead of a code",
    "silent",
    (facts) => withDelivery(facts, "silver:2:", { error: "it did not work" }),
  ],
  [
    "a delivery on its way",
    "open",
    (facts) => withDelivery(facts, "gold:3:", { status: "included" }),
  ],
  [
    "a transaction that counts as open though its nonce is used",
    "open",
    (facts) => ({ ...facts, nonces: facts.nonces.map((one) => ({ ...one, isOpen: true })) }),
  ],
  [
    "an outbox row that waits",
    "outbox",
    (facts) => ({
      ...facts,
      outbox: facts.outbox.map((row, index) =>
        index === 0 ? { ...row, isPublished: false } : row,
      ),
    }),
  ],
  [
    "a stream that lost its tail",
    "outbox",
    (facts) => ({ ...facts, streams: [{ name: "ROUNDS", lastSequence: 2 }] }),
  ],
  ["a stream that is gone", "outbox", (facts) => ({ ...facts, streams: [] })],
  [
    "a nonce that the chain never got",
    "nonce-gap",
    (facts) => ({
      ...facts,
      nonces: [...facts.nonces, { chain: CHAIN, signer: SIGNER, nonce: 6, isOpen: true }],
    }),
  ],
  [
    "an account that the chain does not know",
    "nonce-gap",
    (facts) => withChain(facts, () => ({ counts: new Map() })),
  ],
  [
    "a block that is no longer of the chain",
    "untrue-receipt",
    (facts) => withChain(facts, () => ({ blocks: new Map([[20, "0xother"]]) })),
  ],
  [
    "a receipt of a revert",
    "untrue-receipt",
    (facts) =>
      withChain(facts, ({ receipts }) => ({
        receipts: new Map(
          [...receipts].map(([hash, receipt]) => [hash, receipt && { ...receipt, status: 0 }]),
        ),
      })),
  ],
  [
    "a delivery that is final too early",
    "untrue-receipt",
    (facts) => withChain(facts, () => ({ height: 31 })),
  ],
  [
    "another transaction than the one that landed",
    "untrue-receipt",
    (facts) => withDelivery(facts, "gold:1:", { transaction: "0xother" }),
  ],
  [
    "another height than the chain's",
    "untrue-receipt",
    (facts) => withDelivery(facts, "gold:1:", { blockNumber: 20 }),
  ],
];

it("finds nothing where all is well", () => {
  expect(auditDelivery(goodFacts())).toEqual([]);
});

it.each(plants)("finds %s: %s", (_, kind, plant) => {
  const kinds = auditDelivery(plant(goodFacts())).map((violation) => violation.kind);
  expect(kinds).toContain(kind);
});

it("has a plant for every kind that it may find", () => {
  const kinds: Record<ViolationKind, true> = {
    lost: true,
    "not-on-chain": true,
    unreported: true,
    twice: true,
    regress: true,
    "wrong-answer": true,
    silent: true,
    open: true,
    outbox: true,
    "nonce-gap": true,
    "untrue-receipt": true,
  };
  expect(new Set(plants.map(([, kind]) => kind))).toEqual(new Set(Object.keys(kinds)));
});

it("takes a dead letter with a code for a report, and one without for silence", () => {
  const facts = goodFacts();
  const deliveries = facts.deliveries.filter(({ id }) => !id.startsWith("silver:2:"));
  const buried = (reason: string): DeliveryFacts => ({
    ...facts,
    deliveries,
    deadLetters: [{ messageId: "cryptlet:silver:2:ab", reason }],
  });
  expect(auditDelivery(buried("ENVELOPE_MALFORMED"))).toEqual([]);
  expect(auditDelivery(buried("nobody knows"))).toMatchObject([{ kind: "silent" }]);
});

it("believes that another account landed a superseded round", () => {
  const facts = goodFacts();
  const foreign = withChain(facts, ({ events }) => ({
    events: events.flatMap((event) =>
      event.contract === "0xsilver" && event.round === 3
        ? [{ ...event, round: 2, answer: "200", transaction: "0xforeign" }, event]
        : [event],
    ),
  }));
  expect(auditDelivery(foreign)).toEqual([]);
});
