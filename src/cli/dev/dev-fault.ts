import { isFabricError } from "../../core/errors/fabric-error.ts";
import { toWire } from "../../core/errors/wire.ts";
import type { DevFault } from "./dev-event.ts";

/** An error as news hold it. */
export const toDevFault = (error: unknown): DevFault => {
  const { code, message } = toWire(error);
  return { code, message, hint: isFabricError(error) ? error.hint : "" };
};
