import { isFabricError } from "../../src/core/errors/fabric-error.ts";

/** Code of the coded error that `act` throws; `none` when it throws nothing. Any other error is thrown on. */
export const codeOf = (act: () => unknown): string => {
  try {
    act();
    return "none";
  } catch (error) {
    if (isFabricError(error)) return error.code;
    throw error;
  }
};
