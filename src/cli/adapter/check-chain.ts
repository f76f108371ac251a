import { quantity } from "../../adapters/evm/evm-rpc.ts";
import { feedAbi } from "../../adapters/evm/feed-abi.ts";
import { createFeeSource, type Fees } from "../../adapters/evm/fee-policy.ts";
import { createFeedContract } from "../../adapters/evm/feed-contract.ts";
import type { EvmPool } from "../../adapters/evm/endpoints/create-evm-pool.ts";
import { probeChain } from "../../adapters/evm/probe-chain.ts";
import { probeTag, type TagProbe } from "../../adapters/evm/probe-finality.ts";
import { signTransaction, type TransactionSigner } from "../../adapters/evm/transaction-signer.ts";
import { systemClock } from "../../core/clock.ts";
import { silentLog } from "../../core/log.ts";
import type { FabricConfig } from "../../core/config/schema.ts";
import type { ErrorCode } from "../../core/errors/catalogue.ts";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { toWire } from "../../core/errors/wire.ts";
import { feePolicy } from "../../host/fee-policy.ts";
import { openOnePackage } from "../../host/open-cryptlet-package.ts";
import { defineFeed } from "../../host/feed-definition.ts";
import { openPool } from "../../host/open-pool.ts";
import { openSigner } from "../../host/open-signer.ts";
import { formatTime } from "../duration.ts";
import { formatFinality } from "./finality-text.ts";

type ChainConfig = FabricConfig["chains"][number];
type BindingConfig = FabricConfig["bindings"][number];

/** One thing that was looked at. */
export interface ChainFinding {
  /** For example `endpoint rpc-1`. */
  readonly part: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly code: ErrorCode | null;
}

/** Longest look at one chain, ms. */
const CHECK_MS = 30_000;

const told = (probe: TagProbe): string =>
  probe.kind === "block"
    ? `block ${probe.number}`
    : probe.kind === "young"
      ? "not yet"
      : probe.reason;

const priceOf = (fees: Fees): string =>
  fees.type === 2
    ? `EIP-1559, at most ${fees.maxFeePerGas} wei per gas with a tip of ${fees.maxPriorityFeePerGas}`
    : `type 0 at ${fees.gasPrice} wei per gas`;

/** Runs one look; what it throws is its finding. */
const look = async (part: string, find: () => Promise<string>): Promise<ChainFinding> => {
  try {
    return { part, ok: true, detail: await find(), code: null };
  } catch (error) {
    const { code, message } = toWire(error);
    return { part, ok: false, detail: message, code: isFabricError(error) ? error.code : code };
  }
};

const endpointFindings = async (pool: EvmPool, signal: AbortSignal): Promise<ChainFinding[]> => {
  const { endpoints, quorum } = await pool.refresh({ signal });
  return endpoints.map((one) => ({
    part: `endpoint ${one.name}`,
    ok: one.state === "live" || one.state === "lagging",
    detail:
      one.height === null
        ? `${one.state}, ${quorum} must agree`
        : `${one.state}, block ${one.height}, ${one.latencyMs} ms, ${quorum} must agree`,
    code: one.code,
  }));
};

/** Signs a transfer of nothing that is never sent: what a service or key file can do shows only when it does it. */
const trySigner = async (
  chain: ChainConfig,
  signer: TransactionSigner,
  signal: AbortSignal,
): Promise<string> => {
  const { chainId } = chain;
  const fields = { chainId, type: 2, nonce: 0, gasLimit: 0n, value: 0n, to: signer.address };
  await signTransaction(fields, signer, { signal });
  return `${chain.signer.kind}, signs as ${signer.address}`;
};

const lookAtBinding = async (
  config: FabricConfig,
  { feed: id, contract }: BindingConfig,
  pool: EvmPool,
  signal: AbortSignal,
): Promise<string> => {
  const feed = config.feeds.find((one) => one.id === id);
  if (!feed) throw fabricError("FEED_UNKNOWN", { feed: id });
  const entry = config.cryptlets.find((one) => one.id === feed.cryptlet);
  if (!entry) throw fabricError("CRYPTLET_UNKNOWN", { cryptlet: feed.cryptlet });
  const { found } = await openOnePackage(config, entry, { log: silentLog, signal });
  const { manifest } = found;
  const defined = defineFeed(config, feed, manifest);
  const feeds = createFeedContract(pool);
  const address = await feeds.resolve({ contract, feedHash: defined.hash }, { signal });
  const set = await feeds.signerSet(address, { signal });
  const latest = await feeds.latest(address, { signal });
  const call = [{ to: address, data: feedAbi.encodeFunctionData("decimals") }, "latest"];
  const decimals = await pool.call(quantity, "eth_call", call, { signal });
  const expected = defined.manifest.kind === "decimal" ? defined.manifest.decimals : null;
  const refuse = (reason: string) => fabricError("ONCHAIN_REFUSED", { contract, reason });
  if (Number(decimals) !== expected) throw refuse(`${decimals} decimals, the feed has ${expected}`);
  if (set.members.length < set.threshold)
    throw refuse(`${set.members.length} signers left of ${set.threshold} that it needs`);
  const until = set.notAfter * 1_000;
  if (until <= systemClock.now()) throw refuse(`its signers ended at ${formatTime(until)}`);
  const round = latest === null ? "no round yet" : `round ${latest.round}`;
  return `${round}, ${set.threshold} of ${set.members.length} signers until ${formatTime(until)}`;
};

/** Asks a chain of the configuration everything that a delivery will need of it. Nothing is sent. */
export const checkChain = async (
  config: FabricConfig,
  chain: ChainConfig,
  stop: AbortSignal,
): Promise<readonly ChainFinding[]> => {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(CHECK_MS)]);
  const pool = openPool(chain);
  const findings = await endpointFindings(pool, signal);
  let height = 0;
  const identity = await look("chain", async () => {
    const state = await probeChain(pool, chain, { signal });
    ({ height } = state);
    return `chain ${state.chainId} at height ${height}, ${state.engine}`;
  });
  findings.push(identity);
  if (identity.ok || identity.code === "CHAIN_FINALITY_UNSUPPORTED") {
    findings.push(
      await look("finality", async () => {
        const [safe, finalized] = [
          await probeTag(pool, "safe", height, { signal }),
          await probeTag(pool, "finalized", height, { signal }),
        ];
        return `${formatFinality(chain.finality)}; safe: ${told(safe)}, finalized: ${told(finalized)}`;
      }),
      await look("fees", async () => {
        const fees = createFeeSource(pool, feePolicy(chain.fees), systemClock, chain.name);
        return priceOf(await fees.current({ signal }));
      }),
    );
  }
  let signer: TransactionSigner | null = null;
  findings.push(
    await look("signer", async () => {
      signer = await openSigner(chain);
      return await trySigner(chain, signer, signal);
    }),
  );
  const payer = signer as TransactionSigner | null;
  if (payer && identity.ok)
    findings.push(
      await look("balance", async () => {
        const params = [payer.address, "latest"];
        const wei = await pool.call(quantity, "eth_getBalance", params, { signal });
        const isFree = chain.fees.kind === "legacy" && chain.fees.gasPrice === 0n;
        if (wei > 0n || isFree) return `${wei} wei`;
        throw fabricError("CHAIN_FUNDS_MISSING", {
          chain: chain.name,
          account: payer.address,
          missing: "any",
        });
      }),
    );
  if (identity.ok)
    for (const binding of config.bindings.filter((one) => one.chain === chain.name))
      findings.push(
        await look(`feed ${binding.feed} at ${binding.contract}`, () =>
          lookAtBinding(config, binding, pool, signal),
        ),
      );
  stop.throwIfAborted();
  return findings;
};
