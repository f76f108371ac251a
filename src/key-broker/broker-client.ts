import { Agent, request } from "undici";
import type { z } from "zod";
import type { Secret } from "../core/config/secret.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { fromWire, wireErrorSchema } from "../core/errors/wire.ts";
import {
  BROKER_PATHS,
  challengeSchema,
  releaseAnswerSchema,
  type Challenge,
  type ReleaseAnswer,
  type ReleaseRequest,
} from "./protocol.ts";

/** A host's way to the key broker. It carries evidence and ciphertext; values never pass through it in the clear. */
export interface BrokerClient {
  /** Throws `BROKER_UNREACHABLE`, `BROKER_ANSWER_INVALID` and what the broker answers with. */
  challenge(options?: { readonly signal?: AbortSignal }): Promise<Challenge>;
  release(
    request: ReleaseRequest,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ReleaseAnswer>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 2_097_152;

export const createBrokerClient = (options: {
  readonly url: string;
  readonly token: Secret;
  /** PEM of the authority of the broker's certificate; null: the system's. */
  readonly caPem: string | null;
}): BrokerClient => {
  const { url, token, caPem } = options;
  const dispatcher = new Agent({
    maxResponseSize: MAX_ANSWER_BYTES,
    connect: { timeout: TIMEOUT_MS, ...(caPem === null ? {} : { ca: caPem }) },
  });
  const post = async <Schema extends z.ZodType>(
    path: string,
    body: unknown,
    schema: Schema,
    signal: AbortSignal | undefined,
  ): Promise<z.output<Schema>> => {
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await request(new URL(path, url), {
        method: "POST",
        dispatcher,
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
        headers: {
          authorization: `Bearer ${token.reveal()}`,
          ...(body === null ? {} : { "content-type": "application/json" }),
        },
        ...(body === null ? {} : { body: JSON.stringify(body) }),
      });
      const answer = parseJson(await response.body.text());
      if (response.statusCode !== 200) throw refusalOf(answer, response.statusCode, url);
      const parsed = schema.safeParse(answer);
      if (parsed.success) return parsed.data;
      throw fabricError("BROKER_ANSWER_INVALID", { url, reason: "its form is unknown" });
    } catch (error) {
      signal?.throwIfAborted();
      if (isFabricError(error)) throw error;
      const reason = error instanceof Error ? error.message : "unknown";
      throw fabricError("BROKER_UNREACHABLE", { url, reason }, { cause: error });
    }
  };
  return {
    challenge: (call) => post(BROKER_PATHS.challenges, null, challengeSchema, call?.signal),
    release: (ask, call) => post(BROKER_PATHS.releases, ask, releaseAnswerSchema, call?.signal),
    close: () => dispatcher.close(),
  };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const refusalOf = (answer: unknown, status: number, url: string): Error => {
  const wire = typeof answer === "object" && answer && "error" in answer ? answer.error : null;
  if (wireErrorSchema.safeParse(wire).success) return fromWire(wire);
  return fabricError("BROKER_ANSWER_INVALID", { url, reason: `status ${status}` });
};
