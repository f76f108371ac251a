import { expect, onTestFinished, test } from "vitest";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { silentLog } from "../core/log.ts";
import { createManualClock } from "../core/manual-clock.ts";
import { startEvidenceRenewal } from "./evidence-renewal.ts";

const DAY_MS = 86_400_000;
const evidence = (body: string) => ({ type: "application/vnd.cryptlet.test+json", body });

/** A Cryptlet that gives its evidence a number, and fails when told to. */
const cryptletOf = (id: string) => {
  let asked = 0;
  let resolveAsked: () => void = () => undefined;
  const state = { fails: false, next: Promise.resolve() };
  const expectNext = () => {
    state.next = new Promise((resolve) => {
      resolveAsked = resolve;
    });
    return state.next;
  };
  const loaded = {
    id,
    evidence: evidence(`${id}-0`),
    renewEvidence: async () => {
      asked += 1;
      resolveAsked();
      if (state.fails) throw new Error("no platform");
      return { evidence: evidence(`${id}-${asked}`) };
    },
  } as unknown as LoadedCryptlet;
  return { loaded, state, expectNext };
};

test("evidence is renewed each day; one that fails goes on with what it has and is tried again sooner", async () => {
  const clock = createManualClock(0);
  const [gold, silver] = [cryptletOf("gold"), cryptletOf("silver")];
  const renewal = startEvidenceRenewal({
    cryptlets: [gold.loaded, silver.loaded],
    clock,
    log: silentLog,
  });
  onTestFinished(() => renewal.stop());
  expect(renewal.of(gold.loaded)).toEqual(evidence("gold-0"));

  gold.state.fails = true;
  const first = silver.expectNext();
  await clock.advance(DAY_MS);
  await first;
  await expect.poll(() => renewal.of(silver.loaded)).toEqual(evidence("silver-1"));
  expect(renewal.of(gold.loaded)).toEqual(evidence("gold-0"));

  gold.state.fails = false;
  const second = silver.expectNext();
  await clock.advance(600_000);
  await second;
  await expect.poll(() => renewal.of(gold.loaded)).toEqual(evidence("gold-2"));
});

test("a stop ends the wait at once", async () => {
  const renewal = startEvidenceRenewal({
    cryptlets: [],
    clock: createManualClock(0),
    log: silentLog,
  });
  await expect(renewal.stop()).resolves.toBeUndefined();
});
