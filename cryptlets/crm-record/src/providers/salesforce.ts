import { fabricError, readJson } from "../../../../src/sdk/index.ts";
import { readRecordField } from "../record-field.ts";
import { refuseStatus, type CrmProvider } from "./crm-provider.ts";

/** Winter '25. */
const VERSION = "v62.0";
/** Ids have 15 characters, or 18 with a checksum of their case. */
const ID_LENGTH = 15;

/**
 * Salesforce REST API, sObject Rows, by OAuth 2.0 client credentials at the instance's own token endpoint.
 * https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_retrieve_get.htm
 */
export const salesforce: CrmProvider = {
  request: ({ instance, record, fields }) => {
    const names = [...new Set([...fields.keys(), "LastModifiedDate"])].join(",");
    return {
      id: "salesforce",
      method: "GET",
      url: `https://${instance}/services/data/${VERSION}/sobjects/Account/${record}?fields=${names}`,
      auth: {
        kind: "oauth2-client-credentials",
        tokenUrl: `https://${instance}/services/oauth2/token`,
        clientId: "{{secret:SALESFORCE_CLIENT_ID}}",
        clientSecret: "{{secret:SALESFORCE_CLIENT_SECRET}}",
      },
    };
  },
  read: (answer, request) => {
    refuseStatus(answer, request, (body) => readJson(body).item(0).field("errorCode").text());
    const root = readJson(answer.body);
    const id = root.field("Id").text();
    if (id.slice(0, ID_LENGTH) !== request.record.slice(0, ID_LENGTH))
      throw fabricError("SOURCE_SHAPE", { path: "$.Id", reason: "another record" });
    const fields = Object.fromEntries(
      [...request.fields].map(([name, type]) => [
        name,
        readRecordField(root.field(name), type, "typed"),
      ]),
    );
    return { fields, changedAt: root.optionalField("LastModifiedDate")?.isoTime() ?? null };
  },
};
