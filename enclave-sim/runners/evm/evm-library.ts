import type * as Common from "@ethereumjs/common";
import type * as Evm from "@ethereumjs/evm";
import type * as Util from "@ethereumjs/util";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";

/** npm packages of lane evm: optional peers, because they are MPL-2.0 (docs/decisions/0025). */
export const EVM_PACKAGE = "@ethereumjs/evm";

/** The parts of ethereumjs that the lane uses. */
export interface EvmLibrary {
  readonly evm: typeof Evm;
  readonly common: typeof Common;
  readonly util: typeof Util;
}

/**
 * Loads ethereumjs, for the first Cryptlet that needs it. Throws `LANE_ENGINE_MISSING`.
 * @example
 * ```ts
 * const { evm } = await loadEvmLibrary();
 * ```
 */
export const loadEvmLibrary = async (): Promise<EvmLibrary> => {
  try {
    const [evm, common, util] = await Promise.all([
      import("@ethereumjs/evm"),
      import("@ethereumjs/common"),
      import("@ethereumjs/util"),
    ]);
    return { evm, common, util };
  } catch (cause) {
    throw fabricError("LANE_ENGINE_MISSING", { lane: "evm", packages: EVM_PACKAGE }, { cause });
  }
};
