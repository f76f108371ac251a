import { Interface, id } from "ethers";
import { beforeAll, describe, expect, it } from "vitest";
import { readArtifact } from "../../src/adapters/evm/contract-artifact.ts";
import { keysAbi, registryAbi } from "../../src/adapters/evm/feed-abi.ts";
import type { Address } from "../../src/core/ids.ts";
import { startTestChain } from "../support/anvil.ts";
import {
  addressOf,
  createFeedFixture,
  namedKey,
  type FeedFixture,
  type TestFeed,
} from "../support/feed-fixture.ts";
import { createPullConsumer, type PullConsumer } from "../support/pull-fixture.ts";

/** Who may call each function that changes something. `anyone` is safe in anybody's hands; each row says why. */
const rules: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  CryptletKeys: {
    // Carries verifiers' signatures.
    register: ["anyone"],
    registerGroup: ["anyone"],
    setStatusByVerifiers: ["anyone"],
    raiseSvnFloorByVerifiers: ["anyone"],
    // Reads again what is so.
    push: ["anyone"],
    setStatus: ["revoker"],
    raiseSvnFloor: ["revoker"],
    setVerifiers: ["admin"],
    link: ["registry"],
    unlink: ["registry"],
    watch: ["registry"],
    unwatch: ["registry"],
    grantRole: ["admin"],
    revokeRole: ["admin"],
    renounceRole: ["anyone"],
  },
  FeedRegistry: {
    // Every item is checked by its feed.
    updateMany: ["anyone"],
    createFeed: ["feedAdmin"],
    setSigners: ["feedAdmin"],
    setGroup: ["feedAdmin"],
    watch: ["feedAdmin"],
    unwatch: ["feedAdmin"],
    grantRole: ["admin"],
    revokeRole: ["admin"],
    renounceRole: ["anyone"],
  },
  FeedLogic: {
    // Signed by the feed's signers.
    update_QJGga: ["anyone"],
    updateByGroup_RUALF: ["anyone"],
    submit: ["anyone"],
    refreshSigners: ["anyone"],
    setSigners: ["registry"],
    setGroup: ["registry"],
  },
  PullProbe: {
    useNewer: ["anyone"],
    refreshSigners: ["anyone"],
    setSigners: ["owner"],
    setGroup: ["owner"],
  },
};

const REFUSED_BY_ROLE = [
  "error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)",
  "error NotRegistry(address caller)",
];
const roleErrors = new Interface(REFUSED_BY_ROLE);

let fixture: FeedFixture;
let feed: TestFeed;
let consumer: PullConsumer;
const people: Record<string, Address> = {};
const places: Record<string, Address> = {};
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
  const { account, contracts } = fixture;
  feed = await fixture.feed("roles", { keys: [namedKey("roles")] });
  const { feedHash, keys } = feed;
  consumer = await createPullConsumer(fixture, { feedHash, keys, threshold: 1 });
  for (const name of ["stranger", "revoker", "feedAdmin", "admin"])
    people[name] = addressOf(namedKey(`person ${name}`));
  people["registry"] = contracts.registry;
  people["owner"] = account.signer.address;
  Object.assign(places, {
    CryptletKeys: contracts.keys,
    FeedRegistry: contracts.registry,
    FeedLogic: feed.address,
    PullProbe: consumer.address,
  });
  const admin = `0x${"0".repeat(64)}`;
  const grants = [
    [contracts.keys, id("REVOKER_ROLE"), "revoker"],
    [contracts.keys, admin, "admin"],
    [contracts.registry, id("FEED_ADMIN_ROLE"), "feedAdmin"],
    [contracts.registry, admin, "admin"],
  ] as const;
  for (const [to, role, name] of grants) {
    const data = keysAbi.encodeFunctionData("grantRole", [role, people[name]]);
    await account.send("role", { to, data });
  }
});

const sample = (type: string): unknown => {
  if (type.endsWith("[]")) return [];
  if (type.startsWith("tuple")) return undefined;
  if (type === "address") return addressOf(namedKey("argument"));
  if (type === "bytes32") return id("argument");
  if (type === "bytes" || type === "string") return "0x";
  return type === "bool" ? false : 1;
};
type Part = {
  readonly type: string;
  readonly components: readonly Part[] | null;
  readonly name: string;
};
const fill = (part: Part): unknown =>
  part.components && !part.type.endsWith("[]") ? part.components.map(fill) : sample(part.type);

/** Whether a call is refused because of who calls; any other refusal is of what was said. */
const isRefused = async (to: Address, from: Address, data: string): Promise<boolean> => {
  const answer = await fixture.chain.rpc.ask("eth_call", [{ from, to, data }, "latest"]);
  return !answer.ok && roleErrors.parseError(answer.fault.data ?? "0x") !== null;
};

describe.each(Object.keys(rules))("%s", (name) => {
  it("has a rule for each function that changes something", async () => {
    const abi = new Interface(JSON.stringify((await readArtifact(name)).abi));
    const changing: string[] = [];
    abi.forEachFunction((each) => {
      if (!each.constant) changing.push(each.name);
    });
    expect(new Set(changing)).toEqual(new Set(Object.keys(rules[name] ?? {})));
  });

  it("lets each role do what is its own and nothing else", async () => {
    const abi = new Interface(JSON.stringify((await readArtifact(name)).abi));
    const to = places[name];
    if (!to) throw new Error("no place");
    for (const [method, allowed] of Object.entries(rules[name] ?? {})) {
      const fragment = abi.getFunction(method);
      if (!fragment) throw new Error(method);
      const data = abi.encodeFunctionData(fragment, fragment.inputs.map(fill));
      for (const [role, from] of Object.entries(people)) {
        // The account that deployed everything has the administrators' roles; it is no stranger here.
        if (role === "owner" && name !== "PullProbe") continue;
        const mayCall = allowed.includes("anyone") || allowed.includes(role);
        expect(await isRefused(to, from, data), `${role} calls ${method}`).toBe(!mayCall);
      }
    }
  });
});

it("no contract can be handed ether, or asked what it does not know", async () => {
  const from = fixture.account.signer.address;
  for (const to of Object.values(places))
    for (const call of [{ value: "0x1" }, { data: "0xdeadbeef" }, { data: "0x" }])
      expect((await fixture.chain.rpc.ask("eth_call", [{ from, to, ...call }, "latest"])).ok).toBe(
        false,
      );
});

it("who gives up the last role leaves nobody who could take it: the roles are not recoverable", async () => {
  const { account, contracts } = fixture;
  const role = id("FEED_ADMIN_ROLE");
  const holder = people["feedAdmin"];
  if (!holder) throw new Error("no holder");
  const data = registryAbi.encodeFunctionData("setGroup", [feed.feedHash, `0x${"0".repeat(40)}`]);
  expect(await isRefused(contracts.registry, holder, data)).toBe(false);
  const revoke = new Interface(["function revokeRole(bytes32 role, address account)"]);
  await account.send("revoke", {
    to: contracts.registry,
    data: revoke.encodeFunctionData("revokeRole", [role, holder]),
  });
  expect(await isRefused(contracts.registry, holder, data)).toBe(true);
});
