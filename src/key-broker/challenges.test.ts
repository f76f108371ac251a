import { expect, it } from "vitest";
import { createManualClock } from "../core/manual-clock.ts";
import { createChallenges } from "./challenges.ts";

const codeOf = (act: () => unknown): string => {
  try {
    act();
    return "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

it("gives each challenge once, to one host, for a time", async () => {
  const clock = createManualClock(0);
  const challenges = createChallenges(clock, 1_000);
  const one = challenges.issue("host-a");
  expect(one).toMatchObject({ nonce: expect.stringMatching(/^[0-9a-f]{64}$/), expiresAt: 1_000 });
  expect(codeOf(() => challenges.take("host-b", one.nonce))).toBe("BROKER_CHALLENGE_INVALID");
  expect(codeOf(() => challenges.take("host-a", one.nonce))).toBe("none");
  expect(codeOf(() => challenges.take("host-a", one.nonce))).toBe("BROKER_CHALLENGE_INVALID");
  expect(codeOf(() => challenges.take("host-a", "00".repeat(32)))).toBe("BROKER_CHALLENGE_INVALID");
  const late = challenges.issue("host-a");
  await clock.advance(1_000);
  expect(codeOf(() => challenges.take("host-a", late.nonce))).toBe("BROKER_CHALLENGE_INVALID");
});

it("holds a bounded number for each host and forgets those that ended", async () => {
  const clock = createManualClock(0);
  const challenges = createChallenges(clock, 1_000);
  for (let i = 0; i < 32; i++) challenges.issue("greedy");
  expect(codeOf(() => challenges.issue("greedy"))).toBe("BROKER_BUSY");
  expect(codeOf(() => challenges.issue("other"))).toBe("none");
  await clock.advance(1_000);
  expect(codeOf(() => challenges.issue("greedy"))).toBe("none");
});
