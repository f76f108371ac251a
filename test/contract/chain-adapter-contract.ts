import { describe, expect, it } from "vitest";
import type {
  ChainAdapter,
  ChainRound,
  Delivery,
  DeliveryRecord,
} from "../../src/adapters/contract/chain-adapter.ts";
import { isSettled } from "../../src/adapters/contract/chain-adapter.ts";

/** One feed on a real chain, with the database of its deliveries. */
export interface AdapterHarness {
  readonly adapter: ChainAdapter;
  /** A second adapter on the same database and account: the next process after a kill. */
  restart(): ChainAdapter;
  /** Stores a valid delivery of the feed's next round. */
  next(answer: bigint): Promise<Delivery>;
  /** The same for a message whose signer nobody attested. */
  nextForged(): Promise<Delivery>;
  /** What a reader gets, asked without the adapter. */
  read(): Promise<Pick<ChainRound, "round" | "answer"> | null>;
  /** How many transactions of the account the chain has. */
  transactions(): Promise<number>;
  readonly target: Parameters<ChainAdapter["latest"]>[0];
}

const land = async (
  adapter: ChainAdapter,
  delivery: Delivery,
): Promise<{ record: DeliveryRecord; seen: readonly string[] }> => {
  const seen: string[] = [];
  await adapter.prepare(delivery);
  const onChange = ({ status }: DeliveryRecord) => void seen.push(status);
  return { record: await adapter.settle(delivery.id, { onChange }), seen };
};

/** What every `ChainAdapter` does, whatever the chain. `create` gives a fresh feed and database. */
export const describeChainAdapter = (name: string, create: () => Promise<AdapterHarness>): void => {
  describe(`chain adapter: ${name}`, () => {
    it("says who the chain is", async () => {
      const { adapter } = await create();
      const state = await adapter.probe();
      expect(state.chainId).not.toBe("");
      expect(state.height).toBeGreaterThan(0);
    });

    it("lands a round and answers it to readers", async () => {
      const { adapter, next, read, target } = await create();
      expect(await adapter.latest(target)).toBeNull();
      const { record, seen } = await land(adapter, await next(1_234n));
      expect(record).toMatchObject({ status: "final", error: null, round: 1 });
      expect(record.transaction).not.toBeNull();
      expect(record.blockNumber).toBeGreaterThan(0);
      expect(seen.at(-1)).toBe("final");
      expect(await read()).toMatchObject({ round: 1, answer: 1_234n });
      expect(await adapter.latest(target)).toMatchObject({ round: 1, answer: 1_234n });
    });

    it("takes rounds prepared together in their order", async () => {
      const { adapter, next, read, transactions } = await create();
      const before = await transactions();
      const deliveries = [await next(1n), await next(2n), await next(3n)];
      for (const delivery of deliveries) await adapter.prepare(delivery);
      const records = await Promise.all(deliveries.map(({ id }) => adapter.settle(id)));
      const good = records.filter(({ status }) => status === "final" || status === "superseded");
      expect(good.length).toBe(3);
      expect(await read()).toMatchObject({ round: 3, answer: 3n });
      expect((await transactions()) - before).toBeLessThanOrEqual(3);
    });

    it("does nothing twice for the same delivery", async () => {
      const { adapter, next, transactions } = await create();
      const before = await transactions();
      const delivery = await next(5n);
      const first = await adapter.prepare(delivery);
      expect(await adapter.prepare(delivery)).toEqual(first);
      const landed = await adapter.settle(delivery.id);
      expect(await adapter.settle(delivery.id)).toEqual(landed);
      expect(await adapter.prepare(delivery)).toEqual(landed);
      expect((await transactions()) - before).toBe(1);
    });

    it("goes on in the next process with the transaction that the last one signed", async () => {
      const { adapter, restart, next, transactions } = await create();
      const before = await transactions();
      const delivery = await next(6n);
      const prepared = await adapter.prepare(delivery);
      await adapter.close();
      const heir = restart();
      expect((await heir.unfinished()).map(({ id }) => id)).toEqual([delivery.id]);
      expect(await heir.prepare(delivery)).toEqual(prepared);
      const landed = await heir.settle(delivery.id);
      expect(landed).toMatchObject({ status: "final", transaction: prepared.transaction });
      expect(await heir.unfinished()).toEqual([]);
      expect((await transactions()) - before).toBe(1);
      await heir.close();
    });

    it("sends nothing for a round that a newer one has overtaken", async () => {
      const { adapter, next, transactions } = await create();
      const [older, newer] = [await next(1n), await next(2n)];
      await land(adapter, newer);
      const before = await transactions();
      const record = await adapter.prepare(older);
      expect(isSettled(record)).toBe(true);
      expect(record.status).toBe("superseded");
      expect(record.error).toMatch(/^ONCHAIN_/);
      expect(await transactions()).toBe(before);
    });

    it("sends nothing that the contract would refuse, and says its reason by code", async () => {
      const { adapter, nextForged, read, transactions } = await create();
      const before = await transactions();
      const record = await adapter.prepare(await nextForged());
      expect(record).toMatchObject({ status: "failed", error: "ONCHAIN_SIGNER_UNKNOWN" });
      expect(await read()).toBeNull();
      expect(await transactions()).toBe(before);
    });

    it("takes up what failed when somebody asks for it, and nothing else", async () => {
      const { adapter, next, nextForged, transactions } = await create();
      const before = await transactions();
      const forged = await nextForged();
      await adapter.prepare(forged);
      expect(await adapter.retry(forged.id)).toMatchObject({
        status: "prepared",
        subStatus: "retried",
        error: null,
      });
      expect((await adapter.unfinished()).map(({ id }) => id)).toEqual([forged.id]);
      // It is checked like any other, and was not mended meanwhile.
      expect((await adapter.prepare(forged)).status).toBe("failed");
      expect(await transactions()).toBe(before);
      const good = await next(3n);
      const refusal = { code: "DELIVERY_NOT_FAILED" };
      await expect(adapter.retry(good.id)).rejects.toMatchObject(refusal);
      const { record } = await land(adapter, good);
      expect(record).toMatchObject({ status: "final", subStatus: "landed" });
      await expect(adapter.retry(good.id)).rejects.toMatchObject(refusal);
      await expect(adapter.retry("nobody")).rejects.toMatchObject({ code: "DELIVERY_UNKNOWN" });
    });

    it("lands many rounds in their order, each in one try", async () => {
      const { adapter, next, read, transactions } = await create();
      const before = await transactions();
      const deliveries: Delivery[] = [];
      for (let value = 1n; value <= 20n; value += 1n) deliveries.push(await next(value));
      for (const delivery of deliveries) await adapter.prepare(delivery);
      const records = await Promise.all(deliveries.map(({ id }) => adapter.settle(id)));
      expect(records.every(({ status, attempts }) => status === "final" && attempts === 1)).toBe(
        true,
      );
      const blocks = records.map(({ blockNumber }) => blockNumber ?? 0);
      expect(blocks).toEqual(blocks.toSorted((a, b) => a - b));
      expect(await read()).toMatchObject({ round: 20, answer: 20n });
      expect((await transactions()) - before).toBe(20);
    });

    it("tells everybody who settles the same delivery", async () => {
      const { adapter, next, transactions } = await create();
      const before = await transactions();
      const delivery = await next(4n);
      await adapter.prepare(delivery);
      const records = await Promise.all([1, 2, 3].map(() => adapter.settle(delivery.id)));
      expect(new Set(records.map(({ status }) => status))).toEqual(new Set(["final"]));
      expect((await transactions()) - before).toBe(1);
    });

    it("refuses a delivery that nobody stored, and bytes of another form", async () => {
      const { adapter, next } = await create();
      const delivery = await next(1n);
      await expect(adapter.prepare({ ...delivery, id: "nobody" })).rejects.toMatchObject({
        code: "DELIVERY_UNKNOWN",
      });
      await expect(adapter.settle("nobody")).rejects.toMatchObject({ code: "DELIVERY_UNKNOWN" });
      expect(await adapter.find("nobody")).toBeNull();
      const other = { ...delivery, payloadType: "text/plain" };
      await expect(adapter.prepare(other)).rejects.toMatchObject({ code: "DELIVERY_INVALID" });
      const wrongRound = { ...delivery, round: delivery.round + 1 };
      await expect(adapter.prepare(wrongRound)).rejects.toMatchObject({ code: "DELIVERY_INVALID" });
    });

    it("ends its waits when it is told to stop, and keeps what it stored", async () => {
      const { adapter, restart, next } = await create();
      const delivery = await next(9n);
      await adapter.prepare(delivery);
      const reason = new Error("stop");
      const stopped = adapter.settle(delivery.id, { signal: AbortSignal.abort(reason) });
      await expect(stopped).rejects.toBe(reason);
      await adapter.close();
      await expect(adapter.settle(delivery.id)).rejects.toMatchObject({ code: "INTERRUPTED" });
      const heir = restart();
      expect(await heir.settle(delivery.id)).toMatchObject({ status: "final" });
    });
  });
};
