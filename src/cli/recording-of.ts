import { z } from "zod";

import { observationDraftSchema } from "../../enclave-sim/protocol/abi-schemas.ts";
import type { Transcript } from "../../enclave-sim/protocol/transcript.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { guestErrors } from "../core/errors/guest-errors.ts";
import type { Recording } from "../test-kit/recording.ts";
import { joinRecordings } from "../test-kit/recording.ts";

/** Stands where a secret stood. */
const REDACTED = "[secret]";

const abiError = z.object({
  code: z.string(),
  arguments: z.record(z.string(), z.unknown()).optional(),
});
const httpCall = z.object({
  requests: z.array(
    z.object({
      id: z.string(),
      method: z.enum(["GET", "POST"]).default("GET"),
      url: z.string(),
      body: z.string().nullish(),
    }),
  ),
});
const httpAnswers = z.object({
  ok: z.array(
    z.union([
      z.object({
        ok: z.literal(true),
        id: z.string(),
        status: z.int(),
        headers: z.record(z.string(), z.string()),
        body: z.string(),
        receivedAt: z.int(),
      }),
      z.object({ ok: z.literal(false), id: z.string(), error: abiError }),
    ]),
  ),
});
const chainCall = z.object({ id: z.string(), chain: z.string(), queries: z.array(z.unknown()) });
const chainAnswer = z.object({
  ok: z.object({
    chainId: z.int(),
    block: z.object({ number: z.int(), hash: z.string(), timestamp: z.int() }),
    results: z.array(z.unknown()),
  }),
});
const cryptletCall = z.object({ id: z.string(), cryptlet: z.string(), feed: z.string() });
const cryptletAnswer = z.object({
  ok: z.object({ observation: observationDraftSchema, receivedAt: z.int() }),
});
const refusal = z.object({ error: abiError });

type Exchange = Recording["exchanges"][number];
type Read = Recording["chains"][number];
type Callee = Recording["calls"][number];
type Fault = Extract<Exchange, { error: unknown }>;

const parsed = <Value>(schema: z.ZodType<Value>, text: string): Value => {
  const result = schema.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  throw fabricError("TRANSCRIPT_INVALID", { reason: z.prettifyError(result.error) });
};

/** A code that a recording can hold; null for what is no word of a capability. */
const faultOf = ({
  code,
  arguments: given = {},
}: z.infer<typeof abiError>): Pick<Fault, "error" | "arguments"> | null => {
  if (!Object.hasOwn(guestErrors, code)) return null;
  return {
    // One of the codes of which the line above made sure.
    error: code as Fault["error"],
    arguments: Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, String(value).slice(0, 2_000)]),
    ),
  };
};

const exchangesOf = (request: string, response: string, at: number): readonly Exchange[] => {
  const answers = httpAnswers.safeParse(JSON.parse(response));
  // Refused as a whole: no source was asked.
  if (!answers.success) return [];
  const { requests } = parsed(httpCall, request);
  return answers.data.ok.flatMap((answer, index): Exchange[] => {
    const asked = requests[index];
    if (!asked || asked.id !== answer.id) return [];
    const { id, method, url, body } = asked;
    const common = { id, request: { method, url, body: body ?? null } };
    if (answer.ok) {
      const { status, headers, body: text, receivedAt } = answer;
      return [{ ...common, status, headers, body: text, receivedAt }];
    }
    const fault = faultOf(answer.error);
    return fault ? [{ ...common, ...fault, receivedAt: at }] : [];
  });
};

const readOf = (request: string, response: string, at: number): readonly Read[] => {
  const { id, chain, queries } = parsed(chainCall, request);
  const said: unknown = JSON.parse(response);
  const refused = refusal.safeParse(said);
  if (refused.success) {
    const fault = faultOf(refused.data.error);
    return fault ? [{ id, chain, ...fault, receivedAt: at }] : [];
  }
  const answer = chainAnswer.safeParse(said);
  if (!answer.success) return [];
  const { chainId, block, results } = answer.data.ok;
  type Whole = Exclude<Read, { error: unknown }>;
  return [
    {
      id,
      chain,
      chainId,
      block,
      // The enclave parsed both; whoever writes the recording checks them again.
      queries: queries as Whole["queries"],
      results: results as Whole["results"],
      receivedAt: at,
    },
  ];
};

const calleeOf = (request: string, response: string): readonly Callee[] => {
  const { id, cryptlet, feed } = parsed(cryptletCall, request);
  const answer = cryptletAnswer.safeParse(JSON.parse(response));
  if (!answer.success) return [];
  const { observation, receivedAt } = answer.data.ok;
  return [{ id, cryptlet, feed, observation, receivedAt }];
};

/**
 * What the sources answered in a run, as a recording that gives the same again. Requests stand as the Cryptlet gave them,
 * with the names of secrets; where an answer repeats a value of `secrets` it is taken out. The log, the clock, randomness
 * and the state are no answers of sources. Throws `TRANSCRIPT_INVALID`.
 * @example
 * ```ts
 * await writeRecording("recordings/today.json", recordingOf(transcript, { secrets }));
 * ```
 */
export const recordingOf = (
  transcript: Transcript,
  { secrets = [] }: { readonly secrets?: readonly string[] } = {},
): Recording => {
  const { at } = transcript.trigger;
  const hide = (text: string): string =>
    secrets.reduce(
      (left, secret) => (secret === "" ? left : left.replaceAll(secret, REDACTED)),
      text,
    );
  const parts = transcript.entries.map(({ op, request, response }): Recording => ({
    about: "",
    exchanges:
      op === "http.all"
        ? exchangesOf(request, response, at).map((entry) =>
            "error" in entry ? entry : { ...entry, body: hide(entry.body) },
          )
        : [],
    chains: op === "chain.read" ? readOf(request, response, at) : [],
    calls: op === "call" ? calleeOf(request, response) : [],
  }));
  return joinRecordings(parts);
};
