import { createHmac, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { HDNodeWallet, Mnemonic } from "ethers";
import { spawnOnLeash } from "../../src/cli/anvil.ts";
import { freePorts } from "./free-ports.ts";
import { reportNotRun } from "./not-run.ts";

/** A block as the Engine API gives it (ExecutionPayloadV3), as far as it is used. */
export interface EngineBlock {
  readonly hash: string;
  readonly parent: string;
  readonly number: number;
  /** s since epoch. */
  readonly timestamp: number;
  /** Signed bytes, `0x` hex, in the block's order. */
  readonly transactions: readonly string[];
}

/**
 * A real `@ethereumjs/client` without a consensus client: the test is the consensus client. It says which block is
 * built on which parent and which one is head, safe and finalized (execution-apis, `engine_*V3`).
 */
export interface EthereumjsEngine {
  readonly rpcUrl: string;
  readonly genesis: string;
  /** One question to the node; throws with the node's words when it refuses. */
  ask(method: string, ...params: readonly unknown[]): Promise<unknown>;
  /**
   * Build a block on `parent` (default: the head) out of what the node's pool holds and make it the head. Given
   * transactions are put into the pool before. Time: now, and later than the parent.
   */
  build(options?: {
    readonly parent?: string;
    readonly transactions?: readonly string[];
  }): Promise<EngineBlock>;
  /** Make a known block the head: an ancestor, or the end of another branch. Tags stay what they were unless given. */
  setHead(
    hash: string,
    tags?: { readonly safe?: string; readonly finalized?: string },
  ): Promise<void>;
  head(): EngineBlock;
  /** A block that was built here. */
  block(hash: string): EngineBlock;
  stop(): Promise<void>;
}

const CLI = path.join(
  fileURLToPath(new URL("../engines/ethereumjs", import.meta.url)),
  "node_modules",
  "@ethereumjs",
  "client",
  "dist",
  "esm",
  "bin",
  "cli.js",
);
const ZERO = `0x${"00".repeat(32)}`;
const START_LIMIT_MS = 60_000;
const PHRASE = "test test test test test test test test test test test junk";
/** Accounts of the phrase that have money, as anvil's. */
const ACCOUNTS = 10;
const BALANCE = "0x21e19e0c9bab2400000";

/** True when the client is installed; otherwise the suite is noted as not run. */
export const haveEthereumjs = (suite: string): boolean => {
  if (existsSync(CLI)) return true;
  reportNotRun(
    suite,
    "@ethereumjs/client was not found: npm ci --prefix test/engines/ethereumjs installs it",
  );
  return false;
};

const genesisOf = (chainId: number, baseFeePerGas: bigint): object => ({
  config: {
    chainId,
    ...Object.fromEntries(
      [
        "homestead",
        "eip150",
        "eip155",
        "eip158",
        "byzantium",
        "constantinople",
        "petersburg",
        "istanbul",
        "berlin",
        "london",
        "mergeNetsplit",
      ].map((fork) => [`${fork}Block`, 0]),
    ),
    terminalTotalDifficulty: 0,
    terminalTotalDifficultyPassed: true,
    shanghaiTime: 0,
    // What our contracts are compiled for.
    cancunTime: 0,
    blobSchedule: { cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 } },
  },
  nonce: "0x0",
  timestamp: "0x0",
  extraData: "0x",
  gasLimit: "0x3938700",
  difficulty: "0x0",
  mixHash: ZERO,
  coinbase: `0x${"00".repeat(20)}`,
  baseFeePerGas: `0x${baseFeePerGas.toString(16)}`,
  alloc: Object.fromEntries(
    Array.from({ length: ACCOUNTS }, (_, index) => [
      HDNodeWallet.fromMnemonic(
        Mnemonic.fromPhrase(PHRASE),
        `m/44'/60'/0'/0/${index}`,
      ).address.slice(2),
      { balance: BALANCE },
    ]),
  ),
});

/** The token that the Engine API asks for: HS256 with the time of issue. */
const tokenOf = (secret: Buffer): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ iat: Math.floor(Date.now() / 1_000) })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
};

interface Payload {
  readonly blockHash: string;
  readonly parentHash: string;
  readonly blockNumber: string;
  readonly timestamp: string;
  readonly transactions: readonly string[];
}

interface Choice {
  readonly payloadStatus: { readonly status: string; readonly validationError?: string | null };
  readonly payloadId: string | null;
}

/** Starts the client on free ports with a chain of its own; it dies with this process. Who starts it stops it. */
export const startEthereumjsEngine = async (
  options: {
    /** Default 31337. */
    readonly chainId?: number;
    /** Of the first block, wei. Default 1 gwei. */
    readonly baseFeePerGas?: bigint;
  } = {},
): Promise<EthereumjsEngine> => {
  const folder = mkdtempSync(path.join(tmpdir(), "cryptlet-ethereumjs-"));
  const secret = randomBytes(32);
  const secretFile = path.join(folder, "jwt");
  const genesisFile = path.join(folder, "genesis.json");
  writeFileSync(secretFile, `0x${secret.toString("hex")}`, { mode: 0o600 });
  const genesisContent = genesisOf(
    options.chainId ?? 31_337,
    options.baseFeePerGas ?? 1_000_000_000n,
  );
  writeFileSync(genesisFile, JSON.stringify(genesisContent));
  const [rpcPort = 0, enginePort = 0, peerPort = 0] = await freePorts(3);
  const rpcUrl = `http://127.0.0.1:${rpcPort}`;
  const engineUrl = `http://127.0.0.1:${enginePort}`;
  const settings = {
    gethGenesis: genesisFile,
    dataDir: path.join(folder, "data"),
    jwtSecret: secretFile,
    rpc: true,
    rpcAddr: "127.0.0.1",
    rpcPort,
    rpcEngine: true,
    rpcEngineAddr: "127.0.0.1",
    rpcEnginePort: enginePort,
    port: peerPort,
    // No peers: what it knows comes from the Engine API.
    sync: "none",
    isSingleNode: true,
    // Its WebAssembly recovers no key from a signature with an s in the upper half, as the precompile must (EIP-2 speaks
    // of transactions only). Half of all group signatures are checked with such an s.
    useJsCrypto: true,
    discV4: false,
    discDns: false,
    logLevel: "error",
  };
  const words = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  // Given as a value, "false" would be the name of a file.
  const child = spawnOnLeash(process.execPath, [CLI, ...words, "--no-logFile"]);
  let said = "";
  let ended = false;
  const listen = (chunk: unknown): void => {
    said = `${said}${String(chunk)}`.slice(-4_000);
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      ended = true;
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    child.stdin.destroy();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };

  let id = 0;
  const post = async (
    url: string,
    method: string,
    params: readonly unknown[],
    headers: Record<string, string>,
  ): Promise<unknown> => {
    id += 1;
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", id, method, params }),
    });
    const answer = (await response.json()) as {
      readonly result?: unknown;
      readonly error?: { readonly message: string };
    };
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  };
  const ask: EthereumjsEngine["ask"] = (method, ...params) => post(rpcUrl, method, params, {});
  const command = (method: string, ...params: readonly unknown[]): Promise<unknown> =>
    post(engineUrl, method, params, { authorization: `Bearer ${tokenOf(secret)}` });

  const waitForStart = async (): Promise<void> => {
    const limit = Date.now() + START_LIMIT_MS;
    for (;;) {
      try {
        await ask("eth_chainId");
        await command("engine_exchangeCapabilities", []);
        return;
      } catch (error) {
        if (ended || Date.now() > limit)
          throw new Error(`@ethereumjs/client did not start: ${said}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
  };

  const blocks = new Map<string, EngineBlock>();
  let current = ZERO;
  let tags = { safe: ZERO, finalized: ZERO };
  const block = (hash: string): EngineBlock => {
    const found = blocks.get(hash);
    if (!found) throw new Error(`no such block: ${hash}`);
    return found;
  };
  const choose = async (hash: string, attributes?: object): Promise<Choice> => {
    const state = {
      headBlockHash: hash,
      safeBlockHash: tags.safe,
      finalizedBlockHash: tags.finalized,
    };
    const answer = (await command(
      "engine_forkchoiceUpdatedV3",
      state,
      ...(attributes ? [attributes] : []),
    )) as Choice;
    const { status, validationError } = answer.payloadStatus;
    if (status !== "VALID") throw new Error(`head ${hash}: ${status} ${validationError ?? ""}`);
    current = hash;
    return answer;
  };
  const build: EthereumjsEngine["build"] = async ({ parent = current, transactions = [] } = {}) => {
    const before = block(parent);
    if (parent !== current) await choose(parent);
    for (const raw of transactions)
      await ask("eth_sendRawTransaction", raw).catch((error: unknown) => {
        // Whoever sent it the first time may have sent it again already.
        if (!String(error).includes("already in the TxPool")) throw error;
      });
    const timestamp = Math.max(before.timestamp + 1, Math.floor(Date.now() / 1_000));
    const { payloadId } = await choose(parent, {
      timestamp: `0x${timestamp.toString(16)}`,
      // Makes each block another one, also when nothing else differs.
      prevRandao: `0x${randomBytes(32).toString("hex")}`,
      suggestedFeeRecipient: `0x${"00".repeat(20)}`,
      withdrawals: [],
      parentBeaconBlockRoot: ZERO,
    });
    const { executionPayload: payload } = (await command("engine_getPayloadV3", payloadId)) as {
      readonly executionPayload: Payload;
    };
    const checked = (await command(
      "engine_newPayloadV3",
      payload,
      [],
      ZERO,
    )) as Choice["payloadStatus"];
    if (checked.status !== "VALID")
      throw new Error(`block: ${checked.status} ${checked.validationError ?? ""}`);
    const made: EngineBlock = {
      hash: payload.blockHash,
      parent: payload.parentHash,
      number: Number(payload.blockNumber),
      timestamp: Number(payload.timestamp),
      transactions: payload.transactions,
    };
    blocks.set(made.hash, made);
    await choose(made.hash);
    return made;
  };

  try {
    await waitForStart();
    const first = (await ask("eth_getBlockByNumber", "0x0", false)) as { readonly hash: string };
    current = first.hash;
    blocks.set(current, { hash: current, parent: ZERO, number: 0, timestamp: 0, transactions: [] });
    // Until it has heard of a head, it takes no transactions.
    await build();
  } catch (error) {
    await stop();
    throw error;
  }
  const genesis = block(current).parent;
  return {
    rpcUrl,
    genesis,
    ask,
    build,
    setHead: async (hash, next = {}) => {
      tags = { ...tags, ...next };
      await choose(block(hash).hash);
    },
    head: () => block(current),
    block,
    stop,
  };
};
