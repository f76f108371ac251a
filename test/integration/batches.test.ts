import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Interface } from "ethers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { batchAbi } from "../../src/adapters/evm/batch-abi.ts";
import {
  deployBatchContracts,
  registerBatch,
  registerBatchFeed,
} from "../../src/adapters/evm/deploy-batch.ts";
import { createEvmAccount, type EvmAccount } from "../../src/adapters/evm/evm-account.ts";
import { feedAbi } from "../../src/adapters/evm/feed-abi.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { createApi } from "../../src/api/create-api.ts";
import { findKeys } from "../../src/cli/contract/admit-feed.ts";
import { loadConfig } from "../../src/core/config/load-config.ts";
import type { FabricConfigInput } from "../../src/core/config/schema.ts";
import {
  addressSchema,
  cryptletIdSchema,
  fabricIdSchema,
  feedIdSchema,
  type Address,
  type FeedId,
} from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { computeBatchHash } from "../../src/envelope/batch-members.ts";
import { batchProofSchema, verifyBatchProof } from "../../src/envelope/batch-proof.ts";
import { BATCH_SOLABI_TYPE, decodeOnchainBatch } from "../../src/envelope/batch-solabi.ts";
import { parseBundle, serializeBundle } from "../../src/envelope/bundle.ts";
import { payloadBytes } from "../../src/envelope/dsse.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import { verifyBundle } from "../../src/envelope/verify-bundle.ts";
import type { FabricEvent } from "../../src/host/fabric-events.ts";
import type { Fabric } from "../../src/host/fabric.ts";
import { startFabric } from "../../src/host/start-fabric.ts";
import { proofArguments } from "../support/batch-fixture.ts";
import { openGoldStage, type GoldStage } from "../support/gold-stage.ts";
import { ANVIL_SECRETS } from "../support/test-chain.ts";

const DAY_MS = 86_400_000;
const FORMS = ["stored", "packed", "root"] as const;
type Form = (typeof FORMS)[number];
const MEMBERS = ["gold-a", "gold-b", "gold-c", "gold-d", "gold-e"].map((id) =>
  feedIdSchema.parse(id),
);
const fabricId = fabricIdSchema.parse("stage");
const cryptlet = cryptletIdSchema.parse("gold-price");
const batchId = (form: Form): FeedId => feedIdSchema.parse(`all-${form}`);
const hashes = MEMBERS.map((feed) =>
  computeFeedHash({ fabric: fabricId, cryptlet, feed, parameters: null }),
);
const hashOf = (form: Form) =>
  computeBatchHash({ fabric: fabricId, cryptlet, feed: batchId(form), members: hashes });
const workloadAbi = new Interface(["function workload() view returns (bytes32)"]);

const recordSchema = z.object({ fields: z.record(z.string(), z.object({ value: z.string() })) });
const memberSchema = z.object({
  feed: feedIdSchema,
  listed: z.boolean(),
  observation: z.object({
    round: z.int(),
    value: z.string().transform(BigInt),
    observedAt: z.int(),
    validUntil: z.int(),
  }),
});
/** A batch that was made before every feed had its first round. */
const earlySchema = memberSchema.extend({ observation: memberSchema.shape.observation.nullable() });
const proofAnswer = z.object({ envelopeDigest: z.string(), proof: batchProofSchema });
type Proof = z.output<typeof batchProofSchema>;

describe("a host with batches", () => {
  const stopping = new AbortController();
  let stage: GoldStage;
  let fabric: Fabric;
  let admin: EvmAccount;
  let url: string;
  const batches = new Map<Form, Address>();
  let gold: Address;

  const contract = (form: Form): Address => batches.get(form) ?? gold;
  const read = async (form: Form, method: string, ...values: readonly unknown[]) =>
    batchAbi
      .decodeFunctionResult(
        method,
        await admin.read(contract(form), batchAbi.encodeFunctionData(method, [...values])),
      )
      .toArray() as unknown[];
  const settled = (event: FabricEvent): event is Extract<FabricEvent, { type: "delivery" }> =>
    event.type === "delivery" &&
    event.delivery.status === "final" &&
    event.delivery.feed.startsWith("all-");
  const proofOf = async (form: Form, feed: FeedId, round = "latest"): Promise<Proof> => {
    const answer = await fetch(`${url}/v1/batches/${batchId(form)}/${round}/proof?feed=${feed}`);
    expect(answer.status).toBe(200);
    return proofAnswer.parse(await answer.json()).proof;
  };
  /** What the enclave signed of the members. */
  const membersOf = async (form: Form, round: number) => {
    const view = await fabric.feeds.round(batchId(form), round);
    const { fields } = recordSchema.parse(view.value);
    return Object.keys(fields)
      .toSorted((a, b) => Number(a) - Number(b))
      .map((place) => earlySchema.parse(JSON.parse(fields[place]?.value ?? "")));
  };
  const stated = async (form: Form) =>
    (await membersOf(form, await latestOf(batchId(form)))).map((member) => {
      if (!member.observation) throw new Error(`${member.feed} has no round yet`);
      return { ...member, observation: member.observation };
    });
  const latestOf = async (feed: FeedId) => (await fabric.feeds.get(feed)).latestRound;
  /** One more round of these members, then of every batch, all of them final. */
  const publish = async (price: string, feeds: readonly FeedId[]): Promise<void> => {
    stage.emulator.setPrice(price);
    for (const feed of feeds) {
      const before = await latestOf(feed);
      while ((await latestOf(feed)) === before) await fabric.trigger(feed);
    }
    for (const form of FORMS) {
      const before = await latestOf(batchId(form));
      const landed = fabric.events.next(settled);
      while ((await latestOf(batchId(form))) === before) await fabric.trigger(batchId(form));
      await landed;
    }
  };

  beforeAll(async () => {
    stage = await openGoldStage({
      folder: mkdtempSync(path.join(tmpdir(), "cryptlet-test-")),
      feed: { intervalMs: DAY_MS, heartbeatMs: DAY_MS, deviationPpm: 1 },
      signal: stopping.signal,
    });
    const signer = createTransactionSigner(ANVIL_SECRETS[1]);
    admin = createEvmAccount({ rpcUrl: stage.rpcUrl, signer });
    const store = addressSchema.parse(stage.contracts.feedStore);
    const keys = await findKeys(admin, store);
    const workload = await admin.read(store, workloadAbi.encodeFunctionData("workload"));
    const { registry } = await deployBatchContracts(admin, { keys });
    for (const form of FORMS)
      batches.set(
        form,
        await registerBatch(admin, registry, {
          batchHash: hashOf(form),
          members: hashes,
          workload,
          signers: [addressSchema.parse(stage.signer)],
          threshold: 1,
          form,
          ringSize: 7,
          ringSpacing: 1,
          description: form,
        }),
      );
    gold = await registerBatchFeed(admin, registry, {
      batch: contract("stored"),
      batchHash: hashOf("stored"),
      place: 2,
      decimals: 8,
      description: "XAU / USD",
    });
    const raw = JSON.parse(readFileSync(stage.configFile, "utf8")) as FabricConfigInput;
    const [feed] = raw.feeds ?? [];
    if (!feed) throw new Error("the stage has no feed");
    const config: FabricConfigInput = {
      ...raw,
      feeds: MEMBERS.map((id) => ({ ...feed, id })),
      batches: FORMS.map((form) => ({
        id: batchId(form),
        feeds: MEMBERS,
        intervalMs: DAY_MS,
        heartbeatMs: DAY_MS,
      })),
      bindings: FORMS.map((form) => ({
        feed: batchId(form),
        chain: "local",
        contract: contract(form),
        form,
      })),
    };
    writeFileSync(stage.configFile, JSON.stringify(config));
    fabric = await startFabric(loadConfig({ file: stage.configFile, env: {}, cwd: stage.folder }), {
      log: silentLog,
    });
    const api = createApi({ fabric, log: silentLog });
    url = await api.listen({ host: "127.0.0.1", port: 0 });
    await publish("4001.25", MEMBERS);
    await publish("4002.50", MEMBERS.slice(1, 3));
    return async () => {
      await api.close();
      await fabric.stop();
      await stage.close();
      stopping.abort();
      rmSync(stage.folder, { recursive: true, force: true });
    };
  }, 60_000);

  it("puts every member's newest value where a contract stores it, with its true round", async () => {
    for (const [place, { feed, observation }] of (await stated("stored")).entries()) {
      expect(feed).toBe(MEMBERS[place]);
      expect(await read("stored", "itemAt", place)).toEqual([
        BigInt(observation.round),
        observation.value,
        BigInt(observation.observedAt),
        BigInt(observation.validUntil),
      ]);
    }
  });

  it("answers Chainlink's readers at an address of the member's own", async () => {
    const member = (await stated("stored"))[2]?.observation;
    const answer = await admin.read(gold, feedAbi.encodeFunctionData("latestRoundData"));
    const [round, time] = [BigInt(member?.round ?? 0), BigInt(member?.observedAt ?? 0)];
    expect(feedAbi.decodeFunctionResult("latestRoundData", answer).toArray()).toEqual([
      round,
      member?.value,
      time,
      time,
      round,
    ]);
    expect(round).toBeGreaterThan(1n);
    const older = await admin.read(gold, feedAbi.encodeFunctionData("getRoundData", [1]));
    expect(feedAbi.decodeFunctionResult("getRoundData", older).toArray()).toEqual(
      Array.from({ length: 5 }, () => 0n),
    );
  });

  it("packs four values to a slot, with the time of the oldest", async () => {
    const members = await stated("packed");
    const times = members.map(({ observation }) => observation.observedAt);
    for (const [place, { observation }] of members.entries())
      expect(await read("packed", "packedAt", place)).toEqual([
        true,
        observation.value,
        BigInt(place < 4 ? Math.min(...times.slice(0, 4)) : observation.observedAt),
      ]);
  });

  it("proves every member against the one root that the contract holds", async () => {
    for (const { feed, observation } of await stated("root")) {
      const proof = await proofOf("root", feed);
      const [value, round, observedAt] = await read("root", "read", ...proofArguments(proof));
      expect([value, round, observedAt]).toEqual([
        observation.value,
        BigInt(observation.round),
        BigInt(observation.observedAt),
      ]);
      expect(await read("root", "verify", ...proofArguments(proof))).toEqual([true]);
    }
  });

  it("reads the newest batch only, and still verifies one that the ring keeps", async () => {
    const older = await proofOf("root", MEMBERS[1] ?? batchId("root"), "1");
    const data = batchAbi.encodeFunctionData("read", [...proofArguments(older)]);
    const answer = await admin.rpc.ask("eth_call", [{ to: contract("root"), data }, "latest"]);
    const revert = answer.ok ? "0x" : (answer.fault.data ?? "0x");
    expect(batchAbi.parseError(revert)?.name).toBe("UnknownBatch");
    expect(await read("root", "verify", ...proofArguments(older))).toEqual([true]);
    const forged = { ...older, leaf: older.leaf.replace(/.{64}$/, "0".repeat(64)) };
    expect(await read("root", "verify", ...proofArguments(forged))).toEqual([false]);
  });

  it("verifies offline: the bundle, then any member by its proof", async () => {
    const latest = await fabric.feeds.round(batchId("root"), await latestOf(batchId("root")));
    const bundle = parseBundle(
      JSON.stringify(await fabric.envelopes.bundle(latest.envelopeDigest)),
    );
    const keys = bundle.keys.map((key) => ({
      key,
      scope: { fabrics: null, cryptlets: null, feeds: null },
      notBefore: null,
      notAfter: null,
    }));
    const trust = {
      id: "test",
      keys,
      attested: null,
      threshold: 1,
      requireEvidence: false,
      allowSimulated: true,
      allowEmulated: true,
      maxAgeMs: null,
      clockSkewMs: 60_000,
    };
    const report = await verifyBundle(serializeBundle(bundle), { trust, at: latest.issuedAt });
    expect(report.code).toBeNull();
    expect(report.ok).toBe(true);
    expect(bundle.onchain?.payloadType).toBe(BATCH_SOLABI_TYPE);
    const tuple = decodeOnchainBatch(payloadBytes(bundle.onchain ?? bundle.envelope));
    const proof = await proofOf("root", MEMBERS[4] ?? batchId("root"));
    const member = (await stated("root"))[4]?.observation;
    expect(verifyBatchProof(proof, tuple)?.value).toBe(member?.value);
  });

  it("writes out what changed, and keeps everything under the root", async () => {
    const latest = await latestOf(batchId("stored"));
    // The host's own schedule may make a batch between two members: what counts is what all of them wrote out.
    const written = new Set<number>();
    for (let number = 2; number <= latest; number += 1) {
      const before = await membersOf("stored", number - 1);
      for (const [place, { observation, listed }] of (
        await membersOf("stored", number)
      ).entries()) {
        // What a batch wrote that never landed is written again.
        if (observation?.round !== before[place]?.observation?.round) expect(listed).toBe(true);
        if (listed) written.add(place);
      }
    }
    expect([...written]).toEqual(expect.arrayContaining([1, 2]));
  });

  it("answers 404 for a batch, round or member that is not there", async () => {
    const statusOf = async (rest: string) => (await fetch(`${url}/v1/batches/${rest}`)).status;
    expect(await statusOf("nothing/latest/proof?feed=gold-a")).toBe(404);
    expect(await statusOf("gold-a/latest/proof?feed=gold-a")).toBe(404);
    expect(await statusOf("all-root/99/proof?feed=gold-a")).toBe(404);
    expect(await statusOf("all-root/1/proof?feed=other")).toBe(404);
    expect(await statusOf("all-root/0/proof?feed=gold-a")).toBe(400);
  });
});
