import { setTimeout as sleep } from "node:timers/promises";
import { writeFile } from "node:fs/promises";
import path from "node:path";

import { divideHalfEven, formatDecimal } from "../../core/decimal.ts";
import { parseDecimal } from "../../core/parse-decimal.ts";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import type { ProviderEmulator } from "../../emulator/start-provider-emulator.ts";
import { toJsonText } from "../output.ts";
import { DEVIATION_PPM } from "./demo-config.ts";
import type { DemoData, DemoRefusal } from "./demo-data.ts";
import { openDemoFeed, type DemoFeed } from "./demo-feed.ts";
import type { DemoStage } from "./demo-stage.ts";
import { playFirstRound, playNextRound, type PlayedRound } from "./play-round.ts";
import { attemptAttacks } from "./refusals.ts";

/** What the scenario leaves: the facts for `--json`, and the feed that `--keep` goes on with. */
export interface ScenarioResult {
  readonly data: Omit<DemoData, "chainId" | "contracts" | "timings">;
  readonly feed: DemoFeed;
  readonly bundleFile: string;
}

/** How far the demo moves the price, in parts per million: three times the threshold. */
const MOVE_PPM = 15_000;

/** Without zeros at the end: people read it. */
const percent = (ppm: number): string =>
  formatDecimal({ value: BigInt(ppm), decimals: 4 }).replace(/\.?0+$/, "");

/** The price after the move. */
const movePrice = (text: string): string => {
  const { value, decimals } = parseDecimal(text);
  const moved = divideHalfEven(value * BigInt(1_000_000 + MOVE_PPM), 1_000_000n);
  return formatDecimal({ value: moved, decimals });
};

/** Contracts compare whole seconds: a round of the same second as the last one would not count as newer. */
const untilNextSecond = async (after: number, signal: AbortSignal): Promise<void> => {
  const wait = (Math.floor(after / 1_000) + 1) * 1_000 - Date.now();
  if (wait > 0) await sleep(wait, undefined, { signal });
};

const verifyOffline = async (
  stage: DemoStage,
  feed: DemoFeed,
  bundle: unknown,
): Promise<string> => {
  const text = toJsonText(bundle);
  const file = path.join(feed.folder, "bundle.json");
  await writeFile(file, text);
  const report = await feed.verify(text, null);
  const { steps } = report;
  stage.emit({ type: "bundle-verified", file, bytes: Buffer.byteLength(text), steps });
  if (!report.ok)
    throw fabricError("DEMO_UNEXPECTED", {
      expected: "a bundle that verifies",
      actual: report.code ?? "a failed step",
    });
  return file;
};

const refuseAttacks = async (
  stage: DemoStage,
  feed: DemoFeed,
  older: PlayedRound,
  newer: PlayedRound,
): Promise<DemoRefusal[]> => {
  const { round, observedAt, envelopeDigest } = newer.view;
  const refused: DemoRefusal[] = [];
  const attacks = attemptAttacks({
    older: older.bundle,
    newer: newer.bundle,
    known: { round, observedAt, envelopeDigest },
    verify: feed.verify,
    offer: (payload, signature) => stage.chain.offer(feed.contracts.feedStore, payload, signature),
  });
  for await (const refusal of attacks) {
    refused.push(refusal);
    stage.emit({ type: "refused", refusal });
  }
  const { answer } = await stage.chain.read(feed.contracts);
  if (answer.toString() !== newer.round.consumerAnswer)
    throw fabricError("DEMO_UNEXPECTED", {
      expected: `the price to stay ${newer.round.consumerAnswer}`,
      actual: answer.toString(),
    });
  return refused;
};

/** One live round; none where the services answer, but not well enough, and somebody else may stand in. */
const playLive = async (stage: DemoStage, limitMs: number | null): Promise<PlayedRound[]> => {
  const live = await openDemoFeed(stage, {
    fabric: "demo-live",
    feed: "xau-usd-live",
    providers: null,
  });
  try {
    const played = await playFirstRound(stage, live, limitMs === null ? {} : { limitMs });
    stage.emit({ type: "live-cannot-move" });
    return [played];
  } catch (error) {
    if (limitMs === null || !isFabricError(error, "DEMO_TIMED_OUT")) throw error;
    const code = isFabricError(error.cause) ? error.cause.code : null;
    stage.emit({ type: "live-failed", code });
    return [];
  }
};

/**
 * The whole story: a first round (live where the network allows), a price that moves, attacks, an offline check.
 * Live and emulated sources never meet in one feed: each has a fabric, a feed and a contract of its own.
 */
export const playScenario = async (
  stage: DemoStage,
  options: {
    readonly mode: "LIVE" | "EMULATED";
    readonly emulator: ProviderEmulator;
    /** How long live services may take before the emulator stands in; null: they must answer. */
    readonly liveLimitMs: number | null;
  },
): Promise<ScenarioResult> => {
  const { emit, signal, stopwatch } = stage;
  const { emulator, mode } = options;
  const played: PlayedRound[] = [];
  if (mode === "LIVE") played.push(...(await playLive(stage, options.liveLimitMs)));
  const feed = await openDemoFeed(stage, { fabric: "demo", feed: "xau-usd", providers: emulator });
  const first = await playFirstRound(stage, feed);
  await untilNextSecond(first.view.observedAt, signal);
  const second = await playNextRound(stage, feed, () => {
    emulator.setPrice(movePrice(emulator.price()));
    emit({
      type: "price-moved",
      percent: `+${percent(MOVE_PPM)}`,
      threshold: percent(DEVIATION_PPM),
    });
  });
  played.push(first, second);
  const { value: refused } = await stopwatch.time("attacks", () =>
    refuseAttacks(stage, feed, first, second),
  );
  const { value: bundleFile } = await stopwatch.time("offline check", () =>
    verifyOffline(stage, feed, second.bundle),
  );
  return {
    data: {
      sources: played.flatMap(({ sources }) => sources),
      rounds: played.map(({ round }) => round),
      refused,
      bundle: second.bundle,
    },
    feed,
    bundleFile,
  };
};
