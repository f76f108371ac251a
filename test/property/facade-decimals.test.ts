import fc from "fast-check";
import { expect, it } from "vitest";
import { Interface } from "ethers";
import { createEvmAccount } from "../../src/adapters/evm/evm-account.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { startTestChain } from "../support/anvil.ts";
import { readTestContract, shippedAbi } from "../support/facade-fixture.ts";
import { ANVIL_SECRETS } from "../support/test-chain.ts";

const probeAbi = new Interface([
  "function scale(int256 value, uint8 decimals) pure returns (int256)",
]);
const errors = shippedAbi("Decimals18");

it("scaling to 18 decimals is exact up to 18, cuts towards zero beyond, and never wraps", async () => {
  const chain = await startTestChain();
  const signer = createTransactionSigner(ANVIL_SECRETS[0]);
  const account = createEvmAccount({ rpcUrl: chain.url, signer });
  const { bytecode } = readTestContract("DecimalsProbe");
  const { contractAddress } = await account.send("probe", { to: null, data: bytecode });
  const scale = async (value: bigint, decimals: number): Promise<bigint | string> => {
    const data = probeAbi.encodeFunctionData("scale", [value, decimals]);
    const answer = await chain.rpc.ask("eth_call", [{ to: contractAddress, data }, "latest"]);
    if (answer.ok) return BigInt(String(answer.result));
    return errors.parseError(answer.fault.data ?? "0x")?.name ?? "unknown";
  };
  const signed = (word: bigint | string): bigint | string =>
    typeof word === "bigint" ? BigInt.asIntN(256, word) : word;
  const values = fc.oneof(
    fc.bigInt({ min: -(2n ** 79n), max: 2n ** 79n - 1n }),
    fc.bigInt({ min: -(2n ** 161n), max: 2n ** 161n }),
    fc.bigInt({ min: -(2n ** 255n), max: 2n ** 255n - 1n }),
  );
  await fc.assert(
    fc.asyncProperty(values, fc.integer({ min: 0, max: 60 }), async (value, decimals) => {
      const fits = value >= -(2n ** 159n) && value < 2n ** 159n;
      const exact =
        decimals > 18 ? value / 10n ** BigInt(decimals - 18) : value * 10n ** BigInt(18 - decimals);
      const expected = decimals > 36 ? "UnsupportedDecimals" : fits ? exact : "ValueDoesNotFit";
      const scaled = signed(await scale(value, decimals));
      expect(scaled).toBe(expected);
      if (typeof scaled === "bigint") expect(BigInt.asIntN(224, scaled)).toBe(scaled);
    }),
    { numRuns: 150 },
  );
});
