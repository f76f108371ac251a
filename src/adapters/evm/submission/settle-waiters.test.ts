import { describe, expect, it } from "vitest";
import type { DeliveryRow } from "../../../store/deliveries.ts";
import { createSettleWaiters } from "./settle-waiters.ts";

const row = (id: string, status: DeliveryRow["status"]): DeliveryRow =>
  ({ id, status }) as unknown as DeliveryRow;

describe("those who follow a delivery", () => {
  it("hear of each change, and of the end all together", async () => {
    const waiters = createSettleWaiters();
    const seen: string[] = [];
    const { signal } = new AbortController();
    const wait = (name: string) =>
      waiters.wait("a", {
        signal,
        onChange: ({ status }) => void seen.push(`${name} ${status}`),
      });
    const both = Promise.all([wait("one"), wait("two")]);
    waiters.tell(row("b", "final"));
    waiters.tell(row("a", "submitted"));
    waiters.tell(row("a", "final"));
    waiters.tell(row("a", "final"));
    expect((await both).map(({ status }) => status)).toEqual(["final", "final"]);
    expect(seen).toEqual(["one submitted", "two submitted", "one final", "two final"]);
    expect(waiters.has("a")).toBe(false);
  });

  it("go when they are told to, and take nobody with them", async () => {
    const waiters = createSettleWaiters();
    const [leaving, staying] = [new AbortController(), new AbortController()];
    const onChange = (): void => undefined;
    const left = waiters.wait("a", { signal: leaving.signal, onChange });
    const stayed = waiters.wait("a", { signal: staying.signal, onChange });
    const reason = new Error("stop");
    leaving.abort(reason);
    await expect(left).rejects.toBe(reason);
    expect(waiters.has("a")).toBe(true);
    waiters.tell(row("a", "failed"));
    expect((await stayed).status).toBe("failed");
  });

  it("are all sent away at the end", async () => {
    const waiters = createSettleWaiters();
    const { signal } = new AbortController();
    const waiting = waiters.wait("a", { signal, onChange: () => undefined });
    const reason = new Error("closed");
    waiters.end(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(waiters.has("a")).toBe(false);
  });
});
