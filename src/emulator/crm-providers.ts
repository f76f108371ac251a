import { createHash } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { notFound, type Provider, type ProviderAnswer, type ProviderRequest } from "./provider.ts";

/** Credentials that the emulated CRM providers accept. Not secrets: they open nothing real. */
export interface EmulatorCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  /** HubSpot's private app token. */
  readonly accessToken: string;
}

export const EMULATOR_CREDENTIALS: EmulatorCredentials = {
  clientId: "emulator-client",
  clientSecret: "emulator-client-secret",
  accessToken: "pat-emulator-00000000-0000-0000-0000-000000000000",
};

/** Fields of one CRM record; the values are JSON text. */
export type CrmFields = Readonly<Record<string, string>>;

/** One customer as each provider names and keeps it; `id` is the id in the provider's own form. */
export const DEMO_RECORDS = {
  salesforce: {
    id: "001D000000IqhSLIAZ",
    fields: {
      Name: '"A. Datum Corporation"',
      AnnualRevenue: "12500000.50",
      Credit_Rating__c: '"BBB+"',
      Active__c: "true",
      LastModifiedDate: '"2026-11-02T09:14:07.000+0000"',
      Description: "null",
    },
  },
  hubspot: {
    id: "512",
    fields: {
      name: '"A. Datum Corporation"',
      annualrevenue: '"12500000.50"',
      credit_rating: '"BBB+"',
      active: '"true"',
      hs_lastmodifieddate: '"2026-11-02T09:14:07.412Z"',
      description: "null",
    },
  },
  dynamics: {
    id: "00000000-0000-0000-0000-000000000001",
    fields: {
      name: '"A. Datum Corporation"',
      revenue: "12500000.5000000000",
      new_creditrating: '"BBB+"',
      creditonhold: "false",
      modifiedon: '"2026-11-02T09:14:07Z"',
      description: "null",
    },
  },
} as const satisfies Record<string, { readonly id: string; readonly fields: CrmFields }>;

/** Salesforce, HubSpot and Dynamics 365 with their token endpoints, over one record each. */
export const createCrmProviders = (options: {
  readonly clock: Clock;
  readonly credentials: EmulatorCredentials;
  readonly field: (provider: keyof typeof DEMO_RECORDS, field: string) => string | undefined;
}): readonly Provider[] => {
  const { clock, credentials, field } = options;
  // The token is the same for the same hour: enough to tell a fresh one from an old one.
  const tokenNow = () =>
    `emulated.${createHash("sha256")
      .update(`${credentials.clientSecret}:${Math.floor(clock.now() / 3_600_000)}`)
      .digest("hex")}`;
  const tokenAnswer = (
    request: ProviderRequest,
    render: (token: string) => string,
  ): ProviderAnswer => {
    const form = new URLSearchParams(request.body);
    const known =
      form.get("grant_type") === "client_credentials" &&
      form.get("client_id") === credentials.clientId &&
      form.get("client_secret") === credentials.clientSecret;
    return known
      ? { status: 200, body: render(tokenNow()) }
      : {
          status: 400,
          body: '{"error":"invalid_client","error_description":"invalid client credentials"}',
        };
  };
  const members = (
    provider: keyof typeof DEMO_RECORDS,
    names: readonly string[],
  ): string | null => {
    const found = names.map((name) => [name, field(provider, name)] as const);
    return found.every(([, value]) => value !== undefined)
      ? found.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")
      : null;
  };
  const salesforce: Provider = {
    name: "salesforce",
    hosts: ["*.my.salesforce.com"],
    answer: (request) => {
      const { path, query, host } = request;
      if (path === "/services/oauth2/token" && request.method === "POST")
        return tokenAnswer(
          request,
          (token) =>
            `{"access_token":"${token}","signature":"ZW11bGF0ZWQ=","scope":"api","instance_url":"https://${host}","id":"https://${host}/id/00Dxx/005xx","token_type":"Bearer","issued_at":"${clock.now()}"}`,
        );
      const match = /^\/services\/data\/v\d\d\.\d\/sobjects\/Account\/(\w{15,18})$/.exec(path);
      if (!match) return sObjectError(404, "NOT_FOUND", "The requested resource does not exist");
      if (!bearerIs(request, tokenNow()))
        return sObjectError(401, "INVALID_SESSION_ID", "Session expired or invalid");
      if (match[1] !== DEMO_RECORDS.salesforce.id)
        return sObjectError(
          404,
          "NOT_FOUND",
          "Provided external ID field does not exist or is not accessible",
        );
      const found = members("salesforce", names(query.get("fields")));
      if (found === null)
        return sObjectError(400, "INVALID_FIELD", "No such column on entity 'Account'");
      return {
        status: 200,
        headers: { "sforce-limit-info": "api-usage=18/15000" },
        body: `{"attributes":{"type":"Account","url":"${path}"},${found === "" ? "" : `${found},`}"Id":"${DEMO_RECORDS.salesforce.id}"}`,
      };
    },
  };

  const hubspot: Provider = {
    name: "hubspot",
    hosts: ["api.hubapi.com"],
    answer: (request) => {
      const { path, query } = request;
      if (path === "/oauth/v1/token" && request.method === "POST")
        return tokenAnswer(
          request,
          (token) => `{"token_type":"bearer","access_token":"${token}","expires_in":1800}`,
        );
      const match = /^\/crm\/v3\/objects\/companies\/(\d{1,20})$/.exec(path);
      if (!match) return notFound;
      if (!bearerIs(request, tokenNow(), credentials.accessToken))
        return hubspotError(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.");
      if (match[1] !== DEMO_RECORDS.hubspot.id)
        return hubspotError(404, "OBJECT_NOT_FOUND", "resource not found");
      // HubSpot leaves unknown properties out, and adds three of its own.
      const known = names(query.get("properties")).filter(
        (name) => field("hubspot", name) !== undefined,
      );
      const found = members("hubspot", known) ?? "";
      return {
        status: 200,
        headers: {
          "x-hubspot-ratelimit-max": "110",
          "x-hubspot-ratelimit-remaining": "109",
          "x-hubspot-ratelimit-interval-milliseconds": "10000",
          "x-hubspot-ratelimit-daily": "250000",
          "x-hubspot-ratelimit-daily-remaining": "249201",
        },
        body: `{"id":"512","properties":{${found === "" ? "" : `${found},`}"createdate":"2025-01-30T03:30:17.883Z","hs_object_id":"512"},"createdAt":"2025-01-30T03:30:17.883Z","updatedAt":"2026-11-02T09:14:07.412Z","archived":false}`,
      };
    },
  };

  const dynamics: Provider = {
    name: "dynamics",
    hosts: ["*.crm.dynamics.com", "*.crm4.dynamics.com", "login.microsoftonline.com"],
    answer: (request) => {
      const { path, query, host } = request;
      if (host === "login.microsoftonline.com")
        return /^\/[\w.-]{1,64}\/oauth2\/v2\.0\/token$/.test(path) && request.method === "POST"
          ? tokenAnswer(
              request,
              (token) =>
                `{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"${token}"}`,
            )
          : notFound;
      const match = /^\/api\/data\/v9\.2\/accounts\(([0-9a-f-]{36})\)$/.exec(path);
      if (!match) return dynamicsError(404, "0x8006088a", "Resource not found for the segment");
      if (!bearerIs(request, tokenNow())) return { status: 401, body: "" };
      if (match[1] !== DEMO_RECORDS.dynamics.id)
        return dynamicsError(404, "0x80040217", `account With Id = ${match[1]} Does Not Exist`);
      const selected = names(query.get("$select"));
      const found = members("dynamics", selected);
      if (found === null) return dynamicsError(400, "0x80060888", "Could not find a property");
      return {
        status: 200,
        headers: { "odata-version": "4.0" },
        body: `{"@odata.context":"https://${host}/api/data/v9.2/$metadata#accounts(${selected.join(",")})/$entity","@odata.etag":"W/\\"502186\\"",${found === "" ? "" : `${found},`}"accountid":"${DEMO_RECORDS.dynamics.id}"}`,
      };
    },
  };
  return [salesforce, hubspot, dynamics];
};

const bearerIs = (request: ProviderRequest, ...tokens: readonly string[]): boolean =>
  tokens.some((token) => request.authorization === `Bearer ${token}`);

const names = (text: string | null): readonly string[] => (text ?? "").split(",").filter(Boolean);

const sObjectError = (status: number, code: string, message: string): ProviderAnswer => ({
  status,
  body: JSON.stringify([{ message, errorCode: code }]),
});

const hubspotError = (status: number, category: string, message: string): ProviderAnswer => ({
  status,
  body: JSON.stringify({
    status: "error",
    message,
    correlationId: "c033cdaa-2c40-4a64-ae48-b4cec88dad24",
    category,
  }),
});

const dynamicsError = (status: number, code: string, message: string): ProviderAnswer => ({
  status,
  body: JSON.stringify({ error: { code, message } }),
});
