import { describe, expect, it } from "vitest";

import { fabricError } from "../../core/errors/fabric-error.ts";
import { toWire } from "../../core/errors/wire.ts";
import { createRunId, feedIdSchema } from "../../core/ids.ts";
import { createFabricEvents, type FabricEvent } from "../../host/fabric-events.ts";
import { openEventLog } from "./event-log.ts";

const feed = feedIdSchema.parse("xau-usd");
const signal = new AbortController().signal;
type Published = Extract<FabricEvent, { type: "round-published" }>;
const isPublished =
  (messageId: string) =>
  (event: FabricEvent): event is Published =>
    event.type === "round-published" && event.messageId === messageId;

describe("openEventLog", () => {
  it("finds what came before the question and waits for what has not come yet", async () => {
    const events = createFabricEvents(() => {});
    const log = openEventLog(events);
    events.emit({ type: "round-published", messageId: "1" });
    await expect(log.wait(isPublished("1"), { what: "1", signal })).resolves.toMatchObject({
      messageId: "1",
    });
    const coming = log.wait(isPublished("2"), { what: "2", signal });
    events.emit({ type: "round-published", messageId: "2" });
    await expect(coming).resolves.toMatchObject({ messageId: "2" });
  });

  it("gives up after its limit and names the run that failed last", async () => {
    const events = createFabricEvents(() => {});
    const log = openEventLog(events);
    const error = toWire(fabricError("FEED_UNKNOWN", { feed }));
    events.emit({ type: "run-failed", feed, run: createRunId(), error });
    const waiting = log.wait(isPublished("1"), { what: "round 1", signal, limitMs: 20 });
    await expect(waiting).rejects.toMatchObject({
      code: "DEMO_TIMED_OUT",
      cause: { code: "FEED_UNKNOWN" },
    });
  });

  it("ends with the caller's reason when it is interrupted", async () => {
    const log = openEventLog(createFabricEvents(() => {}));
    const reason = new Error("enough");
    const aborted = AbortSignal.abort(reason);
    const waiting = log.wait(isPublished("1"), { what: "round 1", signal: aborted });
    await expect(waiting).rejects.toBe(reason);
  });
});
