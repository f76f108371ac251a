import { expect, test } from "vitest";
import { createRunId } from "../../src/core/ids.ts";
import {
  answering,
  handling,
  probePackage,
  startEnclave,
  trigger,
} from "../support/guest-fixture.ts";

// Whatever is under way when an enclave closes, closing ends, and every call gets an answer or a code.

test.each([
  ["loops", "for (;;);"],
  ["is inside a native loop", `return new Array(4e8).join("")`],
  ["waits", "return new Promise(() => {})"],
])("while a guest %s", async (_name, body) => {
  const fixture = await startEnclave();
  const probe = await fixture.load(probePackage(handling(body)));
  const calls = [
    ...Array.from({ length: 3 }, async () => probe.run(trigger(), { runId: createRunId() })),
    fixture.load(probePackage(answering())),
    probe.close(),
    fixture.enclave.stats(),
  ];
  const settled = Promise.allSettled(calls);
  await fixture.enclave.close();
  const results = await settled;
  for (const result of results.slice(0, 3)) expect(result.status).toBe("rejected");
  for (const result of results)
    if (result.status === "rejected") expect(result.reason).toHaveProperty("code");
  await fixture.stop();
});

test("while Cryptlets are being loaded", async () => {
  const fixture = await startEnclave();
  const loading = Array.from({ length: 4 }, async (_, index) =>
    fixture.load(probePackage(`${answering()};${"//".repeat(index)}`)),
  );
  const settled = Promise.allSettled(loading);
  await fixture.enclave.close();
  const codes = (await settled).map((result) =>
    result.status === "rejected" ? (result.reason as { code?: string }).code : "loaded",
  );
  for (const code of codes) expect(code).toMatch(/^(?:loaded|[A-Z_]+)$/);
  await fixture.stop();
});
