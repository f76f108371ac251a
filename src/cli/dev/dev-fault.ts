import type { BuiltPackage } from "../../../enclave-sim/host/build-package.ts";
import {
  formatGuestStack,
  guestStackOf,
  mapGuestStack,
} from "../../../enclave-sim/host/guest-stack.ts";
import { createSourceMapper, type SourceMapper } from "../../../enclave-sim/host/source-mapper.ts";
import { isFabricError } from "../../core/errors/fabric-error.ts";
import { toWire } from "../../core/errors/wire.ts";
import type { DevFault } from "./dev-event.ts";

/** Leads from a package's code back to its source; null where its language has no map. */
export const mapperOf = ({ sourceMap }: Pick<BuiltPackage, "sourceMap">): SourceMapper | null =>
  sourceMap ? createSourceMapper(sourceMap) : null;

/** The guest's stack of an error in lines, with places in its source where there is a map; empty without a stack. */
export const stackLines = (error: unknown, mapper: SourceMapper | null): readonly string[] => {
  const stack = guestStackOf(error);
  return stack === null ? [] : formatGuestStack(mapGuestStack(stack, mapper), mapper).split("\n");
};

/** An error as news hold it; `built` is the package that it came from. */
export const toDevFault = (error: unknown, built?: Pick<BuiltPackage, "sourceMap">): DevFault => {
  const { code, message } = toWire(error);
  return {
    code,
    message,
    hint: isFabricError(error) ? error.hint : "",
    stack: stackLines(error, built ? mapperOf(built) : null),
  };
};
