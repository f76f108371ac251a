import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { commitSignedRound, fixtureKeys, GOLD } from "../../test/support/stored-rounds.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import type { ChainName, Digest } from "../core/ids.ts";
import { bundleSchema } from "../envelope/bundle.ts";
import { envelopeDigest } from "../envelope/signed-observation.ts";
import { changeDelivery, deliveryId, insertDeliveries } from "../store/deliveries.ts";
import { openStore } from "../store/open-store.ts";
import { createEnvelopeArchive } from "./envelope-archive.ts";

const LOCAL = { chain: "local" as ChainName, contract: "0x01" };

const openArchive = async () => {
  const store = await openStore({
    driver: "libsql",
    file: path.join(temporaryFolder(), "fabric.db"),
  });
  onTestFinished(() => store.close());
  return { store, archive: createEnvelopeArchive(store, new Map([["local", "31337"]])) };
};

test("both forms and the bundle come back under the envelope's digest", async () => {
  const { store, archive } = await openArchive();
  const { envelopeDigest: digest } = await commitSignedRound(store, 1);
  const bundle = bundleSchema.parse(await archive.bundle(digest));
  expect(envelopeDigest(bundle.envelope)).toBe(digest);
  expect(bundle.keys).toEqual(fixtureKeys);
  expect(await archive.envelope(digest, "json")).toEqual(bundle.envelope);
  expect(await archive.envelope(digest, "solabi")).toEqual(bundle.onchain);
});

test("a bundle carries receipts of final deliveries only", async () => {
  const { store, archive } = await openArchive();
  const { envelopeDigest: digest } = await commitSignedRound(store, 1);
  const id = deliveryId(GOLD, 1, LOCAL);
  await store.transaction(async (trx) => {
    await insertDeliveries(trx, { feed: GOLD, round: 1 }, [LOCAL], 1);
    await changeDelivery(trx, id, { status: "submitted", txHash: "0xaa" }, 2);
    await changeDelivery(trx, id, { status: "included", blockNumber: 7, blockHash: "0xbb" }, 3);
  });
  expect(bundleSchema.parse(await archive.bundle(digest)).receipts).toEqual([]);
  await store.transaction((trx) => changeDelivery(trx, id, { status: "final" }, 4));
  expect(bundleSchema.parse(await archive.bundle(digest)).receipts).toEqual([
    {
      chain: "local",
      chainId: "31337",
      contract: "0x01",
      transaction: "0xaa",
      blockNumber: 7,
      blockHash: "0xbb",
      round: 1,
    },
  ]);
});

test("an unknown digest and a record's missing on-chain form are ENVELOPE_UNKNOWN", async () => {
  const { store, archive } = await openArchive();
  const unknown = `sha256:${"0".repeat(64)}` as Digest;
  await expect(archive.bundle(unknown)).rejects.toMatchObject({ code: "ENVELOPE_UNKNOWN" });
  const { envelopeDigest: digest } = await commitSignedRound(store, 1, {
    value: { kind: "record", fields: { name: { type: "string", value: "x" } } },
  });
  await expect(archive.envelope(digest, "solabi")).rejects.toMatchObject({
    code: "ENVELOPE_UNKNOWN",
  });
});
