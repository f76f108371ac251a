import manifest from "../cryptlet.json" with { type: "json" };
import { defineCryptlet, observeRecord, throwAbiError } from "../../../src/sdk/index.ts";
import type { CrmProvider } from "./providers/crm-provider.ts";
import { dynamics } from "./providers/dynamics.ts";
import { hubspot } from "./providers/hubspot.ts";
import { salesforce } from "./providers/salesforce.ts";
import { readRecordRequest, type RecordRequest } from "./record-request.ts";

const PROVIDERS: Readonly<Record<RecordRequest["provider"], CrmProvider>> = {
  salesforce,
  hubspot,
  dynamics,
};

/** Named fields of one customer record. There is one source, so every fault of it ends the run under its own code. */
export const cryptlet = defineCryptlet({
  manifest,
  feeds: { "crm-record": { parameters: readRecordRequest } },
  run: (ctx) => {
    const request = ctx.parameters;
    const provider = PROVIDERS[request.provider];
    const [answer] = ctx.http.all([provider.request(request)]);
    if (!answer?.ok) return throwAbiError(answer?.error);
    return observeRecord(ctx.feed, {
      source: answer.id,
      answer,
      ...provider.read(answer, request),
    });
  },
});
