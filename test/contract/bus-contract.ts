import { afterAll, beforeAll, describe, onTestFinished } from "vitest";
import type {
  Bus,
  ConsumeOptions,
  Consumption,
  MessageHandler,
  StreamConfig,
} from "../../src/bus/bus.ts";
import { busDrivers, type BusHome } from "./bus-drivers.ts";

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (data: Uint8Array): string => new TextDecoder().decode(data);

/** Consumes as `reader`, with limits that a test changes. */
export const consuming = (
  bus: Bus,
  stream: string,
  handler: MessageHandler,
  change: Partial<ConsumeOptions> = {},
): Promise<Consumption> =>
  bus.consume({ stream, durable: "reader", ackWaitMs: 5_000, maxDeliver: 5, ...change }, handler);

/** What a test of the contract works with. */
export interface BusContext {
  readonly home: () => BusHome;
  /** A bus that is closed when the test ends. */
  readonly open: () => Promise<Bus>;
  /** A stream of this test's own, and its subjects' first token. */
  readonly freshStream: () => { readonly root: string; readonly config: StreamConfig };
  readonly withStream: () => Promise<{ bus: Bus; root: string; config: StreamConfig }>;
}

/** Runs `suite` over every driver that there is here; the others are noted as not run. */
export const busContract = (name: string, suite: (context: BusContext) => void): void => {
  for (const driver of busDrivers) {
    const title = `bus contract, ${name}: ${driver.name}`;
    if (!driver.available(title)) continue;
    describe(`bus contract, ${name}: ${driver.name}`, () => {
      let home: BusHome;
      let streams = 0;
      beforeAll(async () => {
        home = await driver.start();
      });
      afterAll(() => home.end());

      const open = async (): Promise<Bus> => {
        const bus = await home.open();
        onTestFinished(() => bus.close());
        return bus;
      };
      const freshStream = (): { root: string; config: StreamConfig } => {
        streams += 1;
        const root = `t${streams}`;
        const subjects = [`${root}.>`];
        const config = {
          name: `T${streams}`,
          subjects,
          maxAgeMs: 3_600_000,
          duplicateWindowMs: 60_000,
        };
        return { root, config };
      };
      suite({
        home: () => home,
        open,
        freshStream,
        withStream: async () => {
          const bus = await open();
          const { root, config } = freshStream();
          await bus.ensureStream(config);
          return { bus, root, config };
        },
      });
    });
  }
};
