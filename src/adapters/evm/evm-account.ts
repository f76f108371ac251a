import { systemClock } from "../../core/clock.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { chainNameSchema } from "../../core/ids.ts";
import { callResultSchema, receiptSchema, type EvmReceipt } from "./chain-answers.ts";
import { createEvmRpc, quantity, smallQuantity, type EvmRpc } from "./evm-rpc.ts";
import { createFeeSource, type FeePolicy } from "./fee-policy.ts";
import { readRefusal } from "./refusal.ts";
import { signTransaction, type TransactionSigner } from "./transaction-signer.ts";

/** An account that deploys and administers: one transaction at a time, each waited for. Deliveries use the adapter. */
export interface EvmAccount {
  readonly rpc: EvmRpc;
  readonly signer: TransactionSigner;
  chainId(): Promise<number>;
  /** Throws `DEPLOYMENT_FAILED` when the call is refused, with `what` in its words. */
  send(
    what: string,
    call: { readonly to: string | null; readonly data: string },
    options?: { signal?: AbortSignal },
  ): Promise<EvmReceipt>;
  read(to: string, data: string): Promise<string>;
}

const POLL_MS = 100;

/** @see EvmAccount */
export const createEvmAccount = (parts: {
  /** Several endpoints behind one port; default: `rpcUrl` alone. */
  readonly rpc?: EvmRpc;
  readonly rpcUrl: string;
  readonly signer: TransactionSigner;
  readonly fees?: FeePolicy;
}): EvmAccount => {
  const { signer } = parts;
  const clock = systemClock;
  const rpc =
    parts.rpc ?? createEvmRpc({ name: chainNameSchema.parse("deployment"), url: parts.rpcUrl });
  const fees = createFeeSource(rpc, parts.fees ?? { kind: "market" }, clock);
  const chainId = async (): Promise<number> => await rpc.call(smallQuantity, "eth_chainId", []);

  const estimate = async (what: string, call: object): Promise<bigint> => {
    const answer = await rpc.ask("eth_estimateGas", [{ from: signer.address, ...call }]);
    if (answer.ok) return (quantity.parse(answer.result) * 5n) / 4n;
    const { data, message } = answer.fault;
    const reason = data === null ? message : readRefusal(data, what).message;
    throw fabricError("DEPLOYMENT_FAILED", { what, reason });
  };

  return {
    rpc,
    signer,
    chainId,
    send: async (what, { to, data }, options = {}) => {
      const call = to === null ? { data } : { to, data };
      const [id, nonce, gasLimit, fee] = await Promise.all([
        chainId(),
        rpc.call(smallQuantity, "eth_getTransactionCount", [signer.address, "pending"]),
        estimate(what, call),
        fees.current(options),
      ]);
      const { raw, hash } = await signTransaction(
        { chainId: id, nonce, gasLimit, value: 0n, ...call, ...fee },
        signer,
      );
      await rpc.call(quantity, "eth_sendRawTransaction", [raw], options);
      for (;;) {
        const schema = receiptSchema.nullable();
        const receipt = await rpc.call(schema, "eth_getTransactionReceipt", [hash], options);
        if (receipt?.status === 0)
          throw fabricError("DEPLOYMENT_FAILED", { what, reason: "the transaction was reverted" });
        if (receipt) return receipt;
        await clock.sleep(POLL_MS, options);
      }
    },
    read: async (to, data) => {
      const answer = await rpc.ask("eth_call", [{ to, data }, "latest"]);
      if (answer.ok) return callResultSchema.parse(answer.result);
      throw readRefusal(answer.fault.data ?? "0x", to);
    },
  };
};
