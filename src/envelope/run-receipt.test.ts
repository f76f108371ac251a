import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bundleBytes,
  createBundle,
  createKeyPair,
  createPolicy,
} from "../../test/support/bundle-fixture.ts";
import { FIXTURE_TIME, fixtureReceipt } from "../../test/support/observation-fixture.ts";
import { digestSchema } from "../core/ids.ts";
import { type RunReceipt, runReceiptDigest, runReceiptSchema } from "./run-receipt.ts";
import { verifyBundle } from "./verify-bundle.ts";

const pair = createKeyPair();
const trust = createPolicy([pair.json.record, pair.onchain.record]);
const verifyWith = (run: RunReceipt | null) =>
  verifyBundle(bundleBytes(createBundle(pair, undefined, { run })), {
    trust,
    at: FIXTURE_TIME + 10_000,
  });

test("a verified bundle says in which lane, behind which wall and how repeatable the run was", async () => {
  const report = await verifyWith(fixtureReceipt);
  expect(report.ok).toBe(true);
  expect(report.run).toEqual(fixtureReceipt);
});

test("a bundle without its receipt holds, and claims nothing about the run", async () => {
  const report = await verifyWith(null);
  expect(report.ok).toBe(true);
  expect(report.run).toBeNull();
  expect(report.steps.find(({ step }) => step === "run-receipt")?.status).toBe("skipped");
});

const other = digestSchema.parse(`sha256:${"9".repeat(64)}`);
test.each<[string, Partial<RunReceipt>]>([
  ["a better wall than there was", { wall: "bubblewrap+seccomp" }],
  ["another lane", { lane: "process" }],
  ["a weaker replay", { determinism: "host-calls-only" }],
  ["hardware behind the enclave", { attestation: "hardware" }],
  ["another measurement", { measurement: other }],
  ["another journal", { journalHead: other }],
  ["another outcome", { result: other }],
  ["less fuel", { fuel: 1 }],
])("a receipt that claims %s is refused", async (_name, change) => {
  const report = await verifyWith({ ...fixtureReceipt, ...change });
  expect(report).toMatchObject({
    ok: false,
    code: "RUN_RECEIPT_MISMATCH",
    exitCode: 14,
    run: null,
  });
});

test("the digest is over the content, whatever the order of the fields", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(Object.keys(fixtureReceipt), { minLength: 11 }), (names) => {
      const given = Object.fromEntries(
        names.map((name) => [name, fixtureReceipt[name as keyof RunReceipt]]),
      );
      expect(runReceiptDigest(runReceiptSchema.parse(given))).toBe(
        runReceiptDigest(fixtureReceipt),
      );
    }),
  );
  expect(runReceiptSchema.safeParse({ ...fixtureReceipt, more: 1 }).success).toBe(false);
});
