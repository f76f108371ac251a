import { fabricError, readParameters, type Json } from "../../../src/sdk/index.ts";

/** Types that a field of a record can be given. */
export const FIELD_TYPES = ["string", "decimal", "boolean", "timestamp"] as const;
export type FieldType = (typeof FIELD_TYPES)[number];

/** Which record of which CRM, and which of its fields: the parameters of the feed. */
export interface RecordRequest {
  readonly provider: "salesforce" | "hubspot" | "dynamics";
  /** Host of the CRM's instance, for example `acme.my.salesforce.com`. */
  readonly instance: string;
  readonly record: string;
  /** Microsoft Entra tenant of a Dynamics instance; empty elsewhere. */
  readonly tenant: string;
  /** Field as the CRM names it -> type. */
  readonly fields: ReadonlyMap<string, FieldType>;
}

const PROVIDERS = ["salesforce", "hubspot", "dynamics"] as const;
/** Hosts that the manifest allows too; here they give the better message. */
const INSTANCES: Readonly<Record<(typeof PROVIDERS)[number], RegExp>> = {
  salesforce: /^[a-z0-9-]{1,63}(?:\.sandbox)?\.my\.salesforce\.com$/,
  hubspot: /^api\.hubapi\.com$/,
  dynamics: /^[a-z0-9-]{1,63}\.crm\d{0,2}\.dynamics\.com$/,
};
const RECORDS: Readonly<Record<(typeof PROVIDERS)[number], RegExp>> = {
  salesforce: /^(?:[A-Za-z0-9]{15}|[A-Za-z0-9]{18})$/,
  hubspot: /^\d{1,20}$/,
  dynamics: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
};
/** A name that needs no escaping in a query and cannot leave it. */
const FIELD_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const MAX_FIELDS = 32;

/** Reads the feed's parameters. Throws `PARAMETERS_INVALID`. */
export const readRecordRequest = (parameters: Json): RecordRequest => {
  const reader = readParameters(parameters);
  const provider = reader.oneOf("provider", PROVIDERS);
  const request = {
    provider,
    instance: reader.text(
      "instance",
      INSTANCES[provider],
      provider === "hubspot" ? "api.hubapi.com" : undefined,
    ),
    record: reader.text("record", RECORDS[provider]),
    tenant: provider === "dynamics" ? reader.text("tenant", /^[A-Za-z0-9.-]{1,64}$/) : "",
    fields: readFields(reader.texts("fields")),
  };
  reader.end();
  return request;
};

const readFields = (texts: Readonly<Record<string, string>>): ReadonlyMap<string, FieldType> => {
  const entries = Object.entries(texts);
  if (entries.length > MAX_FIELDS)
    throw fabricError("PARAMETERS_INVALID", { path: "fields", reason: "more than 32 fields" });
  return new Map(
    entries.map(([name, text]) => {
      const type = FIELD_TYPES.find((known) => known === text);
      if (!FIELD_NAME.test(name) || type === undefined)
        throw fabricError("PARAMETERS_INVALID", {
          path: `fields.${name.slice(0, 64)}`,
          reason: `a field name and one of ${FIELD_TYPES.join(", ")} are expected`,
        });
      return [name, type];
    }),
  );
};
