import type { FeePolicy } from "../adapters/evm/fee-policy.ts";
import type { FabricConfig } from "../core/config/schema.ts";

/** The fee policy of a configured chain. */
export const feePolicy = (fees: FabricConfig["chains"][number]["fees"]): FeePolicy => {
  switch (fees.kind) {
    case "legacy":
      return fees;
    case "legacy-market":
      return {
        kind: "legacy-market",
        percent: fees.percent,
        ...(fees.maxGasPrice === null ? {} : { maxFeePerGas: fees.maxGasPrice }),
      };
    case "market":
      return {
        kind: "market",
        tipPercentile: fees.tipPercentile,
        baseFeePercent: fees.baseFeePercent,
        ...(fees.tipPerGas === null ? {} : { tipPerGas: fees.tipPerGas }),
        ...(fees.maxTipPerGas === null ? {} : { maxTipPerGas: fees.maxTipPerGas }),
        ...(fees.maxFeePerGas === null ? {} : { maxFeePerGas: fees.maxFeePerGas }),
      };
    default:
      return fees satisfies never;
  }
};
