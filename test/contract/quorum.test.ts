import { describe, expect, it, onTestFinished } from "vitest";
import type { Bus } from "../../src/bus/bus.ts";
import { leaseStream, startLease, type Lease } from "../../src/coordinator/lease.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { systemClock } from "../../src/core/clock.ts";
import { fabricIdSchema } from "../../src/core/ids.ts";
import { silentLog } from "../../src/core/log.ts";
import { createInbox } from "../support/inbox.ts";
import {
  createMember,
  feedOf,
  signAs,
  startTestHost,
  statementOf,
  type TestHost,
} from "../support/quorum-fixture.ts";
import { busContract, bytes } from "./bus-contract.ts";

const { signal } = new AbortController();
type HostOptions = Omit<Parameters<typeof startTestHost>[0], "bus" | "member" | "feed">;

busContract("rounds of several hosts", ({ open }) => {
  /** Hosts a, b and c. */
  const openHosts = async (options: Readonly<Record<string, HostOptions>> = {}, threshold = 2) => {
    const members = ["a", "b", "c"].map(createMember);
    const feed = feedOf(members, { threshold });
    const hosts = new Map<string, TestHost>();
    // One bus for all: requests of the in-process bus stay in its process.
    const bus = await open();
    for (const member of members) {
      const host = await startTestHost({ bus, member, feed, ...options[member.id] });
      onTestFinished(() => host.follower.stop());
      hosts.set(member.id, host);
    }
    const get = (id: string): TestHost => {
      const host = hosts.get(id);
      if (!host) throw new Error(`no host ${id}`);
      return host;
    };
    return { feed, get };
  };

  describe("a leader", () => {
    it("has a round when enough members have signed", async () => {
      const { feed, get } = await openHosts({}, 3);
      const leader = get("a");
      const statement = statementOf(1, { previous: null });
      const atHand = [signAs(leader.member, statement)] as const;
      const { signatures } = await leader.leader.collect(feed, statement, { atHand, signal });
      expect(signatures.map(({ member }) => member).toSorted()).toEqual(["a", "b", "c"]);
      expect(get("b").asked).toHaveLength(1);
      const kept = await get("b").book.above(feed.feed, 0, 4);
      expect(kept.map(({ signatures: of }) => of.map(({ member }) => member))).toEqual([
        ["a", "b"],
      ]);
    });

    it("is told who did not sign, and why", async () => {
      const refuse = async () => {
        throw fabricError("VALUE_OUT_OF_TOLERANCE", {
          feed: "xau-usd",
          round: 1,
          proposed: "1",
          own: "2",
          tolerancePpm: 1,
        });
      };
      const { feed, get } = await openHosts({ b: { endorse: refuse }, c: { endorse: refuse } });
      const leader = get("a");
      const statement = statementOf(1, { previous: null });
      const atHand = [signAs(leader.member, statement)] as const;
      const { signatures, refusals } = await leader.leader.collect(feed, statement, {
        atHand,
        signal,
      });
      expect(signatures.map(({ member }) => member)).toEqual(["a"]);
      expect(refusals.map(({ member, error }) => `${member} ${error.code}`).toSorted()).toEqual([
        "b VALUE_OUT_OF_TOLERANCE",
        "c VALUE_OUT_OF_TOLERANCE",
      ]);
    });

    it("does without a member that is away", async () => {
      const { feed, get } = await openHosts();
      await get("b").follower.stop();
      const leader = get("a");
      const statement = statementOf(1, { previous: null });
      const atHand = [signAs(leader.member, statement)] as const;
      const { signatures } = await leader.leader.collect(feed, statement, { atHand, signal });
      expect(signatures.map(({ member }) => member)).toEqual(["a", "c"]);
    });

    it("counts nobody whose evidence binds other keys", async () => {
      const stranger = createMember("x");
      const bound = () => stranger.keys.map(({ keyid }) => keyid);
      const { feed, get } = await openHosts({ a: { bound } });
      const leader = get("a");
      const statement = statementOf(1, { previous: null });
      const atHand = [signAs(leader.member, statement)] as const;
      const { signatures, refusals } = await leader.leader.collect(feed, statement, {
        atHand,
        signal,
      });
      expect(signatures).toHaveLength(1);
      expect(refusals.map(({ error }) => error.code)).toEqual([
        "QUORUM_MEMBER_REFUSED",
        "QUORUM_MEMBER_REFUSED",
      ]);
    });

    it("of two of one round, at most one has enough signatures", async () => {
      const { feed, get } = await openHosts();
      const results = await Promise.all(
        ["a", "b"].map(async (id) => {
          const { leader, member } = get(id);
          const statement = statementOf(1, {
            previous: null,
            value: { kind: "decimal", text: id === "a" ? "1" : "2", decimals: 8, unit: "USD/ozt" },
          });
          const atHand = [signAs(member, statement)] as const;
          return await leader.collect(feed, statement, { atHand, signal });
        }),
      );
      // What a leader's own enclave would refuse is in the enclave's tests; here c decides.
      const signers = results.map(({ signatures }) => signatures.map(({ member }) => member));
      expect(signers.filter((each) => each.includes("c")).length).toBeLessThanOrEqual(1);
    });

    it("after another one learns what that one left open", async () => {
      const { feed, get } = await openHosts();
      const dead = get("a");
      const statement = statementOf(5);
      const atHand = [signAs(dead.member, statement)] as const;
      await dead.leader.collect(feed, statement, { atHand, signal });
      await dead.follower.stop();
      const found = await get("b").leader.recover(feed, 4, { signal });
      const own = await get("b").book.above(feed.feed, 4, 4);
      const digests = new Set([...found, ...own].map((known) => known.statement.digest));
      expect([...digests]).toEqual([statement.digest]);
      expect(await get("b").leader.recover(feed, 5, { signal })).toEqual([]);
    });
  });

  describe("a lease", () => {
    const fabric = fabricIdSchema.parse("demo");
    let leases = 0;
    const openLeases = async (ids: readonly string[], leaseMs = 400) => {
      leases += 1;
      const name = `lease-${leases}`;
      const news = createInbox<{ id: string; epoch: number | null }>();
      const started = new Map<string, Lease>();
      const buses = new Map<string, Bus>();
      for (const id of ids) {
        const bus = await open();
        buses.set(id, bus);
        await bus.ensureStream(leaseStream(fabric));
        const lease = startLease({
          bus,
          fabric,
          name,
          self: id,
          ranking: ids,
          leaseMs,
          clock: systemClock,
          log: silentLog,
          onChange: (epoch) => news.add({ id, epoch }),
        });
        started.set(id, lease);
        onTestFinished(() => lease.stop());
      }
      const get = (id: string): Lease => {
        const lease = started.get(id);
        if (!lease) throw new Error(`no lease ${id}`);
        return lease;
      };
      return { name, news, get, buses };
    };

    it("goes to the first of the ranking, and to one host only", async () => {
      const { news, get } = await openLeases(["a", "b", "c"]);
      await news.until(1);
      expect(news.items).toEqual([{ id: "a", epoch: 1 }]);
      expect([get("a").epoch(), get("b").epoch(), get("c").epoch()]).toEqual([1, null, null]);
    });

    it("is taken over when its holder is silent, with a higher epoch", async () => {
      const { news, get, buses } = await openLeases(["a", "b"]);
      await news.until(1);
      // A host that dies says nothing.
      await buses.get("a")?.close();
      await news.until(2);
      expect(news.items.find(({ id }) => id === "b")).toEqual({ id: "b", epoch: 2 });
      expect(get("b").epoch()).toBe(2);
    });

    it("is given back by who stops, and passed on by who yields", async () => {
      const { news, get } = await openLeases(["a", "b"], 2_000);
      await news.until(1);
      get("a").yield();
      await news.until(3);
      expect(news.items).toEqual([
        { id: "a", epoch: 1 },
        { id: "a", epoch: null },
        { id: "b", epoch: 2 },
      ]);
      await get("b").stop();
      expect(get("b").epoch()).toBeNull();
    });

    it("gets an epoch above what somebody saw, and above nothing that cannot be", async () => {
      const { news, get } = await openLeases(["a"]);
      await news.until(1);
      get("a").raise(41);
      await news.until(3);
      expect(news.items.at(-1)).toEqual({ id: "a", epoch: 42 });
      get("a").raise(Number.MAX_SAFE_INTEGER);
      expect(get("a").epoch()).toBe(42);
    });

    it("outlives what a stranger writes into it", async () => {
      const { name, news, buses } = await openLeases(["a"]);
      await news.until(1);
      const bus = buses.get("a");
      await bus?.publish(`cryptlet.demo.lease.${name}`, bytes("nonsense"));
      await news.until(3);
      const forged = JSON.stringify({ holder: "stranger", epoch: 4_294_967_295 });
      await bus?.publish(`cryptlet.demo.lease.${name}`, bytes(forged));
      await news.until(5);
      expect(news.items.map(({ epoch }) => epoch)).toEqual([1, null, 2, null, 3]);
    });
  });
});
