import { z } from "zod";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { StateBackend } from "../capabilities/state/state-backend.ts";

// What the enclave's thread asks of the host's: only what lies in the host's database.

/** A question of the enclave. */
export type HostAsk =
  | { readonly what: "state.read"; readonly scope: string }
  | {
      readonly what: "state.write";
      readonly scope: string;
      readonly expected: number;
      readonly body: Uint8Array;
    };

/** The host's answer; `failed` says nothing more, because no reason of the host's is part of a run. */
export type HostReply = { readonly value: unknown } | { readonly failed: true };

/** Bytes of one sealed state. */
const MAX_STATE_BYTES = 4_194_304;

const storedSchema = z.strictObject({
  version: z.int().min(0),
  body: z.instanceof(Uint8Array).refine(({ length }) => length <= MAX_STATE_BYTES),
});

/** The enclave's end. */
export interface HostAsker {
  readonly state: StateBackend;
  /** Takes the reply to question `id`. */
  settle(id: number, reply: HostReply): void;
}

/** `post` sends one question to the host. */
export const createHostAsker = (post: (id: number, ask: HostAsk) => void): HostAsker => {
  const waiting = new Map<number, (reply: HostReply) => void>();
  let last = 0;
  const ask = <Schema extends z.ZodType>(
    question: HostAsk,
    schema: Schema,
  ): Promise<z.output<Schema>> =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, (reply) => {
        const parsed = "value" in reply ? schema.safeParse(reply.value) : undefined;
        if (parsed?.success) return resolve(parsed.data);
        const reason = parsed ? "the host answered in an unknown form" : "the host refused";
        return reject(fabricError("ENCLAVE_MESSAGE_INVALID", { reason }));
      });
      post(last, question);
    });
  return {
    state: {
      read: (scope) => ask({ what: "state.read", scope }, storedSchema),
      write: (scope, expected, body) =>
        ask({ what: "state.write", scope, expected, body }, z.boolean()),
    },
    settle: (id, reply) => {
      waiting.get(id)?.(reply);
      waiting.delete(id);
    },
  };
};

/** The host's end: what a question gives. Never rejects. */
export const answerHostAsk = async (
  ask: HostAsk,
  ports: { readonly state: StateBackend | undefined },
): Promise<HostReply> => {
  const { state } = ports;
  if (!state) return { failed: true };
  try {
    return {
      value:
        ask.what === "state.read"
          ? await state.read(ask.scope)
          : await state.write(ask.scope, ask.expected, ask.body),
    };
  } catch {
    return { failed: true };
  }
};
