import { expect, test } from "vitest";
import { createFabricEvents, type FabricEvent } from "./fabric-events.ts";

const published = (messageId: string): FabricEvent => ({ type: "round-published", messageId });
const never = (event: FabricEvent): event is FabricEvent => event.type === "delivery";
const isPublished = (event: FabricEvent) => event.type === "round-published";

test("every listener hears an event, and one that throws harms nobody else", () => {
  const failures: unknown[] = [];
  const events = createFabricEvents((error) => failures.push(error));
  const heard: FabricEvent[] = [];
  events.subscribe(() => {
    throw new Error("listener");
  });
  const end = events.subscribe((event) => heard.push(event));
  events.emit(published("a"));
  end();
  events.emit(published("b"));
  expect(heard).toEqual([published("a")]);
  expect(failures).toHaveLength(2);
});

test("next gives the first match and then listens no more", async () => {
  const events = createFabricEvents(() => undefined);
  const next = events.next(
    (event): event is Extract<FabricEvent, { type: "round-published" }> =>
      isPublished(event) && "messageId" in event && event.messageId === "b",
  );
  events.emit(published("a"));
  events.emit(published("b"));
  events.emit(published("b"));
  await expect(next).resolves.toEqual(published("b"));
});

test("next ends with the signal's reason, before and while waiting", async () => {
  const events = createFabricEvents(() => undefined);

  const reason = new Error("enough");
  await expect(events.next(never, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const controller = new AbortController();
  const waiting = events.next(never, { signal: controller.signal });
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});
