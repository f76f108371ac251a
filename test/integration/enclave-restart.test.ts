import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type {
  EnclaveRestart,
  LoadedCryptlet,
  ServedFeed,
  SignRequest,
} from "../../enclave-sim/host/enclave.ts";
import { createMemoryCounter } from "../../enclave-sim/host/monotonic-counter.ts";
import { createRunId } from "../../src/core/ids.ts";
import {
  type ProviderEmulator,
  startProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import {
  answering,
  type EnclaveFixture,
  FEED,
  draft,
  fetchingPackage,
  handling,
  probePackage,
  startEnclave,
  trigger,
} from "../support/guest-fixture.ts";

// An enclave's thread that ends by itself is started again by its owner.

const BREAKING = new URL("../support/breaking-enclave.mjs", import.meta.url);
const restarts: EnclaveRestart[] = [];
let fixture: EnclaveFixture;
let emulator: ProviderEmulator;
beforeAll(async () => {
  emulator = await startProviderEmulator({ seed: "restart", maxStepPpm: 0 });
});
afterAll(() => emulator.close());
afterEach(async () => {
  await fixture.stop();
  restarts.length = 0;
});
const start = async () => {
  fixture = await startEnclave({ onRestart: (restart) => restarts.push(restart) }, BREAKING);
  return fixture.load(probePackage(answering()));
};
const runOf = (cryptlet: LoadedCryptlet, id = "fine") =>
  cryptlet.run(trigger({ id }), { runId: createRunId() });
const crash = (cryptlet: LoadedCryptlet) =>
  expect(runOf(cryptlet, "break")).rejects.toMatchObject({ code: "ENCLAVE_CRASHED" });

test("what was under way fails with a code, what comes later finds every Cryptlet again", async () => {
  const probe = await start();
  const other = await fixture.load(probePackage(answering(draft({ observedAt: 7 }))));
  const waiting = await fixture.load(probePackage(handling("for (;;);")));
  const running = runOf(waiting).catch((error: unknown) => error);
  await crash(probe);
  expect(await running).toMatchObject({ code: "ENCLAVE_CRASHED" });
  await expect(runOf(probe)).resolves.toMatchObject({ observation: draft() });
  await expect(runOf(other)).resolves.toMatchObject({ observation: { observedAt: 7 } });
  expect(restarts).toEqual([{ reason: expect.any(String) as string, restarts: 1 }]);
  const report = await runOf(probe);
  expect(report.receipt.measurement).toBe(probe.measurement);
});

test("again and again, later each time, and a Cryptlet that was unloaded stays away", async () => {
  const probe = await start();
  const gone = await fixture.load(probePackage(answering()));
  await gone.close();
  for (let round = 1; round <= 3; round++) {
    await crash(probe);
    await expect(runOf(probe)).resolves.toMatchObject({ observation: draft() });
    expect(restarts).toHaveLength(round);
  }
  await expect(runOf(gone)).rejects.toMatchObject({ code: "CRYPTLET_CLOSED" });
});

test("a wait for it can be given up, and a close ends it for good", async () => {
  const probe = await start();
  await crash(probe);
  const controller = new AbortController();
  controller.abort();
  const given = probe.run(trigger(), { runId: createRunId(), signal: controller.signal });
  await expect(given).rejects.toMatchObject({ code: "INTERRUPTED" });
  await fixture.enclave.close();
  await expect(runOf(probe)).rejects.toMatchObject({ code: "ENCLAVE_CLOSED" });
});

/** A Cryptlet with a source, which an enclave signs. */
const startSigning = async (change: (feeds: readonly ServedFeed[]) => readonly ServedFeed[]) => {
  await start();
  const { address, port, caPem } = emulator;
  return fixture.load(fetchingPackage(), {
    feeds: change(fixture.options().feeds),
    sources: { mode: "emulated", address, port, caPem, allowPrivateAddresses: true },
  });
};

test("what the thread before had signed binds the one after it", async () => {
  const probe = await startSigning((feeds) => feeds);
  const request = (runId: SignRequest["runId"], round: number): SignRequest => ({
    runId,
    feed: FEED,
    round,
    epoch: 0,
    previous: null,
  });
  const first = (await runOf(probe)).runId;
  const signed = await probe.sign(request(first, 5));
  await crash(probe);
  // The very same request gives the very same bytes, although the run itself is forgotten.
  await expect(probe.sign(request(first, 5))).resolves.toEqual(signed);
  const second = (await runOf(probe)).runId;
  for (const round of [4, 5])
    await expect(probe.sign(request(second, round))).rejects.toMatchObject({
      code: "ROUND_EQUIVOCATION",
    });
  await expect(probe.sign(request(second, 6))).resolves.toBeDefined();
});

test("a feed whose host says how far it is gets no round twice", async () => {
  const probe = await startSigning((feeds) => feeds.map((feed) => ({ ...feed, lastRound: 9 })));
  const { runId } = await runOf(probe);
  const request = { runId, feed: FEED, epoch: 0, previous: null };
  await expect(probe.sign({ ...request, round: 9 })).rejects.toMatchObject({
    code: "ROUND_EQUIVOCATION",
  });
  await expect(probe.sign({ ...request, round: 10 })).resolves.toBeDefined();
});

test("a folder that was rolled back while the thread was gone is noticed by the host's counter", async () => {
  fixture = await startEnclave({ counter: createMemoryCounter() }, BREAKING);
  const probe = await fixture.load(probePackage(answering()));
  await probe.rotateKeys({ overlapMs: 0 });
  const rotated = readdirSync(fixture.sealDirectory).find((name) => name.endsWith(".1.sealed"));
  rmSync(path.join(fixture.sealDirectory, rotated ?? "none"));
  await crash(probe);
  await expect(runOf(probe)).rejects.toMatchObject({ code: "CRYPTLET_CLOSED" });
  expect((await fixture.enclave.stats()).cryptlets).toEqual([]);
});

test(
  "a Cryptlet that could not be loaded again is tried until it can",
  { timeout: 40_000 },
  async () => {
    const probe = await start();
    await expect(runOf(probe)).resolves.toBeDefined();
    const files = readdirSync(fixture.sealDirectory)
      .filter((name) => name.endsWith(".sealed"))
      .map((name) => path.join(fixture.sealDirectory, name));
    expect(files.length).toBeGreaterThan(0);
    const kept = files.map((file) => [file, readFileSync(file)] as const);
    for (const file of files) writeFileSync(file, "not sealed");
    await crash(probe);
    await expect(runOf(probe)).rejects.toMatchObject({ code: "CRYPTLET_CLOSED" });
    for (const [file, bytes] of kept) writeFileSync(file, bytes);
    await expect
      .poll(
        () =>
          runOf(probe).then(
            ({ observation }) => observation,
            () => null,
          ),
        { timeout: 30_000 },
      )
      .toEqual(draft());
  },
);
