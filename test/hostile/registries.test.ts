import { hexlify, Interface } from "ethers";
import { beforeAll, describe, expect, it } from "vitest";
import { registerFeed } from "../../src/adapters/evm/deploy.ts";
import { keysAbi, registryAbi } from "../../src/adapters/evm/feed-abi.ts";
import { registerKey, setKeyStatus } from "../../src/adapters/evm/register-key.ts";
import { decodeOnchainObservation } from "../../src/envelope/observation-solabi.ts";
import { startTestChain } from "../support/anvil.ts";
import {
  addressOf,
  createFeedFixture,
  namedHash,
  namedKey,
  signTuple,
  verifiers,
  type FeedFixture,
  type TestFeed,
} from "../support/feed-fixture.ts";

const HOUR = 3_600;
let fixture: FeedFixture;
let feed: TestFeed;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
  feed = await fixture.feed("hostile", { keys: [namedKey("hostile")] });
});

describe("the registries refuse", () => {
  const refused = { code: "DEPLOYMENT_FAILED" };

  it("results that too few verifiers signed, that were altered, or that come again", async () => {
    const { keys } = fixture.contracts;
    const key = namedKey("contested");
    const now = await fixture.now();
    const attestation = {
      key: addressOf(key),
      workload: namedHash("w"),
      tee: "simulator",
      hardware: false,
      svn: 3,
      notAfter: now + HOUR,
      evidenceId: namedHash("e"),
      policyDigest: namedHash("p"),
    } as const;
    const strangers = [namedKey("s1"), namedKey("s2")].map((each) => ({
      address: addressOf(each),
      sign: async (message: Uint8Array) => each.sign(message),
    }));
    const account = fixture.account;
    const twice = [verifiers[0], verifiers[0]].filter((each) => each !== undefined);
    for (const signers of [[], verifiers.slice(0, 1), strangers, twice])
      await expect(registerKey(account, keys, attestation, signers)).rejects.toMatchObject(refused);
    for (const change of [
      { hardware: true },
      { notAfter: now - 1 },
      { notAfter: now + 400 * 86_400 },
      { workload: `0x${"0".repeat(64)}` },
      { key: addressOf(key).replace(/./g, (c, i) => (i < 2 ? c : "0")) as typeof attestation.key },
    ])
      await expect(
        registerKey(account, keys, { ...attestation, ...change }, verifiers),
      ).rejects.toMatchObject(refused);
    await registerKey(account, keys, attestation, verifiers);
    await expect(
      registerKey(account, keys, { ...attestation, svn: 2 }, verifiers),
    ).rejects.toMatchObject(refused);
    await setKeyStatus(account, keys, { key: addressOf(key), status: "COMPROMISED" });
    await expect(registerKey(account, keys, attestation, verifiers)).rejects.toMatchObject(refused);
    for (const status of ["ACTIVE", "OFFLINE", "COMPROMISED"] as const)
      await expect(
        setKeyStatus(account, keys, { key: addressOf(key), status }),
      ).rejects.toMatchObject(refused);
  });

  it("a status for a key that nobody registered", async () => {
    const unknown = { key: addressOf(namedKey("never")), status: "OFFLINE" } as const;
    await expect(
      setKeyStatus(fixture.account, fixture.contracts.keys, unknown),
    ).rejects.toMatchObject(refused);
  });

  it("a feed that exists, and signer sets that are none", async () => {
    const { account, contracts } = fixture;
    const base = {
      feedHash: namedHash("registry refuses"),
      workload: namedHash("w"),
      signers: [addressOf(namedKey("a"))],
      threshold: 1,
      ringSize: 1,
      decimals: 8,
      description: "x",
    };
    const same = addressOf(namedKey("a"));
    for (const change of [
      { feedHash: feed.feedHash },
      { signers: [] },
      { signers: [same, same] },
      { threshold: 0 },
      { threshold: 2 },
      { signers: Array.from({ length: 33 }, (_, i) => addressOf(namedKey(`many ${i}`))) },
    ])
      await expect(
        registerFeed(account, contracts.registry, { ...base, ...change }),
      ).rejects.toMatchObject(refused);
  });

  it("administration by strangers", async () => {
    const { rpc } = fixture.chain;
    const from = addressOf(namedKey("a stranger"));
    const { keys, registry } = fixture.contracts;
    const calls = [
      { to: keys, data: keysAbi.encodeFunctionData("setStatus", [from, 4]) },
      { to: keys, data: keysAbi.encodeFunctionData("grantRole", [namedHash("role"), from]) },
      {
        to: registry,
        data: registryAbi.encodeFunctionData("setSigners", [
          feed.feedHash,
          { workload: feed.feedHash, threshold: 1, requireHardware: false, admitted: [from] },
        ]),
      },
    ];
    for (const call of calls)
      expect((await rpc.ask("eth_call", [{ from, ...call }, "latest"])).ok).toBe(false);
  });
});

describe("batches", () => {
  const abi = [
    "function updateMany(bytes[] payloads, bytes[][] signatures) returns (uint256 accepted)",
  ];

  it("take the good items, and say which were refused and why", async () => {
    const batch = new Interface([
      ...abi,
      "event UpdateRefused(uint256 indexed item, bytes32 indexed feedHash, bytes reason)",
    ]);
    const a = await fixture.feed("batch a", { keys: [namedKey("ba")] });
    const b = await fixture.feed("batch b", { keys: [namedKey("bb")] });
    const good = await a.message(1);
    const forged = await b.message(1, { signers: [namedKey("nobody")] });
    const stray = signTuple(
      { ...decodeOnchainObservation(good.payload), feedHash: namedHash("no such feed") },
      a.keys,
    );
    const items = [good, forged, stray, { payload: new Uint8Array(5), signatures: [] }];
    const data = batch.encodeFunctionData("updateMany", [
      items.map(({ payload }) => hexlify(payload)),
      items.map(({ signatures }) => signatures.map((each) => hexlify(each))),
    ]);
    const receipt = await fixture.account.send("batch", { to: fixture.contracts.registry, data });
    const refused = receipt.logs
      .map((log) => batch.parseLog(log))
      .filter((event) => event !== null)
      .map((event) => Number(event.args.toArray()[0]));
    expect(refused).toEqual([1, 2, 3]);
    expect((await a.latest())[0]).toBe(1n);
    expect((await b.latest())[0]).toBe(0n);
    const uneven = batch.encodeFunctionData("updateMany", [["0x"], []]);
    await expect(
      fixture.account.send("uneven", { to: fixture.contracts.registry, data: uneven }),
    ).rejects.toMatchObject({ code: "DEPLOYMENT_FAILED" });
  });
});
