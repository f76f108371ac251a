import type { Clock } from "../../../core/clock.ts";
import { isFabricError } from "../../../core/errors/fabric-error.ts";
import type { EvmRpc } from "../evm-rpc.ts";

/** Pauses before the second and the third try, ms. */
const PAUSES_MS = [50, 250] as const;

/**
 * Asks a lone endpoint up to three times: where nobody else can be asked, one question of many that fails would
 * otherwise make all of them be asked again, and an endpoint that fails one in three would never be through. Every
 * question may be asked twice, a broadcast too: the same bytes have one effect. Who was silent until the time limit has
 * had its time and is not asked again. Throws as `ask` does.
 */
export const askAgain =
  (ask: EvmRpc["ask"], clock: Clock, timeoutMs: number): EvmRpc["ask"] =>
  async (method, params, options = {}) => {
    const start = clock.monotonic();
    for (const pause of PAUSES_MS) {
      try {
        return await ask(method, params, options);
      } catch (error) {
        const isSlow = clock.monotonic() - start >= timeoutMs / 2;
        if (isSlow || !isFabricError(error, "CHAIN_UNREACHABLE")) throw error;
        await clock.sleep(pause, options.signal ? { signal: options.signal } : {});
      }
    }
    return await ask(method, params, options);
  };
