import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Interface } from "ethers";
import { beforeAll, describe, expect, it } from "vitest";
import { readWords } from "../../src/sdk/chain-words.ts";
import { nextStep } from "../../templates/contract/ts/src/next-step.ts";
import { startTestChain } from "../support/anvil.ts";
import { createFeedFixture, namedKey, type FeedFixture } from "../support/feed-fixture.ts";

// The contract of the template `contract` on a real chain, moved by the steps that the template's own rules give.

const HOUR_S = 3_600;
const SELLER = `0x${"5e".repeat(20)}`;
const { compile } = createRequire(import.meta.url)("solc") as { compile(input: string): string };

const compileEscrow = (): { readonly abi: Interface; readonly bytecode: string } => {
  const content = readFileSync("templates/contract/all/Escrow.sol", "utf8");
  const settings = { outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } };
  const input = { language: "Solidity", sources: { "Escrow.sol": { content } }, settings };
  const output = JSON.parse(compile(JSON.stringify(input))) as {
    readonly errors?: readonly { readonly message: string }[];
    readonly contracts: Record<
      string,
      Record<
        string,
        { readonly abi: never; readonly evm: { readonly bytecode: { object: string } } }
      >
    >;
  };
  expect(output.errors ?? []).toEqual([]);
  const escrow = output.contracts["Escrow.sol"]?.["Escrow"];
  if (!escrow) throw new Error("there is no Escrow");
  return { abi: new Interface(escrow.abi), bytecode: `0x${escrow.evm.bytecode.object}` };
};

describe("the template's escrow", () => {
  const { abi, bytecode } = compileEscrow();
  let fixture: FeedFixture;
  beforeAll(async () => {
    fixture = await createFeedFixture(await startTestChain());
  });

  /** A funded escrow whose deadline is in so many seconds, with a feed of its own. */
  const open = async (name: string, deadlineIn: number) => {
    const { account, now } = fixture;
    const feed = await fixture.feed(name, { keys: [namedKey(`enclave of ${name}`)] });
    const words = abi.encodeDeploy([SELLER, (await now()) + deadlineIn]).slice(2);
    const { contractAddress } = await account.send(name, { to: null, data: bytecode + words });
    const to = contractAddress ?? "";
    const call = (method: string, values: readonly unknown[] = []) =>
      account.send(method, { to, data: abi.encodeFunctionData(method, [...values]) });
    const read = async (method: string) =>
      readWords({
        kind: "call",
        ok: true,
        data: await account.read(to, abi.encodeFunctionData(method)),
      });
    await call("connect", [feed.address]);
    const funding = { to, data: abi.encodeFunctionData("fund"), value: "0x3e8" };
    await fixture.chain.ask("eth_sendTransaction", { from: account.signer.address, ...funding });
    let round = 0;
    /** What the Cryptlet says of the chain as it is now, put into the feed. */
    const say = async (): Promise<bigint> => {
      const next = nextStep({
        state: (await read("state")).uint(0),
        deadline: (await read("deadline")).time(0),
        deliveredAt: (await read("deliveredAt")).time(0),
        at: (await now()) * 1_000,
      });
      round += 1;
      const message = await feed.message(round, { value: next, observedAt: await now() });
      await feed.send(await feed.packed(message));
      return next;
    };
    const state = async () => (await read("state")).uint(0);
    return { call, say, state };
  };
  const pass = async (seconds: number) => {
    await fixture.chain.ask("evm_increaseTime", seconds);
    await fixture.chain.ask("evm_mine");
  };

  it("keeps waiting, then pays the seller when nobody complained", async () => {
    const escrow = await open("delivered", 24 * HOUR_S);
    expect(await escrow.say()).toBe(0n);
    await expect(escrow.call("step")).rejects.toThrow(/step/);
    await escrow.call("confirmDelivery");
    await pass(2 * HOUR_S);
    expect(await escrow.say()).toBe(1n);
    await escrow.call("step");
    expect(await escrow.state()).toBe(3n);
    const balance = await fixture.chain.ask("eth_getBalance", SELLER, "latest");
    expect(BigInt(String(balance))).toBe(1_000n);
  });

  it("pays back when the deadline has passed, and takes no step of an old value", async () => {
    const escrow = await open("late", HOUR_S);
    await pass(HOUR_S + 60);
    expect(await escrow.say()).toBe(2n);
    await pass(HOUR_S + 60);
    await expect(escrow.call("step")).rejects.toThrow(/step/);
    expect(await escrow.say()).toBe(2n);
    await escrow.call("step");
    expect(await escrow.state()).toBe(4n);
    expect(await escrow.say()).toBe(0n);
  });
});
