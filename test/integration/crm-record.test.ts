import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cryptlet } from "../../cryptlets/crm-record/src/main.ts";
import { createManualClock, type ManualClock } from "../../src/core/manual-clock.ts";
import { DEMO_RECORDS, EMULATOR_CREDENTIALS } from "../../src/emulator/crm-providers.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import type { Manifest } from "../../src/sdk/manifest.ts";
import { emulatedCapability, readManifest, runOver } from "../support/emulated-capability.ts";

const { clientId, clientSecret, accessToken } = EMULATOR_CREDENTIALS;
const SECRETS = {
  SALESFORCE_CLIENT_ID: clientId,
  SALESFORCE_CLIENT_SECRET: clientSecret,
  HUBSPOT_ACCESS_TOKEN: accessToken,
  DYNAMICS_CLIENT_ID: clientId,
  DYNAMICS_CLIENT_SECRET: clientSecret,
};
const REQUESTS = {
  salesforce: {
    provider: "salesforce",
    instance: "acme.my.salesforce.com",
    record: DEMO_RECORDS.salesforce.id,
    fields: { Name: "string", AnnualRevenue: "decimal", Credit_Rating__c: "string" },
  },
  hubspot: {
    provider: "hubspot",
    record: DEMO_RECORDS.hubspot.id,
    fields: { name: "string", annualrevenue: "decimal", credit_rating: "string" },
  },
  dynamics: {
    provider: "dynamics",
    instance: "acme.crm4.dynamics.com",
    tenant: "contoso",
    record: DEMO_RECORDS.dynamics.id,
    fields: { name: "string", revenue: "decimal", new_creditrating: "string" },
  },
} as const;
type Name = keyof typeof REQUESTS;

let clock: ManualClock;
let emulator: ProviderEmulator;
let manifest: Manifest;

beforeAll(async () => {
  clock = createManualClock(Date.now());
  emulator = await startProviderEmulator({ clock, maxStepPpm: 0 });
  manifest = await readManifest("crm-record");
});
afterAll(() => emulator.close());

const withCapability = async <Value>(
  secretValues: Readonly<Record<string, string>>,
  work: (run: (name: Name) => ReturnType<typeof runOver>) => Promise<Value>,
): Promise<Value> => {
  const capability = emulatedCapability(manifest, emulator, { secretValues, clock });
  try {
    return await work((name) =>
      runOver(cryptlet, capability, {
        feed: "crm-record",
        parameters: REQUESTS[name],
        at: clock.now(),
      }),
    );
  } finally {
    await capability.close();
  }
};

describe("one record over TLS", () => {
  it.each(["salesforce", "hubspot", "dynamics"] as const)(
    "%s answers with the credentials that the enclave puts in",
    async (name) => {
      const { outcome, exchanges } = await withCapability(SECRETS, (run) => run(name));
      expect(outcome).toHaveProperty("ok.observation.value.fields");
      const text = JSON.stringify([outcome, exchanges]);
      expect(text).toContain("BBB+");
      expect(text).toContain("12500000.5");
      for (const secret of [clientId, clientSecret, accessToken, "emulated."])
        expect(text).not.toContain(secret);
    },
  );

  it("fetches one token for many runs, and a new one when it is refused", async () => {
    await withCapability(SECRETS, async (run) => {
      const before = emulator.requests("salesforce");
      await run("salesforce");
      await run("salesforce");
      expect(emulator.requests("salesforce") - before).toBe(3);
      // An hour later the emulator takes other tokens; Salesforce names no life, so the old one ends by age here.
      await clock.advance(3_600_000);
      const { outcome } = await run("salesforce");
      expect(outcome).toHaveProperty("ok");
    });
  });

  it("replaces a token that was revoked before its time", async () => {
    await withCapability(SECRETS, async (run) => {
      // Ten minutes before the emulator's hour ends: the token is still within its own life afterwards.
      const hour = 3_600_000;
      await clock.advance(hour - (clock.now() % hour) - 600_000);
      await run("salesforce");
      await clock.advance(700_000);
      const before = emulator.requests("salesforce");
      const { outcome } = await run("salesforce");
      expect(outcome).toHaveProperty("ok");
      expect(emulator.requests("salesforce") - before).toBe(3);
    });
  });

  it("carries a changed field into the next run", async () => {
    emulator.setField("hubspot", "credit_rating", '"D"');
    const { outcome } = await withCapability(SECRETS, (run) => run("hubspot"));
    expect(outcome).toHaveProperty("ok.observation.value.fields.credit_rating.value", "D");
  });
});

describe("refusals", () => {
  it("of wrong credentials say so and show nothing", async () => {
    const wrong = { ...SECRETS, DYNAMICS_CLIENT_SECRET: "wrong-secret-value" };
    const { outcome } = await withCapability(wrong, (run) => run("dynamics"));
    expect(outcome).toMatchObject({
      error: { code: "HTTP_TOKEN_REFUSED", arguments: { reason: "400 invalid_client" } },
    });
    expect(JSON.stringify(outcome)).not.toContain("wrong-secret-value");
  });

  it("of a missing secret happen before anything is sent", async () => {
    const before = emulator.requests("hubspot");
    const { outcome } = await withCapability({}, (run) => run("hubspot"));
    expect(outcome).toMatchObject({ error: { code: "HTTP_SECRET_UNKNOWN" } });
    expect(emulator.requests("hubspot")).toBe(before);
  });

  it("for the rate hold for as long as the provider asked, not longer", async () => {
    await withCapability(SECRETS, async (run) => {
      emulator.fail("hubspot", "rate-limit");
      expect((await run("hubspot")).outcome).toMatchObject({
        error: { code: "HTTP_RATE_LIMITED", arguments: { retryAfterMs: "60000" } },
      });
      emulator.fail("hubspot", null);
      const before = emulator.requests("hubspot");
      await clock.advance(59_000);
      expect((await run("hubspot")).outcome).toMatchObject({
        error: { code: "HTTP_RATE_LIMITED", arguments: { retryAfterMs: "1000" } },
      });
      expect(emulator.requests("hubspot")).toBe(before);
      await clock.advance(1_000);
      expect((await run("hubspot")).outcome).toHaveProperty("ok");
    });
  });
});
