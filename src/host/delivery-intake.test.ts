import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  commitSignedRound,
  fixtureKeys,
  GOLD,
  signRound,
} from "../../test/support/stored-rounds.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { createMemoryBus } from "../bus/memory/memory-bus.ts";
import { systemClock } from "../core/clock.ts";
import type { ChainName, CryptletId, FabricId } from "../core/ids.ts";
import { createLog } from "../core/log.ts";
import { createSigningKey } from "../crypto/key-record.ts";
import { serializeBundle } from "../envelope/bundle.ts";
import { envelopeDigest, signObservation } from "../envelope/signed-observation.ts";
import type { TrustPolicy } from "../envelope/trust-policy.ts";
import { createStoreBusLog } from "../store/bus-log.ts";
import { listDeliveries } from "../store/deliveries.ts";
import { findBundle } from "../store/envelopes.ts";
import { openStore } from "../store/open-store.ts";
import { findRound } from "../store/rounds.ts";
import { createObservation } from "../../test/support/observation-fixture.ts";
import { startDeliveryIntake } from "./delivery-intake.ts";
import { roundMessageId, roundStream, roundSubject } from "./round-message.ts";
import { readCommittedRound } from "./round-view.ts";

const FABRIC = "demo" as FabricId;
const LOCAL = { chain: "local" as ChainName, contract: "0x01" };

const trust: TrustPolicy = {
  id: "test",
  keys: fixtureKeys.map((key) => ({
    key,
    scope: { fabrics: [FABRIC], cryptlets: ["gold-price" as CryptletId], feeds: null },
    notBefore: null,
    notAfter: null,
  })),
  attested: null,
  threshold: 1,
  requireEvidence: false,
  allowSimulated: true,
  allowEmulated: true,
  maxAgeMs: null,
  clockSkewMs: 0,
};

const openIntake = async ({ isMaker = true }: { readonly isMaker?: boolean } = {}) => {
  const store = await openStore({
    driver: "libsql",
    file: path.join(temporaryFolder(), "fabric.db"),
  });
  const bus = await createMemoryBus({ log: createStoreBusLog(store) });
  onTestFinished(async () => {
    await bus.close();
    await store.close();
  });
  await bus.ensureStream(roundStream(FABRIC));
  if (isMaker) for (const round of [1, 2]) await commitSignedRound(store, round);
  let stored = 0;
  const start = (onStored: () => void) =>
    startDeliveryIntake({
      bus,
      store,
      clock: systemClock,
      log: createLog({ level: "silent" }),
      fabric: FABRIC,
      host: null,
      chain: LOCAL.chain,
      trust: { policyFor: () => trust, checkMembers: () => undefined },
      bindings: [{ feed: GOLD, ...LOCAL, mode: "every" }],
      onStored: () => {
        stored += 1;
        onStored();
      },
      onProgress: () => undefined,
    });
  const publish = (bundleJson: string, messageId: string) =>
    bus.publish(roundSubject(FABRIC, GOLD), Buffer.from(bundleJson), { messageId });
  return { store, bus, start, publish, stored: () => stored };
};

/** A promise and what resolves it (`Promise.withResolvers` needs Node 22). */
const signalOnce = () => {
  const events = new EventTarget();
  const promise = new Promise<void>((done) => {
    events.addEventListener("stored", () => done(), { once: true });
  });
  return { promise, resolve: () => void events.dispatchEvent(new Event("stored")) };
};

/** Resolves when the dead-letter stream holds `count` messages. */
const deadLetters = async (bus: Awaited<ReturnType<typeof openIntake>>["bus"], count: number) => {
  const stream = `${roundStream(FABRIC).name}_DEAD`;
  await expect.poll(async () => (await bus.streamState(stream)).messages).toBe(count);
};

test("an envelope of a trusted key becomes one delivery, however often its message comes", async () => {
  const { store, start, publish, stored } = await openIntake();
  const { bundleJson, signed } = signRound(1);
  const landed = signalOnce();
  const intake = await start(landed.resolve);
  await publish(bundleJson, roundMessageId(GOLD, 1, envelopeDigest(signed.envelope)));
  await landed.promise;
  // The same round again under another id, as after a stream was lost and published anew.
  await publish(bundleJson, "cryptlet:xau-usd:1:again");
  const second = signRound(2);
  await publish(second.bundleJson, roundMessageId(GOLD, 2, envelopeDigest(second.signed.envelope)));
  await expect.poll(() => listDeliveries(store.db, { limit: 9 })).toHaveLength(2);
  await intake.stop();
  expect(stored()).toBeGreaterThanOrEqual(2);
  const rows = await listDeliveries(store.db, { limit: 9 });
  expect(new Set(rows.map(({ round, status }) => `${round} ${status}`))).toEqual(
    new Set(["1 prepared", "2 prepared"]),
  );
});

test("a stranger who replays a round under ids of rounds to come keeps none of those away", async () => {
  const { store, start, publish } = await openIntake();
  const landed = signalOnce();
  const intake = await start(landed.resolve);
  const [first, second] = [signRound(1), signRound(2)];
  const idOf = (round: number, { signed }: typeof first) =>
    roundMessageId(GOLD, round, envelopeDigest(signed.envelope));
  expect(idOf(1, first)).not.toBe(idOf(1, second));
  await publish(first.bundleJson, "cryptlet:xau-usd:1");
  await publish(first.bundleJson, "cryptlet:xau-usd:2");
  await landed.promise;
  // Even under an id that was taken from the wire, a replay is marked as what it is.
  await publish(first.bundleJson, idOf(2, first));
  await publish(second.bundleJson, idOf(2, second));
  await expect.poll(() => listDeliveries(store.db, { limit: 9 })).toHaveLength(2);
  await intake.stop();
});

test("the mark of a message is of what was verified, not of the id that it came with", async () => {
  const { store, start, publish } = await openIntake();
  const landed = signalOnce();
  const intake = await start(landed.resolve);
  const { bundleJson, signed } = signRound(1);
  await publish(bundleJson, "cryptlet:xau-usd:2:00");
  await landed.promise;
  await intake.stop();
  const marks = await store.db.selectFrom("bus_consumer_sequences").select("message_key").execute();
  expect(marks).toEqual([
    { message_key: roundMessageId(GOLD, 1, envelopeDigest(signed.envelope)) },
  ]);
});

test("a stranger's envelope, a tampered one and junk become dead letters and hold up nobody", async () => {
  const { store, bus, start, publish } = await openIntake();
  const stranger = signObservation(createObservation({ previous: null }, { round: 1 }), {
    json: [createSigningKey("ed25519")],
    onchain: [createSigningKey("secp256k1-keccak256")],
  });
  const { bundleJson, signed } = signRound(1);
  const parsed = JSON.parse(bundleJson) as Parameters<typeof serializeBundle>[0];
  const foreign = serializeBundle({
    ...parsed,
    envelope: stranger.envelope,
    onchain: stranger.onchain,
  });
  const payload = Buffer.from(signed.envelope.payload, "base64");
  payload.write("9", payload.indexOf("2650.10"));
  const tampered = serializeBundle({
    ...parsed,
    envelope: { ...signed.envelope, payload: payload.toString("base64") },
  });
  const landed = signalOnce();
  const intake = await start(landed.resolve);
  await publish(foreign, "stranger");
  await publish(tampered, "tampered");
  await publish("{", "junk");
  await publish(bundleJson, roundMessageId(GOLD, 1, envelopeDigest(signed.envelope)));
  await landed.promise;
  await deadLetters(bus, 3);
  await intake.stop();
  expect(await listDeliveries(store.db, { limit: 9 })).toHaveLength(1);
});

test("an envelope of another fabric is refused, a stale one is not", async () => {
  const { store, bus, start, publish } = await openIntake({ isMaker: false });
  const { bundleJson, signed } = signRound(1, { validUntil: 1_768_492_802_250 });
  const landed = signalOnce();
  const intake = await start(landed.resolve);
  const other = signRound(1).observation;
  const keys = { json: [createSigningKey("ed25519")], onchain: [] };
  const foreign = signObservation(
    { ...other, subject: { ...other.subject, fabric: "other" as FabricId } },
    keys,
  );
  const parsed = JSON.parse(bundleJson) as Parameters<typeof serializeBundle>[0];
  await publish(
    serializeBundle({ ...parsed, envelope: foreign.envelope, onchain: null }),
    "foreign",
  );
  await publish(bundleJson, roundMessageId(GOLD, 1, envelopeDigest(signed.envelope)));
  await landed.promise;
  await deadLetters(bus, 1);
  await intake.stop();
  expect(await listDeliveries(store.db, { limit: 9 })).toHaveLength(1);
});

test("a host with a database of its own keeps the round that it delivers", async () => {
  const { store, start, publish } = await openIntake({ isMaker: false });
  const { bundleJson, signed, view } = signRound(2);
  const landed = signalOnce();
  const intake = await start(landed.resolve);
  await publish(bundleJson, roundMessageId(GOLD, 2, envelopeDigest(signed.envelope)));
  await landed.promise;
  await intake.stop();
  const round = await findRound(store.db, GOLD, 2);
  expect(round).toMatchObject({ envelopeDigest: view.envelopeDigest, runId: null });
  expect(round && readCommittedRound(round)).toEqual(view);
  const found = await findBundle(store.db, view.envelopeDigest);
  expect(found).toEqual({ bundleJson, evidenceJson: null });
  expect(await listDeliveries(store.db, { limit: 9 })).toHaveLength(1);
});

test("of two envelopes of one round the second is put aside, with its code", async () => {
  const { store, bus, start, publish } = await openIntake();
  const landed = signalOnce();
  const intake = await start(landed.resolve);
  const other = signRound(1, { validUntil: 1_768_499_999_000 });
  await publish(other.bundleJson, "fork");
  await deadLetters(bus, 1);
  const { bundleJson } = signRound(1);
  await publish(bundleJson, "first");
  await landed.promise;
  await intake.stop();
  const view = await findRound(store.db, GOLD, 1);
  expect(view?.envelopeDigest).toBe(signRound(1).view.envelopeDigest);
  expect(await listDeliveries(store.db, { limit: 9 })).toHaveLength(1);
});
