import { expect, it, onTestFinished } from "vitest";
import { fabricError } from "../core/errors/fabric-error.ts";
import { createManualClock } from "../core/manual-clock.ts";
import { silentLog, type Log } from "../core/log.ts";
import type { ReleaseSource } from "../registry/release-source.ts";
import { startReleaseWatch } from "./release-watch.ts";

it("tells a registry's lie once, and again when it is another one or has been gone", async () => {
  const said: string[] = [];
  const log: Log = { ...silentLog, error: (message) => void said.push(message) };
  let lie: string | null = null;
  const source = {
    sync: () =>
      lie === null
        ? Promise.resolve()
        : Promise.reject(fabricError("REGISTRY_DAMAGED", { what: "reg", reason: lie })),
    close: () => Promise.resolve(),
    standing: () => ({ revoked: null, deprecated: null }),
  } as unknown as ReleaseSource;
  const clock = createManualClock(0);
  const watch = startReleaseWatch({ source, onRevoked: "stop", intervalMs: 1_000, clock, log });
  onTestFinished(() => watch.stop());
  await watch.look();
  expect(said).toHaveLength(0);
  lie = "it goes back";
  await watch.look();
  await watch.look();
  expect(said).toHaveLength(1);
  expect(watch.health()).toMatchObject({ ok: false });
  lie = "it forks";
  await watch.look();
  expect(said).toHaveLength(2);
  lie = null;
  await watch.look();
  expect(watch.health()).toMatchObject({ ok: true });
  lie = "it forks";
  await watch.look();
  expect(said).toHaveLength(3);
});
