import type { ChainReading } from "../../enclave-sim/capabilities/chain/chain-reader.ts";
import { FabricError, fabricError } from "../core/errors/fabric-error.ts";
import type { CallAnswer, HostCall } from "../sdk/abi.ts";
import type { ChainManifest } from "../sdk/manifest.ts";
import type { RecordedCall, RecordedChain, RecordedFault } from "./recorded.ts";

const HASH = `0x${"00".repeat(32)}`;
/** Of a callee that the test did not measure. */
export const UNKNOWN_DIGEST = `sha256:${"0".repeat(64)}`;

const needed = <Value extends object>(id: string, found: Value | RecordedFault | null): Value => {
  if (!found) throw fabricError("HTTP_UNREACHABLE", { host: id, reason: "no recorded answer" });
  if ("error" in found) throw new FabricError(found.error, found.arguments ?? {});
  return found;
};

/** A recorded read with everything that the test left out. Throws `HTTP_UNREACHABLE`, the recorded fault. */
export const chainReading = (
  found: RecordedChain | null,
  asked: {
    readonly id: string;
    /** Undefined for a sketch. */
    readonly entry: Pick<ChainManifest, "chainId" | "quorum"> | undefined;
    readonly block: Extract<HostCall, { op: "chain.read" }>["block"];
    /** ms since epoch. */
    readonly at: number;
  },
): ChainReading => {
  const { chainId = 1, quorum = 1 } = asked.entry ?? {};
  const given = needed(asked.id, found);
  const number = typeof asked.block === "number" ? asked.block : 1;
  return {
    mode: given.mode ?? "EMULATED",
    chainId: given.chainId ?? chainId,
    block: given.block ?? { number, hash: HASH, timestamp: asked.at },
    quorum: given.quorum ?? { agreed: quorum, asked: quorum },
    results: given.results,
  };
};

/** A recorded call with everything that the test left out. Throws `HTTP_UNREACHABLE`, the recorded fault. */
export const callReply = (
  found: RecordedCall | null,
  asked: { readonly id: string; readonly cryptlet: string; readonly at: number },
): Omit<CallAnswer, "reference"> => {
  const given = needed(asked.id, found);
  return {
    mode: given.mode ?? "EMULATED",
    cryptlet: given.cryptlet ?? {
      id: asked.cryptlet,
      version: "0.0.0",
      measurement: UNKNOWN_DIGEST,
    },
    observation: given.observation,
    receipt: given.receipt ?? UNKNOWN_DIGEST,
    receivedAt: given.receivedAt ?? asked.at,
  };
};
