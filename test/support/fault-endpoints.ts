import { setTimeout as sleep } from "node:timers/promises";
import type { RpcRule } from "./rpc-gate.ts";
import type { FaultStage } from "./fault-stage.ts";
import {
  breakAfterBroadcast,
  failEvery,
  inventReceipts,
  lagBehind,
  lieAboutNonce,
  refuseReplacements,
  silenceAfterBroadcast,
  swallowBroadcasts,
} from "./rpc-lies.ts";

/** One way in which an endpoint is not to be trusted. */
export interface EndpointFault {
  readonly name: string;
  readonly rule: () => RpcRule;
  /** How many times as fast a courier's pauses pass. */
  readonly speed?: number;
  /** The endpoint never gets better, and all must land all the same. */
  readonly isForEver: boolean;
}

/** Every one that the harness knows. */
export const endpointFaults: readonly EndpointFault[] = [
  { name: "RPC breaks after broadcasting", rule: () => breakAfterBroadcast(6), isForEver: true },
  {
    name: "RPC times out after broadcasting",
    rule: () => silenceAfterBroadcast(2),
    isForEver: true,
  },
  { name: "RPC answers 500 to every third", rule: () => failEvery(3), isForEver: true },
  { name: "RPC counts 2 nonces too many", rule: () => lieAboutNonce(2), isForEver: false },
  { name: "RPC counts 1 nonce too few", rule: () => lieAboutNonce(-1), isForEver: false },
  { name: "RPC lags 3 blocks behind", rule: () => lagBehind(3), isForEver: true },
  {
    name: "RPC throws broadcasts away",
    rule: () => swallowBroadcasts(4),
    speed: 4,
    isForEver: true,
  },
  { name: "RPC invents receipts", rule: () => inventReceipts(), isForEver: false },
  { name: "RPC takes no replacement", rule: () => refuseReplacements(), isForEver: false },
];

/** How long a lie holds before the endpoint is honest again, ms. */
const LIE_MS = 4_000;

/** Rounds come before, while and after an endpoint misbehaves; gives how many questions it was asked meanwhile. */
export const misbehave = async (
  stage: FaultStage,
  { rule, speed, isForEver }: Pick<EndpointFault, "rule" | "speed" | "isForEver">,
): Promise<number> => {
  const courier = stage.start({ speed: speed ?? 1 });
  await courier.ready;
  await stage.commit(2);
  await stage.rest(30_000);
  const before = stage.gate.questions();
  stage.gate.interfere(rule());
  await stage.commit(4);
  if (!isForEver) await sleep(LIE_MS);
  else if (!(await stage.rest(60_000))) throw new Error("nothing moves under the fault");
  const asked = stage.gate.questions() - before;
  if (!isForEver) stage.gate.interfere(null);
  await stage.commit(2);
  await stage.rest(60_000);
  await courier.stop();
  return asked;
};
