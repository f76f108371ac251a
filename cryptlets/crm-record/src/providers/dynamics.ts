import { fabricError, readJson } from "../../../../src/sdk/index.ts";
import { readRecordField } from "../record-field.ts";
import { refuseStatus, type CrmProvider } from "./crm-provider.ts";

/**
 * Dynamics 365 (Dataverse) Web API, one account, by OAuth 2.0 client credentials at Microsoft Entra.
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/retrieve-entity-using-web-api
 */
export const dynamics: CrmProvider = {
  request: ({ instance, record, tenant, fields }) => ({
    id: "dynamics",
    method: "GET",
    url: `https://${instance}/api/data/v9.2/accounts(${record})?$select=${[...new Set([...fields.keys(), "modifiedon"])].join(",")}`,
    headers: { "odata-maxversion": "4.0", "odata-version": "4.0" },
    auth: {
      kind: "oauth2-client-credentials",
      tokenUrl: `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`,
      clientId: "{{secret:DYNAMICS_CLIENT_ID}}",
      clientSecret: "{{secret:DYNAMICS_CLIENT_SECRET}}",
      scope: `https://${instance}/.default`,
    },
  }),
  read: (answer, request) => {
    refuseStatus(answer, request, (body) => readJson(body).field("error").field("code").text());
    const root = readJson(answer.body);
    if (root.field("accountid").text().toLowerCase() !== request.record)
      throw fabricError("SOURCE_SHAPE", { path: "$.accountid", reason: "another record" });
    const fields = Object.fromEntries(
      [...request.fields].map(([name, type]) => [
        name,
        readRecordField(root.field(name), type, "typed"),
      ]),
    );
    return { fields, changedAt: root.optionalField("modifiedon")?.isoTime() ?? null };
  },
};
