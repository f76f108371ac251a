import { afterAll } from "vitest";
import { startAnvil } from "../../src/cli/anvil.ts";
import { connectTestChain, type TestChain } from "./test-chain.ts";

/** Starts anvil on a free port and ends it after the file's tests. */
export const startTestChain = async (extra: readonly string[] = []): Promise<TestChain> => {
  const anvil = await startAnvil({ signal: AbortSignal.timeout(20_000), extra });
  afterAll(() => anvil.stop());
  return connectTestChain(anvil);
};
