import { beforeAll, describe, expect, it } from "vitest";
import { startTestChain } from "../../../test/support/anvil.ts";
import { ANVIL_SECRETS, type TestChain } from "../../../test/support/test-chain.ts";
import { createTransactionSigner } from "../../adapters/evm/transaction-signer.ts";
import { parseConfig } from "../../core/config/load-config.ts";
import { openAccount, pickChain } from "./open-chain.ts";

const [SECRET] = ANVIL_SECRETS;
const { address } = createTransactionSigner(SECRET);
const { signal } = new AbortController();
let chain: TestChain;
beforeAll(async () => {
  chain = await startTestChain();
});

const configOf = (...changes: readonly object[]) =>
  parseConfig(
    {
      chains: changes.map((change, index) => ({
        name: `chain-${index}`,
        kind: "evm",
        rpcUrl: chain.url,
        chainId: 31_337,
        signer: { privateKey: { $env: "KEY" } },
        ...change,
      })),
    },
    { env: { KEY: SECRET }, base: "/" },
  );

describe("the account of a configured chain", () => {
  it("pays as the chain's fees say, through its endpoints", async () => {
    const config = configOf({
      rpcUrl: undefined,
      endpoints: [{ url: "http://127.0.0.1:1" }, { url: chain.url }, { url: chain.url }],
      fees: { kind: "legacy", gasPrice: "3000000000" },
    });
    const account = await openAccount(pickChain(config, undefined), undefined, signal);
    const receipt = await account.send("nothing", { to: address, data: "0x" });
    expect(receipt.effectiveGasPrice).toBe(3_000_000_000n);
  });

  it("is none of a chain that is another", async () => {
    const config = configOf({ chainId: 1 });
    await expect(
      openAccount(pickChain(config, "chain-0"), undefined, signal),
    ).rejects.toMatchObject({
      code: "CHAIN_MISMATCH",
    });
  });
});

describe("the chain that is meant", () => {
  const chosen = (name: string | undefined, ...changes: readonly object[]) => {
    try {
      return pickChain(configOf(...changes), name).name;
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };

  it("is the one that is named, or the only one", () => {
    expect(chosen(undefined, {})).toBe("chain-0");
    expect(chosen("chain-1", {}, {})).toBe("chain-1");
    expect(chosen(undefined, {}, {})).toBe("USAGE_INVALID");
    expect(chosen("chain-2", {}, {})).toBe("USAGE_INVALID");
    expect(chosen(undefined)).toBe("USAGE_INVALID");
  });
});
