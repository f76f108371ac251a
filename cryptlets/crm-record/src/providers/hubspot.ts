import { fabricError, readJson } from "../../../../src/sdk/index.ts";
import { readRecordField } from "../record-field.ts";
import { refuseStatus, type CrmProvider } from "./crm-provider.ts";

/**
 * HubSpot CRM v3, one company, by the access token of a private app: HubSpot has no client credentials grant for CRM
 * data. Every property value is text.
 * https://developers.hubspot.com/docs/api-reference/crm-companies-v3/guide
 */
export const hubspot: CrmProvider = {
  request: ({ instance, record, fields }) => ({
    id: "hubspot",
    method: "GET",
    url: `https://${instance}/crm/v3/objects/companies/${record}?properties=${[...fields.keys()].join(",")}&archived=false`,
    headers: { authorization: "Bearer {{secret:HUBSPOT_ACCESS_TOKEN}}" },
  }),
  read: (answer, request) => {
    refuseStatus(answer, request, (body) => readJson(body).field("category").text());
    const root = readJson(answer.body);
    if (root.field("id").text() !== request.record)
      throw fabricError("SOURCE_SHAPE", { path: "$.id", reason: "another record" });
    if (root.optionalField("archived")?.boolean() === true)
      throw fabricError("SOURCE_NOT_FOUND", { record: request.record });
    const properties = root.field("properties");
    const fields = Object.fromEntries(
      [...request.fields].map(([name, type]) => [
        name,
        readRecordField(properties.field(name), type, "text"),
      ]),
    );
    return { fields, changedAt: root.field("updatedAt").isoTime() };
  },
};
