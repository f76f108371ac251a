import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testCryptlet, type RecordedAnswer } from "../../src/test-kit/index.ts";
import { cryptlet } from "./src/main.ts";

const AT = Date.parse("2026-11-03T08:00:00Z");
const SECRETS = [
  "SALESFORCE_CLIENT_ID",
  "SALESFORCE_CLIENT_SECRET",
  "HUBSPOT_ACCESS_TOKEN",
  "DYNAMICS_CLIENT_ID",
  "DYNAMICS_CLIENT_SECRET",
];
const PARAMETERS = {
  salesforce: {
    provider: "salesforce",
    instance: "acme.my.salesforce.com",
    record: "001D000000IqhSLIAZ",
    fields: {
      Name: "string",
      AnnualRevenue: "decimal",
      Credit_Rating__c: "string",
      Active__c: "boolean",
      LastModifiedDate: "timestamp",
      Description: "string",
    },
  },
  hubspot: {
    provider: "hubspot",
    record: "512",
    fields: {
      name: "string",
      annualrevenue: "decimal",
      active: "boolean",
      founded: "timestamp",
      hs_lastmodifieddate: "timestamp",
      description: "string",
    },
  },
  dynamics: {
    provider: "dynamics",
    instance: "acme.crm4.dynamics.com",
    tenant: "contoso.onmicrosoft.com",
    record: "00000000-0000-0000-0000-000000000001",
    fields: { name: "string", revenue: "decimal", creditonhold: "boolean", description: "string" },
  },
} as const;
type Name = keyof typeof PARAMETERS;

const vector = (name: string): Promise<string> =>
  readFile(new URL(`vectors/${name}.body.txt`, import.meta.url), "utf8");
const run = (
  name: Name,
  answer: RecordedAnswer,
  changes: Readonly<Record<string, string | Readonly<Record<string, string>>>> = {},
) =>
  testCryptlet(cryptlet, {
    answers: { [name]: answer },
    at: AT,
    parameters: { ...PARAMETERS[name], ...changes },
    secrets: SECRETS,
  });
const codeOf = async (name: Name, answer: RecordedAnswer): Promise<string | undefined> =>
  (await run(name, answer)).error?.code;

const CHANGED = Date.parse("2026-11-02T09:14:07Z");

describe("crm-record on recorded answers", () => {
  it("reads typed fields from Salesforce", async () => {
    const { observation, requests } = await run("salesforce", { body: await vector("salesforce") });
    expect(requests).toEqual([
      {
        id: "salesforce",
        method: "GET",
        url: "https://acme.my.salesforce.com/services/data/v62.0/sobjects/Account/001D000000IqhSLIAZ?fields=Name,AnnualRevenue,Credit_Rating__c,Active__c,LastModifiedDate,Description",
        auth: {
          kind: "oauth2-client-credentials",
          tokenUrl: "https://acme.my.salesforce.com/services/oauth2/token",
          clientId: "{{secret:SALESFORCE_CLIENT_ID}}",
          clientSecret: "{{secret:SALESFORCE_CLIENT_SECRET}}",
        },
      },
    ]);
    expect(observation).toMatchObject({
      feed: "crm-record",
      observedAt: AT,
      value: {
        kind: "record",
        fields: {
          Name: { type: "string", value: "A. Datum Corporation" },
          AnnualRevenue: { type: "decimal", value: "12500000.5" },
          Credit_Rating__c: { type: "string", value: "BBB+" },
          Active__c: { type: "boolean", value: "true" },
          LastModifiedDate: { type: "timestamp", value: String(CHANGED) },
          Description: { type: "null", value: "" },
        },
      },
      sources: [{ id: "salesforce", reference: 1, observedAt: CHANGED, error: null }],
      aggregation: { method: "single-source", minSources: 1, used: 1, spread: "0" },
    });
  });

  it("reads HubSpot's text properties as their types", async () => {
    const { observation, requests } = await run("hubspot", { body: await vector("hubspot") });
    expect(requests[0]?.headers).toEqual({
      authorization: "Bearer {{secret:HUBSPOT_ACCESS_TOKEN}}",
    });
    expect(observation?.value).toEqual({
      kind: "record",
      fields: {
        name: { type: "string", value: "A. Datum Corporation" },
        annualrevenue: { type: "decimal", value: "12500000.5" },
        active: { type: "boolean", value: "true" },
        founded: { type: "timestamp", value: "1577836800000" },
        hs_lastmodifieddate: { type: "timestamp", value: "1793610847412" },
        description: { type: "null", value: "" },
      },
    });
  });

  it("reads Dynamics with the tenant's token endpoint and the instance as scope", async () => {
    const { observation, requests } = await run("dynamics", { body: await vector("dynamics") });
    expect(requests[0]).toMatchObject({
      url: "https://acme.crm4.dynamics.com/api/data/v9.2/accounts(00000000-0000-0000-0000-000000000001)?$select=name,revenue,creditonhold,description,modifiedon",
      auth: {
        tokenUrl: "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token",
        scope: "https://acme.crm4.dynamics.com/.default",
      },
    });
    expect(observation?.value).toMatchObject({
      fields: { revenue: { type: "decimal", value: "12500000.5" }, description: { type: "null" } },
    });
  });
});

describe("crm-record refuses", () => {
  it.each([
    ["salesforce", 400, "SOURCE_REPORTED_ERROR"],
    ["hubspot", 403, "SOURCE_REPORTED_ERROR"],
    ["dynamics", 400, "SOURCE_REPORTED_ERROR"],
  ] as const)("with %s's own error code", async (name, status, code) => {
    const body = await vector(`${name}-error`);
    const { error } = await run(name, { status, body });
    expect(error?.code).toBe(code);
    expect(error?.arguments["reason"]).toMatch(
      /^40[03] (?:INVALID_FIELD|MISSING_SCOPES|0x80060888)$/,
    );
  });

  it.each(["salesforce", "hubspot", "dynamics"] as const)("what %s does not have", async (name) => {
    expect(await codeOf(name, { status: 404, body: "{}" })).toBe("SOURCE_NOT_FOUND");
    expect(await codeOf(name, { status: 500, body: "<html>" })).toBe("SOURCE_STATUS");
    expect(await codeOf(name, { status: 200, body: "<html>" })).toBe("JSON_INVALID");
    expect(await codeOf(name, { error: "HTTP_RATE_LIMITED" })).toBe("HTTP_RATE_LIMITED");
  });

  it("another record than the one that was asked for", async () => {
    const body = (await vector("salesforce")).replaceAll(
      "001D000000IqhSLIAZ",
      "001D000000XXXXXIAZ",
    );
    expect(await codeOf("salesforce", { body })).toBe("SOURCE_SHAPE");
    expect(
      await codeOf("hubspot", {
        body: (await vector("hubspot")).replace('"id": "512"', '"id": "513"'),
      }),
    ).toBe("SOURCE_SHAPE");
  });

  it("an archived record and a missing property", async () => {
    const whole = await vector("hubspot");
    expect(
      await codeOf("hubspot", { body: whole.replace('"archived": false', '"archived": true') }),
    ).toBe("SOURCE_NOT_FOUND");
    expect(await codeOf("hubspot", { body: whole.replace('"active"', '"inactive"') })).toBe(
      "SOURCE_SHAPE",
    );
  });

  it("a value of another type than was declared", async () => {
    const whole = await vector("salesforce");
    for (const [from, to] of [
      ["12500000.50", '"12500000.50"'],
      ["true", '"true"'],
      ['"BBB+"', "7"],
      ['"2026-11-02T09:14:07.000+0000"', '"yesterday"'],
    ] as const)
      expect(await codeOf("salesforce", { body: whole.replace(from, to) })).toBe("SOURCE_SHAPE");
    expect(
      await codeOf("hubspot", { body: (await vector("hubspot")).replace('"true"', '"yes"') }),
    ).toBe("SOURCE_SHAPE");
  });

  it.each([
    ["salesforce", { instance: "evil.example.com" }],
    ["salesforce", { instance: "acme.my.salesforce.com.evil.example" }],
    ["salesforce", { record: "../../query" }],
    ["salesforce", { fields: { "Name&x=1": "string" } }],
    ["salesforce", { fields: { Name: "number" } }],
    ["salesforce", { extra: "1" }],
    ["hubspot", { instance: "api.evil.com" }],
    ["dynamics", { record: "1" }],
    ["dynamics", { tenant: "a/b" }],
  ] as const)("parameters that lead elsewhere (%s, %j)", async (name, changes) => {
    const { error, requests } = await run(name, { body: "{}" }, changes);
    expect(error?.code).toBe("PARAMETERS_INVALID");
    expect(requests).toEqual([]);
  });

  it("any parameters that are no record request, without asking anybody", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (parameters) => {
        const { error, requests } = await testCryptlet(cryptlet, {
          answers: {},
          at: AT,
          parameters: parameters as never,
        });
        expect([error?.code, requests.length]).toEqual(["PARAMETERS_INVALID", 0]);
      }),
    );
  });

  it("a secret without a value", async () => {
    const { error } = await testCryptlet(cryptlet, {
      answers: { hubspot: { body: "{}" } },
      at: AT,
      parameters: PARAMETERS.hubspot,
    });
    expect(error).toMatchObject({
      code: "HTTP_SECRET_UNKNOWN",
      arguments: { name: "HUBSPOT_ACCESS_TOKEN" },
    });
  });
});
