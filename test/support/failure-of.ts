import { isFabricError } from "../../src/core/errors/fabric-error.ts";

/** Code and arguments of the coded error that `act` ends in; `none` when it ends well. Any other error is thrown on. */
export const failureOf = async (
  act: () => unknown,
): Promise<{ readonly code: string; readonly arguments?: object }> => {
  try {
    await act();
  } catch (error) {
    if (isFabricError(error)) return { code: error.code, arguments: error.arguments };
    throw error;
  }
  return { code: "none" };
};
