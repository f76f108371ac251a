import {
  expectObservation,
  expectRefusal,
  mockChain,
  readRecording,
  revertWith,
  testCryptlet,
  testInEnclave,
} from "cryptlet-fabric/test-kit";
import { expect, it } from "vitest";
import manifest from "../cryptlet.json" with { type: "json" };
import { cryptlet } from "../src/main.ts";

const HOUR = 3_600_000;
const now = Date.parse("2026-07-03T16:00:00Z");
const recording = await readRecording(new URL("../recordings/delivered.json", import.meta.url));
const address = manifest.capabilities.chains[0]?.contracts[0]?.address ?? "";
const abi = [
  "function state() view returns (uint8)",
  "function deadline() view returns (uint256)",
  "function deliveredAt() view returns (uint256)",
];

const seconds = (time: number) => BigInt(time / 1_000);
/** The escrow in a state at `now`; times in ms since epoch. */
const escrow = (state: bigint, times: { deadline?: number; deliveredAt?: number } = {}) => {
  const { deadline = now + HOUR, deliveredAt = 0 } = times;
  const answers = { state, deadline: seconds(deadline), deliveredAt: seconds(deliveredAt) };
  return mockChain({ local: { contracts: [{ address, abi, answers }] } });
};

/** An escrow whose functions answer this. */
const answering = (answers: Readonly<Record<string, unknown>>) =>
  mockChain({ local: { contracts: [{ address, abi, answers }] } });

it.each([
  ["is not funded", 0n, {}, "0"],
  ["waits for its delivery", 1n, {}, "0"],
  ["waits at its deadline", 1n, { deadline: now }, "0"],
  ["is past its deadline", 1n, { deadline: now - 1_000 }, "2"],
  ["was delivered just now", 2n, { deliveredAt: now - 1_000 }, "0"],
  ["was delivered long enough ago", 2n, { deliveredAt: now - 2 * HOUR }, "1"],
  ["was released", 3n, {}, "0"],
  ["was refunded", 4n, {}, "0"],
] as const)("knows the step of an escrow that %s", async (_what, state, times, step) => {
  const report = await testCryptlet(cryptlet, { at: now, chain: escrow(state, times) });
  expectObservation(report)
    .toHaveValue(step)
    .toHaveSource("escrow", { extracted: String(state) });
});

it("reads all three at one block, whose time counts", async () => {
  const chain = escrow(1n);
  const report = await testCryptlet(cryptlet, { at: now, chain });
  expect(chain.reads).toHaveLength(1);
  expect(report.observation?.observedAt).toBe(now);
});

it("publishes nothing for a contract that is no escrow", async () => {
  for (const chain of [
    escrow(9n),
    mockChain({ local: { contracts: [] } }),
    answering({ state: revertWith(), deadline: 0n, deliveredAt: 0n }),
    answering({ state: 1n, deadline: 2n ** 255n, deliveredAt: 0n }),
  ])
    expectRefusal(await testCryptlet(cryptlet, { at: now, chain }), "SOURCE_SHAPE");
});

it("publishes nothing while endpoints disagree", async () => {
  const chain = mockChain({ local: { error: "CHAIN_NO_QUORUM" } });
  expectRefusal(await testCryptlet(cryptlet, { at: now, chain }), "CHAIN_NO_QUORUM");
});

it("gives the same in the enclave that it gives here", async () => {
  const run = { at: now, recording };
  expectObservation(await testCryptlet(cryptlet, run)).toHaveValue("1");
  const inside = await testInEnclave(new URL("..", import.meta.url), run);
  expectObservation(inside).toHaveValue("1");
});
