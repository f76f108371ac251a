import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { CryptletCaller } from "../capabilities/call/cryptlet-caller.ts";
import type { Cell } from "./cell.ts";

/** `CryptletCaller` over the Cryptlets that an enclave has loaded. */
export const createCellCaller = (cells: () => readonly Cell[]): CryptletCaller => ({
  call: async (request, { signal }) => {
    const { cryptlet, measurement } = request;
    const refuse = (reason: string) => fabricError("CALL_REFUSED", { cryptlet, reason });
    const named = cells().filter((cell) => cell.stats().id === cryptlet);
    const found = named.filter(
      (cell) => measurement === null || cell.stats().measurement === measurement,
    );
    const callee = found.at(-1);
    if (!callee) throw refuse(named.length === 0 ? "it is not loaded" : "other code is loaded");
    if (new Set(found.map((cell) => cell.stats().measurement)).size > 1)
      throw refuse("two versions are loaded and the manifest names no measurement");
    return callee.answerCall(request, signal);
  },
});
