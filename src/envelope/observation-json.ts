import { z } from "zod";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { canonicalJson } from "./canonical-json.ts";
import { MAX_PAYLOAD_BYTES } from "./dsse.ts";
import { observationSchema, type Observation } from "./observation.ts";
import { parseStrictJson } from "./strict-json.ts";

const encoder = new TextEncoder();

const check = (value: unknown): Observation => {
  const parsed = observationSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw fabricError("STATEMENT_MALFORMED", { reason: z.prettifyError(parsed.error).slice(0, 500) });
};

/**
 * The payload bytes of an observation: canonical JSON (RFC 8785), so that one fact has one digest.
 * Throws `STATEMENT_MALFORMED` for what its own reader would refuse.
 */
export const encodeObservation = (observation: Observation): Uint8Array =>
  encoder.encode(canonicalJson(check(observation)));

/** Read payload bytes after their signature held. Throws `STATEMENT_MALFORMED`. */
export const parseObservation = (payload: Uint8Array): Observation => {
  try {
    return check(parseStrictJson(payload, { limit: MAX_PAYLOAD_BYTES, what: "the statement" }));
  } catch (error) {
    if (isFabricError(error, "STATEMENT_MALFORMED") || !isFabricError(error)) throw error;
    throw fabricError("STATEMENT_MALFORMED", { reason: error.message }, { cause: error });
  }
};
