import type { SourceMapper } from "../../../enclave-sim/host/source-mapper.ts";
import { fromWire } from "../../core/errors/wire.ts";
import type { Fabric } from "../../host/fabric.ts";
import type { FabricEvent } from "../../host/fabric-events.ts";
import type { DevChain } from "./dev-chain.ts";
import type { DevEvent } from "./dev-event.ts";
import { stackLines } from "./dev-fault.ts";

interface NewsParts {
  readonly fabric: Fabric;
  readonly chain: DevChain | null;
  /** Of the code that runs; null where its language has no map. */
  readonly mapper: SourceMapper | null;
  readonly units: ReadonlyMap<string, string>;
  readonly decimals: ReadonlyMap<string, number>;
  readonly emit: (event: DevEvent) => void;
  readonly now: () => number;
  /** A round that is where it can go: on the chain, or committed where there is none. */
  readonly onRound: (feed: string, round: number) => void;
  readonly onRunEnded: (run: string) => void;
}

/** Tell what happens in a fabric as news of the session. Returns the function that ends it. */
export const tellFabricNews = (parts: NewsParts): (() => void) => {
  const { fabric, chain, emit, now, units, decimals, mapper } = parts;

  const readChain = async (feed: string, contract: string, round: number): Promise<void> => {
    if (!chain) return;
    const read = await chain.read(contract);
    emit({
      type: "chain-read",
      feed,
      contract,
      round: read.round,
      answer: read.answer.toString(),
      decimals: decimals.get(feed) ?? 0,
      updatedAt: read.updatedAt,
      blockTime: read.blockTime,
    });
    parts.onRound(feed, round);
  };

  const tellDelivery = ({ delivery }: Extract<FabricEvent, { type: "delivery" }>): void => {
    const { feed, round, contract, status, error, transaction, blockNumber } = delivery;
    if (status === "final") {
      emit({ type: "delivered", feed, round, contract, transaction, blockNumber });
      // The chain may be gone already where the session ends.
      readChain(feed, contract, round).catch(() => {});
    } else if (status === "failed")
      emit({ type: "delivery-failed", feed, round, contract, code: error });
  };

  return fabric.events.subscribe((event) => {
    switch (event.type) {
      case "run-started":
        emit({ ...event, at: now() });
        break;
      case "run-finished":
        emit({ ...event, unit: units.get(event.feed) ?? null });
        parts.onRunEnded(event.run);
        break;
      case "run-failed":
        emit({ ...event, stack: stackLines(fromWire(event.error), mapper) });
        parts.onRunEnded(event.run);
        break;
      case "round-committed": {
        const { feed, round, answer, value, mode, simulated, observedAt, validUntil } = event.round;
        emit({
          type: "envelope",
          feed,
          round,
          answer,
          value,
          mode,
          simulated,
          observedAt,
          validUntil,
          envelope: event.round.envelopeDigest,
          signer: event.signer,
        });
        if (!chain || answer === null) parts.onRound(feed, round);
        break;
      }
      case "delivery":
        tellDelivery(event);
        break;
      default:
    }
  });
};
