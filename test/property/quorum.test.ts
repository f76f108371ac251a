import fc from "fast-check";
import { expect, it } from "vitest";
import type { StateSealer } from "../../enclave-sim/capabilities/state/sealed-state.ts";
import type { StateBackend } from "../../enclave-sim/capabilities/state/state-backend.ts";
import {
  createStandingRounds,
  type StandingRounds,
} from "../../enclave-sim/host/standing-rounds.ts";
import { digestSchema, feedIdSchema } from "../../src/core/ids.ts";

const FEED = feedIdSchema.parse("gold");
const plainSealer: StateSealer = {
  seal: (plain, counter) => Uint8Array.of(counter, ...plain),
  unseal: (sealed) => sealed.slice(1),
};

/** An enclave whose disk outlives it. */
const createEnclaveMemory = () => {
  const rows = new Map<string, { version: number; body: Uint8Array }>();
  const backend: StateBackend = {
    read: async (scope) => rows.get(scope) ?? { version: 0, body: new Uint8Array() },
    write: async (scope, expected, body) => {
      if ((rows.get(scope)?.version ?? 0) !== expected) return false;
      rows.set(scope, { version: expected + 1, body });
      return true;
    },
  };
  const start = (): StandingRounds =>
    createStandingRounds({ cryptlet: "c", owner: ["f"], backend, sealer: plainSealer });
  return { start };
};

const MEMBERS = 5;
/** A leader asks some members to stand by its statement; some of them were started again before. */
const step = fc.record({
  leader: fc.nat(MEMBERS - 1),
  round: fc.integer({ min: 1, max: 4 }),
  epoch: fc.integer({ min: 1, max: 3 }),
  /** What the leader says in this try. */
  word: fc.nat(3),
  reached: fc.subarray(Array.from({ length: MEMBERS }, (_, index) => index)),
  restarted: fc.subarray(Array.from({ length: MEMBERS }, (_, index) => index)),
});

const digestOf = (leader: number, round: number, epoch: number, word: number) =>
  digestSchema.parse(
    `sha256:${[leader, round, epoch, word]
      .map((n) => n.toString(16))
      .join("")
      .padStart(64, "0")}`,
  );

it("no two statements of one round get a majority, whoever leads, is not reached, or starts again", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const memories = Array.from({ length: MEMBERS }, createEnclaveMemory);
      const enclaves = memories.map(({ start }) => start());
      const signers = new Map<string, Set<number>>();
      for (const { leader, round, epoch, word, reached, restarted } of steps) {
        for (const index of restarted) {
          const fresh = memories[index]?.start();
          if (fresh) enclaves[index] = fresh;
        }
        const statement = digestOf(leader, round, epoch, word);
        for (const index of new Set([leader, ...reached])) {
          const [result] = await Promise.allSettled([
            enclaves[index]?.enter(FEED, { round, epoch, statement }),
          ]);
          if (result?.status !== "fulfilled") continue;
          const name = `${round} ${statement}`;
          signers.set(name, (signers.get(name) ?? new Set()).add(index));
        }
      }
      const rounds = [...signers]
        .filter(([, of]) => of.size * 2 > MEMBERS)
        .map(([name]) => name.split(" ")[0]);
      expect(new Set(rounds).size).toBe(rounds.length);
    }),
    { numRuns: 150 },
  );
});
