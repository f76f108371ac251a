import { z } from "zod";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import { STATE_VALUE_CHARACTERS } from "../../../src/core/limits.ts";
import type { StateManifest } from "../../../src/sdk/manifest.ts";
import type { Json } from "../../../src/sdk/abi.ts";
import type { Capability, Performed } from "../capability.ts";
import { createStateSession, type StateChange, type StateSession } from "./state-session.ts";
import type { StateStore } from "./state-store.ts";

const MAX_KEY = 256;
const MAX_LISTED = 256;

/** Half a surrogate pair has no UTF-8: it would come back as another text. */
const wellFormed = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^\P{Surrogate}*$/u, "text without half surrogate pairs");
const key = wellFormed(MAX_KEY).min(1);

type StateOp = "state.get" | "state.put" | "state.delete" | "state.list";

const calls = {
  "state.get": z.strictObject({ op: z.literal("state.get"), key }),
  "state.put": z.strictObject({
    op: z.literal("state.put"),
    key,
    value: wellFormed(STATE_VALUE_CHARACTERS),
  }),
  "state.delete": z.strictObject({ op: z.literal("state.delete"), key }),
  "state.list": z.strictObject({
    op: z.literal("state.list"),
    prefix: wellFormed(MAX_KEY),
    after: wellFormed(MAX_KEY).nullable(),
    limit: z.int().min(1).max(MAX_LISTED),
  }),
};

/** `ctx.state` of one run, and what the run would change. */
export interface StateCalls extends Capability<StateOp> {
  /** Null when the run changed nothing. */
  change(): StateChange | null;
}

const answer = (ok: Json): Performed => ({ ok, provenance: [] });

/**
 * `ctx.state`: the state is read when the run first asks for it. `readOnly` is a run that another Cryptlet called.
 * Nothing is applied here.
 */
export const createStateCalls = (
  granted: StateManifest | undefined,
  store: StateStore | null,
  readOnly: boolean,
): StateCalls => {
  let session: Promise<StateSession> | undefined;
  const open = async (): Promise<StateSession> => {
    if (!granted || !store) throw fabricError("CAPABILITY_NOT_GRANTED", { capability: "state" });
    return createStateSession(await store.open(), granted, readOnly);
  };
  let opened: StateSession | undefined;
  return {
    name: "state",
    granted: granted !== undefined && store !== null,
    calls,
    perform: async (call) => {
      if (!opened) {
        session ??= open();
        // A storage that was away may be back when the run asks again.
        session.catch(() => {
          session = undefined;
        });
        opened = await session;
      }
      switch (call.op) {
        case "state.get":
          return answer(opened.get(call.key));
        case "state.put":
          opened.put(call.key, call.value);
          return answer(null);
        case "state.delete":
          opened.delete(call.key);
          return answer(null);
        case "state.list":
          return answer(opened.list(call));
      }
    },
    change: () => opened?.change() ?? null,
  };
};
