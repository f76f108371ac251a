import { fabricError } from "../core/errors/fabric-error.ts";
import { digestSchema, type Digest } from "../core/ids.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import type { VerificationReport } from "../envelope/verification-report.ts";
import { verifyBundle, type VerifyBundleOptions } from "../envelope/verify-bundle.ts";
import { bundleAnswer, type RoundAnswer } from "./answers.ts";
import type { CallOptions } from "./call-options.ts";
import type { HttpReader } from "./http-reader.ts";

/** Whom the caller believes, and until when. `at` is ms since epoch; this machine's clock when left out. */
export interface VerifyOptions extends CallOptions, Omit<VerifyBundleOptions, "at"> {
  readonly at?: number;
}

/** Envelopes of a fabric, and the check that needs no trust in it. */
export interface EnvelopeClient {
  /** The bundle as it came; nothing of it is checked. Throws `ENVELOPE_UNKNOWN`. */
  bundle(digest: string, options?: CallOptions): Promise<unknown>;
  /**
   * Fetches the bundle of a round, or of an envelope's digest, and checks it here: signatures, policy, evidence, age, and
   * that the server gave the envelope that was asked for and said of the round what is signed. Throws `ENVELOPE_UNKNOWN`,
   * `ANSWER_DIFFERS`; what the checks find wrong is in the report.
   * @example
   * ```ts
   * const round = await client.feeds.latest("xau-usd");
   * const report = await client.envelopes.verify(round, { trust });
   * if (!report.ok) throw new Error(report.code ?? "refused");
   * ```
   */
  verify(what: RoundAnswer | string, options: VerifyOptions): Promise<VerificationReport>;
}

/** What the server said of a round and what is signed, field by field. */
const compareRound = (round: RoundAnswer, { observation, mode }: VerificationReport): void => {
  if (!observation) return;
  const { subject, value, observedAt, issuedAt, validUntil } = observation;
  const said = {
    feed: round.feed,
    round: round.round,
    value: round.value,
    answer: round.answer,
    observedAt: round.observedAt,
    issuedAt: round.issuedAt,
    validUntil: round.validUntil,
    mode: round.mode,
  };
  const signed = {
    feed: subject.feed,
    round: subject.round,
    value,
    answer: value.kind === "decimal" ? integerOf(value.text) : null,
    observedAt,
    issuedAt,
    validUntil,
    mode,
  };
  for (const field of Object.keys(said) as (keyof typeof said)[])
    if (canonicalJson(said[field]) !== canonicalJson(signed[field]))
      throw fabricError("ANSWER_DIFFERS", { field });
};

/** `-12.50` -> `-1250`: a signed decimal is written with all of its feed's decimals. */
const integerOf = (text: string): string => BigInt(text.replace(".", "")).toString();

const digestOfName = (text: string): Digest => {
  const id = digestSchema.safeParse(text);
  if (!id.success) throw fabricError("ENVELOPE_UNKNOWN", { digest: text.slice(0, 80) });
  return id.data;
};

/** @see EnvelopeClient */
export const createEnvelopeClient = (reader: HttpReader): EnvelopeClient => {
  const bundle = async (digest: string, call?: CallOptions) =>
    reader.json(`v1/bundles/${digestOfName(digest)}`, bundleAnswer, {
      signal: call?.signal,
      alsoStatus: [],
    });
  return {
    bundle,
    verify: async (what, { at, signal, ...options }) => {
      const digest = digestOfName(typeof what === "string" ? what : what.envelopeDigest);
      const text = JSON.stringify(await bundle(digest, signal ? { signal } : {}));
      const report = await verifyBundle(text, { ...options, at: at ?? Date.now() });
      if (!report.ok) return report;
      if (report.envelopeDigest !== digest)
        throw fabricError("ANSWER_DIFFERS", { field: "envelopeDigest" });
      if (typeof what !== "string") compareRound(what, report);
      return report;
    },
  };
};
