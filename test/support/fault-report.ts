import { appendFileSync } from "node:fs";
import { expect } from "vitest";
import type { Violation } from "./delivery-auditor.ts";
import type { FaultStage } from "./fault-stage.ts";

/** One line of the table that `npm run test:faults` prints. */
export interface FaultFigures {
  readonly scenario: string;
  readonly engine: string;
  readonly bus: string;
  /** Rounds that were signed, over all feeds. */
  readonly rounds: number;
  /** Kills, reorgs or lies that happened. */
  readonly faults: number;
  readonly seconds: number;
  /** Deliveries by status at the end. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
}

/** Writes figures to the file that `CRYPTLET_FAULTS_FILE` names, one JSON document to a line. */
export const reportFigures = (figures: FaultFigures): void => {
  const file = process.env["CRYPTLET_FAULTS_FILE"];
  if (file !== undefined && file !== "") appendFileSync(file, `${JSON.stringify(figures)}\n`);
};

/** How long deliveries may take to come to rest after the last fault, ms. */
const REST_MS = 90_000;

/**
 * Lets `act` do its worst and say how many faults that were, waits until all is at rest, and has it audited: any
 * violation fails the test. What never comes to rest is one.
 */
export const expectSurvival = async (
  { scenario, bus, stage }: { scenario: string; bus: string; stage: FaultStage },
  act: (stage: FaultStage) => Promise<number>,
  restMs = REST_MS,
): Promise<void> => {
  const start = performance.now();
  const faults = await act(stage);
  await stage.rest(restMs);
  const seconds = (performance.now() - start) / 1_000;
  const violations = await stage.audit();
  reportFigures({
    scenario,
    engine: stage.engine.name,
    bus,
    rounds: stage.feeds.reduce((sum, feed) => sum + feed.round(), 0),
    faults,
    seconds,
    statuses: await stage.statuses(),
    violations,
  });
  expect(violations).toEqual([]);
};
