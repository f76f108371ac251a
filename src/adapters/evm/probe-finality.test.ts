import { beforeAll, describe, expect, it } from "vitest";
import { startTestChain } from "../../../test/support/anvil.ts";
import { LOCAL } from "../../../test/support/delivery-fixture.ts";
import { lieAbout, openFalseNode, type Falsehood } from "../../../test/support/false-node.ts";
import type { TestChain } from "../../../test/support/test-chain.ts";
import { createEvmRpc } from "./evm-rpc.ts";
import { probeChain } from "./probe-chain.ts";
import { checkFinality, probeTag } from "./probe-finality.ts";

let chain: TestChain;
beforeAll(async () => {
  chain = await startTestChain();
  await chain.ask("anvil_mine", "0x12c");
});

const rpcThrough = async (behaviour: Falsehood) => {
  const node = await openFalseNode(chain.url);
  node.behave(behaviour);
  return createEvmRpc({ name: LOCAL, url: node.url });
};
const refuseTags: Falsehood = async ({ params }, real) =>
  params[0] === "safe" || params[0] === "finalized"
    ? { error: { code: -39_001, message: "Unknown block" } }
    : await real();
const tagged = (tag: "safe" | "finalized") => ({
  name: LOCAL,
  chainId: 31_337,
  finality: { kind: "tag", tag } as const,
});

describe("a chain with finality", () => {
  it("names its blocks", async () => {
    expect(await probeTag(chain.rpc, "safe", 300)).toEqual({ kind: "block", number: 299 });
    expect(await probeTag(chain.rpc, "finalized", 300)).toEqual({ kind: "block", number: 298 });
    expect(await probeChain(chain.rpc, tagged("finalized"))).toMatchObject({ chainId: "31337" });
  });
});

describe("a chain without finality", () => {
  it.each([
    ["refuses the tag", refuseTags],
    [
      "answers null",
      lieAbout("eth_getBlockByNumber", (result, { params }) =>
        params[0] === "latest" ? result : null,
      ),
    ],
    [
      "names the first block for ever",
      async ({ method, params }, real) =>
        await real(
          method === "eth_getBlockByNumber" && params[0] !== "latest" ? ["0x0", false] : params,
        ),
    ],
  ] satisfies [string, Falsehood][])("%s", async (_, behaviour) => {
    const rpc = await rpcThrough(behaviour);
    expect(await probeTag(rpc, "finalized", 300)).toMatchObject({ kind: "unsupported" });
    await expect(probeChain(rpc, tagged("safe"))).rejects.toMatchObject({
      code: "CHAIN_FINALITY_UNSUPPORTED",
      arguments: { tag: "safe" },
    });
    // Depth asks nothing of it.
    const finality = { kind: "depth", depth: 12 } as const;
    await checkFinality(rpc, { name: LOCAL, finality }, 300);
  });

  it("is not told from one that is young", async () => {
    const rpc = await rpcThrough(refuseTags);
    expect(await probeTag(rpc, "finalized", 128)).toEqual({ kind: "young" });
    await checkFinality(rpc, tagged("finalized"), 128);
  });
});
