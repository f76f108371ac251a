import { getBytes, hexlify } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import fc from "fast-check";
import { setKeyStatus } from "../../src/adapters/evm/register-key.ts";
import type { SignedPayload } from "../../src/adapters/evm/encode-update.ts";
import {
  addressOfContract,
  ask,
  createFacadeFixture,
  packedPythUpdate,
  pythUpdate,
  refusalOf,
  shippedAbi,
  type FacadeFixture,
} from "../support/facade-fixture.ts";
import type { Contract } from "ethers";
import { evmEngines, type EvmEngine } from "../support/evm-engines.ts";
import { namedHash, namedKey, type TestFeed } from "../support/feed-fixture.ts";
import { createGroupFeed } from "../support/group-feed.ts";
import { namedGroupKey } from "../support/group-key.ts";
import { twinOf } from "../support/signature-twin.ts";

const HOUR = 3_600;
const ETHER = 10n ** 18n;

describe.each(evmEngines)("attacks on the facade for Pyth on $name", ({ available, start }) => {
  const isThere = available("attacks on the facade for Pyth");
  let engine: EvmEngine;
  let fixture: FacadeFixture;
  let pyth: Contract;
  /** Two of three must sign; round 5 is stored. */
  let quorum: TestFeed;
  /** Another feed, with another key. */
  let other: TestFeed;
  let signed: SignedPayload;
  beforeAll(async () => {
    if (!isThere) return;
    engine = await start();
    fixture = await createFacadeFixture(engine);
    quorum = await fixture.feed("quorum", { keys: ["a", "b", "c"].map(namedKey), threshold: 2 });
    other = await fixture.feed("other", { keys: [namedKey("d")] });
    signed = await quorum.message(5, { signers: quorum.keys.slice(0, 2) });
    await fixture.push(quorum, signed);
    const { registry } = fixture.contracts;
    pyth = await fixture.facade({ kind: "pyth", registry });
  }, 120_000);
  afterAll(async () => {
    fixture?.provider.destroy();
    await engine?.stop();
  });

  const update = (...updates: readonly string[]) => refusalOf(pyth, "updatePriceFeeds", [updates]);
  const parse = (...updates: readonly string[]) =>
    refusalOf(pyth, "parsePriceFeedUpdates", [updates, [quorum.feedHash], 0, 2n ** 64n - 1n]);
  const pair = () => quorum.keys.slice(0, 2);

  it.runIf(isThere)("refuses what no quorum signed, however it is brought", async () => {
    const [a = namedKey("a"), b = namedKey("b")] = quorum.keys;
    const good = await quorum.message(6, { signers: [a, b] });
    const [first = new Uint8Array()] = good.signatures;
    const changed = Uint8Array.from(good.payload);
    changed[95] = (changed[95] ?? 0) ^ 1;
    const forgeries: readonly [string, SignedPayload][] = [
      ["a stranger", await quorum.message(6, { signers: [a, namedKey("nobody")] })],
      ["one of two", await quorum.message(6, { signers: [a] })],
      ["one signer twice", await quorum.message(6, { signers: [a, a] })],
      ["the other feed's key", await quorum.message(6, { signers: other.keys })],
      ["another value", { ...good, payload: changed }],
      ["a twin", { ...good, signatures: [first, ...good.signatures.slice(1).map(twinOf)] }],
      ["one too many", await quorum.message(6, { signers: [a, b, namedKey("nobody")] })],
    ];
    const before = await quorum.latest();
    for (const [name, message] of forgeries) {
      expect(await update(pythUpdate(message)), name).toBe("InvalidUpdateData");
      expect(await parse(pythUpdate(message)), name).toBe("InvalidUpdateData");
      // Nor is it believed because its round is old.
      const sent = await fixture.send(pyth, "updatePriceFeeds", [[pythUpdate(message)]]);
      expect(sent.status, name).toBe(0);
    }
    const forgedOld = await quorum.message(5, { signers: [a, namedKey("nobody")] });
    expect(await update(pythUpdate(forgedOld))).toBe("InvalidUpdateData");
    expect(await quorum.latest()).toEqual(before);
    expect(await update(pythUpdate(good))).toBeNull();
  });

  it.runIf(isThere)("refuses what is ahead of time, past its end, or of no feed", async () => {
    const now = await fixture.now();
    const ahead = await quorum.message(6, { signers: pair(), observedAt: now + HOUR });
    expect(await update(pythUpdate(ahead))).toBe("InvalidUpdateData");
    expect(await parse(pythUpdate(ahead))).toBe("InvalidUpdateData");
    const late = { observedAt: now + 20, validUntil: now - 1 };
    const expired = await quorum.message(6, { signers: pair(), ...late });
    expect(await update(pythUpdate(expired))).toBe("InvalidUpdateData");
    const nowhere = await quorum.message(6, { signers: pair(), feedHash: namedHash("nowhere") });
    expect(await update(pythUpdate(nowhere))).toBe("InvalidUpdateData");
    const foreign = await quorum.message(6, { signers: pair(), feedHash: other.feedHash });
    expect(await update(pythUpdate(foreign))).toBe("InvalidUpdateData");
  });

  it.runIf(isThere)("refuses every other length and form", async () => {
    const good = await quorum.message(6, { signers: pair() });
    const bytes = getBytes(pythUpdate(good));
    const many = { ...good, signatures: Array.from({ length: 33 }, () => new Uint8Array(65)) };
    const forms = [
      "0x",
      "0x00",
      hexlify(bytes.subarray(1)),
      hexlify(bytes.subarray(0, 193)),
      hexlify(bytes.subarray(0, -1)),
      `${hexlify(bytes)}00`,
      pythUpdate(good, "01"),
      pythUpdate(good, "02"),
      pythUpdate(many),
      `0x${"00".repeat(100_000)}`,
    ];
    for (const form of forms) {
      expect(await update(form), `${form.length} characters`).toBe("InvalidUpdateData");
      expect(await parse(form), `${form.length} characters`).toBe("InvalidUpdateData");
    }
    // One bad item undoes the good one before it.
    const before = await quorum.latest();
    const both = [[pythUpdate(good), "0x00"]];
    expect((await fixture.send(pyth, "updatePriceFeeds", both)).status).toBe(0);
    expect(await quorum.latest()).toEqual(before);
  });

  it.runIf(isThere)("lets nobody but the feed's group sign as a group", async () => {
    const keys = ["g1", "g2", "g3"].map(namedKey);
    const made = await fixture.inBlocks(() =>
      createGroupFeed(fixture, "grouped", { keys, threshold: 2 }),
    );
    const observedAt = await fixture.now();
    await fixture.push(made, await made.groupMessage(1, { observedAt }));
    const stranger = namedGroupKey("a stranger's");
    const set = await made.signerSet();
    for (const round of [1, 2]) {
      const change = { observedAt: observedAt + round - 1, by: stranger };
      const forged = await made.groupMessage(round, change);
      const items = [pythUpdate(forged, "01"), packedPythUpdate(forged, set)];
      for (const item of items) {
        expect(await update(item), `round ${round}`).toBe("InvalidUpdateData");
        expect(await parse(item), `round ${round}`).toBe("InvalidUpdateData");
      }
    }
    // A group that does not count any more is none.
    const { account, contracts } = fixture;
    const good = pythUpdate(await made.groupMessage(1, { observedAt }), "01");
    expect(await update(good)).toBeNull();
    const change = { key: made.group.address, status: "COMPROMISED" } as const;
    await fixture.inBlocks(() => setKeyStatus(account, contracts.keys, change));
    expect(await update(good)).toBe("InvalidUpdateData");
  });

  it.runIf(isThere).each(["plain", "packed"])(
    "believes no changed byte of a good %s update",
    async (form) => {
      const message = await quorum.message(6, { signers: pair() });
      const item =
        form === "plain"
          ? pythUpdate(message)
          : packedPythUpdate(message, await quorum.signerSet());
      const bytes = getBytes(item);
      const change = fc.tuple(
        fc.integer({ min: 0, max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
      );
      await fc.assert(
        fc.asyncProperty(change, async ([position, difference]) => {
          const changed = Uint8Array.from(bytes);
          changed[position] = (changed[position] ?? 0) ^ difference;
          expect(await update(hexlify(changed))).toBe("InvalidUpdateData");
          // Who only reads asks the feed for its signers: what a packed item says of them decides nothing.
          const isSigned = form === "plain" || position < 55 || (position > 64 && position < 97);
          if (isSigned) expect(await parse(hexlify(changed))).toBe("InvalidUpdateData");
        }),
        { numRuns: 40 },
      );
    },
  );

  it.runIf(isThere)("takes old, repeated and out-of-order updates without a change", async () => {
    const made = await fixture.feedWith("order", [1n, 2n]);
    const time = Number((await made.latest())[2]);
    const at = async (round: number, observedAt: number) =>
      pythUpdate(await made.message(round, { observedAt, value: BigInt(round) }));
    const third = await at(3, time + 1);
    const sent = await fixture.send(pyth, "updatePriceFeeds", [
      [third, await at(2, time), third, await at(1, time - 1)],
    ]);
    expect(sent.status).toBe(1);
    const fresh = sent.logs.flatMap((log) => pyth.interface.parseLog(log) ?? []);
    expect(fresh.map(({ name, args }) => [name, args[2]])).toEqual([["PriceFeedUpdate", 3n]]);
    // A newer number with an older time is none either.
    expect(await update(await at(4, time))).toBeNull();
    expect((await made.latest()).slice(0, 2)).toEqual([3n, 3n]);
  });

  it.runIf(isThere)(
    "refuses a value that Pyth's type cannot hold, and stores nothing of it",
    async () => {
      for (const value of [2n ** 63n, -(2n ** 63n) - 1n]) {
        const wide = pythUpdate(await quorum.message(6, { signers: pair(), value }));
        expect(await update(wide)).toBe("ValueDoesNotFit");
        expect((await fixture.send(pyth, "updatePriceFeeds", [[wide]])).status).toBe(0);
        expect(await parse(wide)).toBe("ValueDoesNotFit");
      }
      expect((await quorum.latest())[0]).toBe(5n);
      // Who pushes it to the feed itself makes the facade refuse to lie about it.
      const wide = await fixture.feedWith("wide", [2n ** 70n]);
      expect(await refusalOf(pyth, "getPriceUnsafe", [wide.feedHash])).toBe("ValueDoesNotFit");
    },
  );

  it.runIf(isThere)("keeps no ether: gives it back, or refuses", async () => {
    const address = await addressOfContract(pyth);
    const proud = await fixture.consumer("PythConsumer", address, quorum.feedHash, false);
    const good = pythUpdate(await quorum.message(6, { signers: pair() }));
    const abis = [shippedAbi("PythFacade")];
    const options = { value: 7n, abis };
    expect(await refusalOf(proud, "overpay", [[good]], options)).toBe("RefundRefused");
    const refused = await fixture.send(proud, "overpay", [[good]], { value: 7n });
    expect([refused.status, (await quorum.latest())[0]]).toEqual([0, 5n]);
    const modest = await fixture.consumer("PythConsumer", address, quorum.feedHash, true);
    const again = pythUpdate(signed);
    const sent = await fixture.send(modest, "overpay", [[again]], { value: 7n });
    expect(sent.status).toBe(1);
    expect(await fixture.provider.getBalance(await modest.getAddress())).toBe(7n);
    // A plain payment, or one with an unknown call.
    const wallet = fixture.user;
    for (const data of ["0x", "0x12345678"])
      await expect(wallet.call({ to: address, value: ETHER, data })).rejects.toMatchObject({
        code: "CALL_EXCEPTION",
      });
    expect(await fixture.provider.getBalance(address)).toBe(0n);
  });

  it.runIf(isThere)("never passes over an update because gas ran out", async () => {
    const good = pythUpdate(await quorum.message(6, { signers: pair() }));
    // From too little for anything to nearly enough.
    for (const gasLimit of [45_000n, 60_000n, 75_000n, 85_000n]) {
      const sent = await fixture.send(pyth, "updatePriceFeeds", [[good]], { gasLimit });
      expect([sent.status, (await quorum.latest())[0]], String(gasLimit)).toEqual([0, 5n]);
    }
  });

  it.runIf(isThere)(
    "lets no id of Pyth's stand for a feed twice, or for another feed's name",
    async () => {
      const { registry } = fixture.contracts;
      const first = { priceId: namedHash("id"), feedHash: quorum.feedHash };
      const twice = { ...first, feedHash: other.feedHash };
      const stolen = { priceId: other.feedHash, feedHash: quorum.feedHash };
      const unknown = { priceId: namedHash("id"), feedHash: namedHash("unknown") };
      for (const priceIds of [[first, twice], [stolen], [unknown]])
        await expect(fixture.facade({ kind: "pyth", registry, priceIds })).rejects.toMatchObject({
          code: "DEPLOYMENT_FAILED",
        });
      expect(await refusalOf(pyth, "remember", [namedHash("unknown")])).toBe("UnknownFeed");
      expect(await ask(pyth, "aliasOf", quorum.feedHash)).toEqual([`0x${"00".repeat(32)}`]);
    },
  );

  it.runIf(isThere)(
    "keeps an id of Pyth's where it is when a feed takes it for its name",
    async () => {
      const { registry } = fixture.contracts;
      const priceIds = [{ priceId: namedHash("squatted"), feedHash: quorum.feedHash }];
      const facade = await fixture.facade({ kind: "pyth", registry, priceIds });
      const squatter = await fixture.feed("squatted", { keys: [namedKey("squatter")] });
      const message = await squatter.message(9, { value: 1n });
      await fixture.push(squatter, message);
      const before = await ask(facade, "getPriceUnsafe", namedHash("squatted"));
      expect((await fixture.send(facade, "remember", [namedHash("squatted")])).status).toBe(1);
      expect(await ask(facade, "getPriceUnsafe", namedHash("squatted"))).toEqual(before);
      const data = [[pythUpdate(message)]];
      expect(await refusalOf(facade, "updatePriceFeeds", data)).toBe("InvalidUpdateData");
    },
  );
});
