import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { receiptSchema } from "../../src/adapters/evm/chain-answers.ts";
import { createEvmPool, type EvmPool } from "../../src/adapters/evm/endpoints/create-evm-pool.ts";
import { createEvmAccount } from "../../src/adapters/evm/evm-account.ts";
import { quantity, smallQuantity } from "../../src/adapters/evm/evm-rpc.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { createManualClock } from "../../src/core/manual-clock.ts";
import { chainNameSchema } from "../../src/core/ids.ts";
import { startTestChain } from "../support/anvil.ts";
import { lieAbout, standAt, type Falsehood } from "../support/false-node.ts";
import { openPoolStage, type PoolChange, type PoolStage } from "../support/pool-stage.ts";
import { ANVIL_SECRETS, type TestChain } from "../support/test-chain.ts";

const NAME = chainNameSchema.parse("local");
const CHAIN_ID = 31_337;
const blockSchema = z.object({ number: smallQuantity, hash: z.string() });
const RECEIPT = receiptSchema.nullable();

/** Two chains of one id that have never met: their blocks differ. */
let chain: TestChain;
let fork: TestChain;
/** Transactions of `chain`, oldest first. */
const hashes: string[] = [];
const payer = createTransactionSigner(ANVIL_SECRETS[0]);

const transact = async (): Promise<string> => {
  const account = createEvmAccount({ rpcUrl: chain.url, signer: payer });
  const { transactionHash } = await account.send("a test", { to: payer.address, data: "0x" });
  return transactionHash;
};

beforeAll(async () => {
  chain = await startTestChain();
  fork = await startTestChain(["--timestamp", "1000000000"]);
  for (let count = 0; count < 5; count++) hashes.push(await transact());
  await fork.ask("anvil_mine", "0x20");
});

const open = async (
  behaviours: readonly (Falsehood | null)[],
  options: PoolChange = {},
): Promise<PoolStage> => await openPoolStage(chain.url, behaviours, options);

const asFork: Falsehood = async ({ method, params }) => {
  const answer = await fork.rpc.ask(method, params);
  return answer.ok ? { result: answer.result } : { error: answer.fault };
};
const isLive = { state: "live", code: null };
const newest = () => hashes.at(-1) ?? "";
const head = async (pool: EvmPool): Promise<number> =>
  await pool.call(smallQuantity, "eth_blockNumber", []);
const receipt = async (pool: EvmPool, hash = newest()) =>
  await pool.call(RECEIPT, "eth_getTransactionReceipt", [hash]);

describe("an endpoint that does not work", () => {
  const failures: Readonly<Record<string, Falsehood>> = {
    "answers 500": async (_, __, response) => {
      response.writeHead(500).end("<html>");
      return null;
    },
    "answers 429": async (_, __, response) => {
      response.writeHead(429, { "retry-after": "3600" }).end("{}");
      return null;
    },
    "has reached its limit": async () => ({ error: { code: -32_005, message: "limit exceeded" } }),
    "answers garbage": async (_, __, response) => {
      response.end("{]");
      return null;
    },
    "answers another protocol": async (_, __, response) => {
      response.end('[{"jsonrpc":"2.0"}]');
      return null;
    },
    "answers with too much": async (_, __, response) => {
      const chunk = Buffer.alloc(1 << 20, 0x20);
      const push = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", push);
      push();
      return null;
    },
    "answers in another form": async () => ({ result: { number: "12" } }),
    "answers numbers that are none": async () => ({ result: "0x" }),
    "sends elsewhere": async (_, __, response) => {
      response.writeHead(307, { location: fork.url }).end();
      return null;
    },
    "hangs up": async (_, __, response) => {
      response.destroy();
      return null;
    },
    "says nothing": async () => null,
    drips: async (_, __, response) => {
      const timer = setInterval(() => response.write(" "), 50);
      response.on("close", () => clearInterval(timer));
      return null;
    },
  };

  it.each(Object.entries(failures))(
    "and %s is gone around, and then left alone",
    async (_, how) => {
      const { pool, nodes, standing } = await open([how, null, null]);
      expect(await head(pool)).toBe(await head(pool));
      expect((await receipt(pool))?.transactionHash).toBe(newest());
      expect(
        await pool.call(quantity, "eth_getBalance", [payer.address, "latest"]),
      ).toBeGreaterThan(0n);
      await expect
        .poll(() => standing()[0])
        .toEqual({ state: "quarantined", code: "CHAIN_UNREACHABLE" });
      const before = nodes[0]?.asked.length ?? 0;
      await head(pool);
      expect(nodes[0]?.asked.length).toBe(before);
      expect(standing().slice(1)).toEqual([isLive, isLive]);
    },
  );

  it("is tried again after a pause that grows, and counts when it works", async () => {
    const clock = createManualClock();
    const broken: Falsehood = async () => ({ error: { code: -32_005, message: "" } });
    const { pool, nodes, standing } = await open([broken, null, null], { clock });
    const pauses = [];
    for (let count = 0; count < 9; count++) {
      await head(pool);
      await expect.poll(() => standing()[0]?.state).toBe("quarantined");
      const pause = pool.report().endpoints[0]?.retryInMs ?? 0;
      pauses.push(pause);
      await clock.advance(pause);
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    nodes[0]?.behave(null);
    await head(pool);
    expect(standing()[0]).toEqual(isLive);
  });

  it("is a chain that does not answer, once too few are left, and none of their URLs shows", async () => {
    const gone: Falsehood = async (_, __, response) => {
      response.writeHead(502).end();
      return null;
    };
    const { pool, nodes } = await open([gone, gone, null]);
    const urls = nodes.map(({ url }) => url);
    for (const asking of [head(pool), receipt(pool), pool.ask("eth_call", [{}, "latest"])]) {
      const failure = await asking.catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "CHAIN_UNREACHABLE" });
      for (const url of urls) expect(String(failure) + JSON.stringify(failure)).not.toContain(url);
    }
    // The pause is for when there are others: nobody waits for it once there are not.
    nodes[0]?.behave(null);
    expect(await head(pool)).toBeGreaterThan(0);
  });

  it("lets a question go when it is told to", async () => {
    const silent: Falsehood = async () => null;
    const { pool } = await open([silent, silent, silent], { timeoutMs: 60_000 });
    const controller = new AbortController();
    const reason = new Error("enough");
    const asking = pool.ask("eth_blockNumber", [], { signal: controller.signal });
    controller.abort(reason);
    await expect(asking).rejects.toBe(reason);
    await expect(pool.ask("x", [], { signal: controller.signal })).rejects.toBe(reason);
  });
});

describe("an endpoint that lies", () => {
  it.each([
    ["more", () => "0xffff"],
    ["less", () => "0x0"],
  ])("about the nonce, saying %s, does not move it", async (_, lie) => {
    const params = [payer.address, "pending"];
    const truth = await chain.rpc.call(smallQuantity, "eth_getTransactionCount", params);
    for (const place of [0, 1, 2]) {
      const behaviours = [null, null, null].map((honest, index) =>
        index === place ? lieAbout("eth_getTransactionCount", lie) : honest,
      );
      const { pool } = await open(behaviours);
      expect(await pool.call(smallQuantity, "eth_getTransactionCount", params)).toBe(truth);
    }
  });

  it.each([
    ["more", () => "0xffffffff"],
    ["less", () => "0x1"],
  ])("about its height, saying %s, makes nobody else a laggard", async (_, lie) => {
    const { pool, standing } = await open([lieAbout("eth_blockNumber", lie), null, null]);
    const truth = await chain.rpc.call(smallQuantity, "eth_blockNumber", []);
    expect(await head(pool)).toBe(truth);
    await pool.refresh();
    expect(standing().slice(1)).toEqual([isLive, isLive]);
  });

  const altered = (change: object): Falsehood =>
    lieAbout("eth_getTransactionReceipt", (result) =>
      result === null ? null : { ...(result as object), ...change },
    );

  it.each([
    ["status", { status: "0x0" }],
    ["gas", { gasUsed: "0x1" }],
    ["logs", { logs: [{ address: `0x${"00".repeat(20)}`, topics: [], data: "0x" }] }],
  ])("about a receipt's %s is found out at once, and must earn it back", async (_, change) => {
    const clock = createManualClock();
    const { pool, nodes, standing } = await open([altered(change), null, null], { clock });
    const truth = await chain.rpc.call(RECEIPT, "eth_getTransactionReceipt", [newest()]);
    expect(await receipt(pool)).toEqual(truth);
    expect(standing()[0]).toEqual({ state: "quarantined", code: "CHAIN_ENDPOINTS_DISAGREE" });
    const block = ["eth_getBlockByNumber", ["latest", false]] as const;
    await pool.ask(...block);
    await clock.advance(30_000);
    expect(standing()[0]?.state).toBe("probation");
    // It is compared and does not count: with one of the others gone there is no quorum.
    nodes[1]?.behave(async () => ({ error: { code: -32_005, message: "" } }));
    await expect(pool.ask(...block)).rejects.toMatchObject({ code: "CHAIN_UNREACHABLE" });
    nodes[1]?.behave(null);
    await expect
      .poll(async () => {
        await pool.ask(...block);
        return standing()[0]?.state;
      })
      .toBe("live");
  });

  it("about a receipt that does not exist is not believed", async () => {
    const invented = `0x${"ab".repeat(32)}`;
    const truth = await chain.ask("eth_getTransactionReceipt", newest());
    const lie = lieAbout("eth_getTransactionReceipt", () => ({
      ...(truth as object),
      transactionHash: invented,
    }));
    const { pool } = await open([lie, null, null]);
    expect(await receipt(pool, invented)).toBeNull();
    // With two there is nobody to ask: nothing is decided.
    const two = await open([lie, null]);
    await expect(receipt(two.pool, invented)).rejects.toMatchObject({
      code: "CHAIN_ENDPOINTS_DISAGREE",
    });
  });

  it("by keeping a receipt to itself is outvoted", async () => {
    const { pool } = await open([lieAbout("eth_getTransactionReceipt", () => null), null, null]);
    expect((await receipt(pool))?.transactionHash).toBe(newest());
    const two = await open([lieAbout("eth_getTransactionReceipt", () => null), null]);
    await expect(receipt(two.pool)).rejects.toMatchObject({ code: "CHAIN_ENDPOINTS_DISAGREE" });
  });

  it("about what a contract answers is outvoted, at a block that all have", async () => {
    const lie = lieAbout("eth_call", () => `0x${"11".repeat(32)}`);
    const { pool, standing } = await open([lie, null, null], { quorum: 2 });
    const call = async () =>
      await pool.ask("eth_call", [{ to: payer.address, data: "0x" }, "latest"]);
    expect(await call()).toEqual({ ok: true, result: "0x" });
    const two = await open([lie, null]);
    await expect(
      two.pool.ask("eth_call", [{ to: payer.address, data: "0x" }, "latest"]),
    ).rejects.toMatchObject({ code: "CHAIN_ENDPOINTS_DISAGREE" });
    expect(standing().slice(1)).toEqual([isLive, isLive]);
  });

  it("about prices and gas is bounded by what the others say", async () => {
    const dear: Falsehood = async (question, real) => {
      const dearer = `0x${"f".repeat(20)}`;
      switch (question.method) {
        case "eth_gasPrice":
        case "eth_estimateGas":
          return { result: dearer };
        case "eth_feeHistory":
          return {
            result: {
              oldestBlock: "0x1",
              baseFeePerGas: [dearer, dearer],
              gasUsedRatio: [1],
              reward: [[dearer]],
            },
          };
        default:
          return await real();
      }
    };
    const { pool } = await open([dear, null, null]);
    const limit = 10n ** 12n;
    expect(await pool.call(quantity, "eth_gasPrice", [])).toBeLessThan(limit);
    const call = { from: payer.address, to: payer.address };
    expect(await pool.call(quantity, "eth_estimateGas", [call])).toBe(21_000n);
    const history = await pool.call(
      z.object({ baseFeePerGas: z.array(quantity), reward: z.array(z.array(quantity)) }),
      "eth_feeHistory",
      ["0x4", "latest", [50]],
    );
    for (const fee of [...history.baseFeePerGas, ...history.reward.flat()])
      expect(fee).toBeLessThan(limit);
  });

  it("about whole blocks is contradicted until it is left alone", async () => {
    const lie = lieAbout("eth_getBlockByNumber", (result) => ({
      ...(result as object),
      hash: `0x${"cd".repeat(32)}`,
    }));
    const { pool, standing } = await open([lie, null, null]);
    for (const number of ["0x1", "0x2", "0x3"]) {
      const truth = await chain.rpc.call(blockSchema, "eth_getBlockByNumber", [number, false]);
      expect(await pool.call(blockSchema, "eth_getBlockByNumber", [number, false])).toEqual(truth);
    }
    expect(standing()[0]).toMatchObject({ state: "quarantined" });
  });
});

describe("endpoints of another chain", () => {
  it("never count, whatever else they say", async () => {
    const other = lieAbout("eth_chainId", () => "0x1");
    const { pool, nodes, standing } = await open([other, null, null]);
    expect(await head(pool)).toBeGreaterThan(0);
    expect(standing()[0]).toEqual({ state: "quarantined", code: "CHAIN_MISMATCH" });
    expect(nodes[0]?.asked).toEqual(["eth_chainId"]);
    const most = await open([other, other, null]);
    await expect(head(most.pool)).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
  });

  it("of the same id are two that disagree: with two nothing is decided, with three the odd one is out", async () => {
    const two = await open([asFork, null]);
    const block = ["eth_getBlockByNumber", ["0x3", false]] as const;
    await expect(two.pool.ask(...block)).rejects.toMatchObject({
      code: "CHAIN_ENDPOINTS_DISAGREE",
    });
    await expect(two.pool.ask("eth_getBlockByNumber", ["latest", false])).rejects.toMatchObject({
      code: "CHAIN_ENDPOINTS_DISAGREE",
    });
    const three = await open([asFork, null, null]);
    const truth = await chain.rpc.call(blockSchema, ...block);
    for (let count = 0; count < 3; count++)
      expect(await three.pool.call(blockSchema, ...block)).toEqual(truth);
    expect(three.standing()[0]).toMatchObject({ code: "CHAIN_ENDPOINTS_DISAGREE" });
  });
});

describe("an endpoint that lags", () => {
  it("is no liar: a receipt is there once a quorum has reached it", async () => {
    const mined = await chain.rpc.call(RECEIPT, "eth_getTransactionReceipt", [newest()]);
    const before = (mined?.blockNumber ?? 0) - 1;
    const { pool, nodes, standing } = await open([null, standAt(before)]);
    expect(await receipt(pool)).toBeNull();
    expect(await receipt(pool, hashes[0])).not.toBeNull();
    expect(await head(pool)).toBe(before);
    const latest = await pool.call(blockSchema, "eth_getBlockByNumber", ["latest", false]);
    expect(latest.number).toBe(before);
    expect(standing()).toEqual([isLive, isLive]);
    nodes[1]?.behave(null);
    expect(await receipt(pool)).not.toBeNull();
    expect(pool.report().endpoints.map(({ contradicted }) => contradicted)).toEqual([0, 0]);
  });

  it("is asked last when it is far behind, and says so", async () => {
    const { pool, nodes, standing } = await open([standAt(1), null, null], { maxLagBlocks: 2 });
    await pool.refresh();
    expect(standing()).toEqual([{ state: "lagging", code: null }, isLive, isLive]);
    const asked = nodes[0]?.asked.length;
    expect((await receipt(pool))?.transactionHash).toBe(newest());
    expect(nodes[0]?.asked.length).toBe(asked);
    nodes[0]?.behave(null);
    await pool.refresh();
    expect(standing()[0]).toEqual(isLive);
  });

  it("answers calls with the others at a block that all have", async () => {
    const { pool } = await open([standAt(2), null], { quorum: 2 });
    // What the account had at block 2 and has now differs; at block 2 both say the same.
    const at2 = await chain.rpc.call(quantity, "eth_getBalance", [payer.address, "0x2"]);
    expect(await pool.call(quantity, "eth_getBalance", [payer.address, "0x2"])).toBe(at2);
    const answer = await pool.ask("eth_getStorageAt", [payer.address, "0x0", "latest"]);
    expect(answer).toMatchObject({ ok: true });
  });
});

describe("a transaction", () => {
  it("is given to everybody, and one that takes it is enough", async () => {
    const refuse: Falsehood = async (question, real) =>
      question.method === "eth_sendRawTransaction"
        ? { error: { code: -32_000, message: "no" } }
        : await real();
    const { pool, nodes } = await open([refuse, null, refuse]);
    await head(pool);
    const send = async (raw: string) => await pool.ask("eth_sendRawTransaction", [raw]);
    const nonsense = await send("0x00");
    expect(nonsense.ok).toBe(false);
    const hash = `0x${"77".repeat(32)}`;
    nodes[1]?.behave(lieAbout("eth_sendRawTransaction", () => hash));
    expect(await send("0x01")).toEqual({ ok: true, result: hash });
    await expect
      .poll(() =>
        nodes.map(({ asked }) => asked.filter((one) => one.startsWith("eth_send")).length),
      )
      .toEqual([2, 2, 2]);
  });

  it("that nobody can be given to is a chain that does not answer", async () => {
    const gone: Falsehood = async (_, __, response) => {
      response.destroy();
      return null;
    };
    const { pool } = await open([gone, gone]);
    await expect(pool.ask("eth_sendRawTransaction", ["0x01"])).rejects.toMatchObject({
      code: "CHAIN_UNREACHABLE",
    });
  });
});

it("takes the first that works when one is enough", async () => {
  const gone: Falsehood = async () => ({ error: { code: -32_005, message: "" } });
  const { pool, nodes } = await open([gone, null, null], { quorum: 1 });
  for (let count = 0; count < 3; count++) await head(pool);
  expect(nodes[1]?.asked.filter((one) => one === "eth_blockNumber")).toHaveLength(3);
  await expect.poll(() => nodes[2]?.asked.includes("eth_blockNumber")).toBe(false);
});

it("asks a quorum and not everybody while all is well", async () => {
  const { pool, nodes } = await open([null, null, null]);
  await receipt(pool);
  await receipt(pool);
  expect(nodes.map(({ asked }) => asked.length)).toEqual([3, 3, 0]);
});

it("is its one endpoint where there is one, whatever that says", async () => {
  const { pool, nodes } = await open([lieAbout("eth_blockNumber", () => "0x7")], { quorum: 1 });
  expect(await head(pool)).toBe(7);
  expect(nodes[0]?.asked).toEqual(["eth_blockNumber"]);
  expect(pool.report().endpoints).toMatchObject([{ name: "n0", state: "live", height: 7 }]);
});

it("stays right under every mix of one bad node among four", async () => {
  const bad: readonly Falsehood[] = [
    async () => null,
    async () => ({ result: null }),
    async () => ({ result: "0xffffffff" }),
    async () => ({ error: { code: 3, message: "execution reverted", data: "0x1234" } }),
    asFork,
    standAt(1),
  ];
  const truth = await chain.rpc.call(RECEIPT, "eth_getTransactionReceipt", [newest()]);
  for (const behaviour of bad) {
    for (const place of [0, 1, 3]) {
      const behaviours = [null, null, null, null].map((honest, index) =>
        index === place ? behaviour : honest,
      );
      const { pool } = await open(behaviours, { quorum: 3 });
      expect(await receipt(pool)).toEqual(truth);
      expect(await head(pool)).toBe(truth?.blockNumber);
    }
  }
});

const bare = createServer((_, response) => response.end("{}"));
it("is unreachable where nothing listens", async () => {
  bare.listen(0, "127.0.0.1");
  await new Promise((resolve) => bare.once("listening", resolve));
  const { port } = bare.address() as AddressInfo;
  await new Promise((resolve) => bare.close(resolve));
  onTestFinished(() => void bare.unref());
  const url = `http://user:hidden@127.0.0.1:${port}/v2/hidden-key`;
  const endpoints = ["a", "b"].map((name) => ({ name, url }));
  const pool = createEvmPool({ name: NAME, chainId: CHAIN_ID, endpoints, quorum: 1 });
  const failure = await head(pool).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "CHAIN_UNREACHABLE" });
  const shown = JSON.stringify(pool.report()) + String(failure);
  expect(shown).not.toContain("hidden");
  expect(shown).not.toContain("127.0.0.1");
});
