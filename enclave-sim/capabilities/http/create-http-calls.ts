import { z } from "zod";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import { HTTP_BODY_CHARACTERS, RUN_LIMITS } from "../../../src/core/limits.ts";
import type { Json } from "../../../src/sdk/abi.ts";
import type { Capability } from "../capability.ts";
import type { HttpCapability } from "./http-capability.ts";

const text = (max: number) => z.string().max(max);

const credentialsSchema = z.strictObject({
  kind: z.literal("oauth2-client-credentials"),
  tokenUrl: text(2_048),
  clientId: text(2_048),
  clientSecret: text(2_048),
  scope: text(2_048).exactOptional(),
});

const requestSchema = z.strictObject({
  id: text(64).min(1),
  method: z.enum(["GET", "POST"]),
  url: text(4_096).min(1),
  headers: z.record(text(128), text(8_192)).exactOptional(),
  body: text(HTTP_BODY_CHARACTERS).exactOptional(),
  timeoutMs: z.int().min(1).max(RUN_LIMITS.timeoutMs.max).exactOptional(),
  auth: credentialsSchema.exactOptional(),
});

const calls = {
  "http.all": z.strictObject({
    op: z.literal("http.all"),
    requests: z.array(requestSchema).min(1).max(64),
  }),
};

/** `ctx.http`; null where the manifest has no `capabilities.http`. */
export const createHttpCalls = (http: HttpCapability | null): Capability<"http.all"> => ({
  name: "http",
  granted: http !== null,
  calls,
  perform: async ({ requests }, context) => {
    if (!http) throw fabricError("CAPABILITY_NOT_GRANTED", { capability: "http" });
    const exchanges = await http.all(requests, context);
    return {
      ok: exchanges.map(({ answer }) => answer as unknown as Json),
      provenance: exchanges.map((exchange) => exchange.provenance),
    };
  },
});
