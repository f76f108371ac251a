import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { MAX_BUNDLE_BYTES, parseBundle } from "../envelope/bundle.ts";
import { payloadBytes } from "../envelope/dsse.ts";
import { parseObservation } from "../envelope/observation-json.ts";
import { envelopeDigest } from "../envelope/signed-observation.ts";
import type { KnownRound } from "../envelope/succession.ts";
import type { VerificationReport } from "../envelope/verification-report.ts";
import { verifyBundle } from "../envelope/verify-bundle.ts";
import { readInput } from "./read-input.ts";
import { appraiserOf, readTrust } from "./trust-input.ts";

/** The user accepted that round before; it is read for its place in the order, not checked again. */
const readPrevious = async (file: string, signal: AbortSignal): Promise<KnownRound> => {
  const bytes = await readInput(file, { limit: MAX_BUNDLE_BYTES, signal });
  const { envelope } = parseBundle(bytes);
  const { subject, observedAt } = parseObservation(payloadBytes(envelope));
  return { round: subject.round, observedAt, envelopeDigest: envelopeDigest(envelope) };
};

/** Keys that the bundle carries; none when it is no bundle, which the verifier then says in its report. */
const carriedKeys = (bytes: Buffer) => {
  try {
    return parseBundle(bytes).keys;
  } catch (error) {
    if (isFabricError(error)) return [];
    throw error;
  }
};

/** Check the bundle in a file under the trust that the flags describe. Throws for wrong input beside the bundle only. */
export const verifyFile = async (
  file: string,
  options: {
    readonly trust: string | undefined;
    readonly key: readonly string[];
    readonly at: number;
    readonly previous: string | undefined;
    readonly insecureAllowSimulated: boolean;
    readonly insecureAllowEmulated: boolean;
    readonly signal: AbortSignal;
  },
): Promise<VerificationReport> => {
  const { at, signal, previous } = options;
  if (file === "-" && (options.trust === "-" || previous === "-"))
    throw fabricError("USAGE_INVALID", { fault: "standard input can be read only once" });
  const bytes = await readInput(file, { limit: MAX_BUNDLE_BYTES, signal });
  const trust = await readTrust({
    file: options.trust,
    keys: options.key,
    carried: carriedKeys(bytes),
    allowSimulated: options.insecureAllowSimulated,
    allowEmulated: options.insecureAllowEmulated,
    signal,
  });
  const appraise = appraiserOf(trust);
  return verifyBundle(bytes, {
    trust: trust.policy,
    at,
    ...(previous === undefined ? {} : { previous: await readPrevious(previous, signal) }),
    ...(appraise ? { appraise } : {}),
  });
};
