import { expect, it, onTestFinished } from "vitest";
import type { Enclave } from "../../enclave-sim/host/enclave.ts";
import type { ChainAdapter, ChainState } from "../adapters/contract/chain-adapter.ts";
import { createMemoryBus } from "../bus/memory/memory-bus.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { feedIdSchema } from "../core/ids.ts";
import { createStoreBusLog } from "../store/bus-log.ts";
import { openStore } from "../store/open-store.ts";
import type { QuorumView } from "./fabric.ts";
import { createHealth } from "./health.ts";

const chain = (name: string, probe: () => Promise<ChainState>) =>
  ({ name, probe }) as unknown as ChainAdapter;
const well: ChainState = { chainId: "31337", height: 7, engine: "anvil/v1.7.1" };
const enclaveThat = (stats: () => Promise<unknown>) => ({ stats }) as unknown as Enclave;

const open = async (parts: {
  readonly enclave?: Enclave;
  readonly adapters?: ChainAdapter[];
  readonly quorum?: QuorumView[];
}) => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  const bus = await createMemoryBus({ log: createStoreBusLog(store) });
  let isOpen = true;
  const close = async () => {
    if (isOpen) await store.close();
    isOpen = false;
  };
  onTestFinished(close);
  const health = createHealth({
    store,
    bus,
    enclave: parts.enclave ?? enclaveThat(async () => ({ cryptlets: [{}, {}] })),
    adapters: parts.adapters ?? [],
    quorum: { list: () => parts.quorum ?? [] },
  });
  return { bus, health, closeStore: close };
};

it("says for every part how it is", async () => {
  const { health } = await open({
    adapters: [chain("one", async () => well), chain("two", async () => ({ ...well, height: 8 }))],
  });
  const report = await health();
  expect(report.ok).toBe(true);
  expect(Object.keys(report.parts)).toEqual([
    "database",
    "bus",
    "enclave",
    "chain-one",
    "chain-two",
  ]);
  expect(report.parts["chain-two"]?.detail).toBe("chain 31337 at height 8, anvil/v1.7.1");
  // Nobody must take a simulated enclave for another.
  expect(report.parts["enclave"]?.detail).toContain("SIMULATED");
});

it("names the code of each part that is down, and asks the others all the same", async () => {
  const { bus, health, closeStore } = await open({
    enclave: enclaveThat(() => Promise.reject(fabricError("ENCLAVE_CLOSED", {}))),
    adapters: [
      chain("away", () =>
        Promise.reject(fabricError("CHAIN_UNREACHABLE", { chain: "away", reason: "ECONNREFUSED" })),
      ),
      chain("one", async () => well),
    ],
  });
  await bus.close();
  await closeStore();
  const { ok, parts } = await health();
  expect(ok).toBe(false);
  const down = Object.entries(parts).flatMap(([name, part]) => (part.ok ? [] : [name]));
  expect(down).toEqual(["database", "bus", "enclave", "chain-away"]);
  expect(parts["database"]?.detail).toContain("STORE_CLOSED");
  expect(parts["enclave"]?.detail).toContain("ENCLAVE_CLOSED");
  expect(parts["chain-away"]?.detail).toContain("CHAIN_UNREACHABLE");
});

it("shows no secret of a part that fails", async () => {
  const { health } = await open({
    adapters: [
      chain("leaky", () => Promise.reject(new Error("https://user:hidden@node/ refused"))),
    ],
  });
  const { parts } = await health();
  expect(parts["chain-leaky"]?.ok).toBe(false);
  expect(JSON.stringify(parts)).not.toContain("hidden");
});

it("says who leads a feed of several hosts, and that nobody does", async () => {
  const gold: QuorumView = {
    feed: feedIdSchema.parse("gold"),
    members: ["a", "b", "c"],
    threshold: 2,
    leader: "b",
    epoch: 4,
  };
  const led = await (await open({ quorum: [gold] })).health();
  expect(led.parts["quorum"]).toEqual({ ok: true, detail: "gold: 2 of a b c, b leads, epoch 4" });
  const lost = await (await open({ quorum: [{ ...gold, leader: null }] })).health();
  expect(lost).toMatchObject({ ok: false, parts: { quorum: { ok: false } } });
});
