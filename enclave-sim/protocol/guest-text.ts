import type { z } from "zod";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { TriggerInput } from "../../src/sdk/abi.ts";
import { type ParsedOutcome, runOutcomeSchema, triggerSchema } from "./abi-schemas.ts";
import { WALL } from "./limits.ts";

const badMessage = (reason: string) => fabricError("ENCLAVE_MESSAGE_INVALID", { reason });
const badAnswer = (reason: string) => fabricError("GUEST_ANSWER_INVALID", { reason });

/** First fault of a parse in words. */
const faultOf = (error: z.ZodError, whole: string): string => {
  const [issue] = error.issues;
  return `${issue?.path.join(".") || whole}: ${issue?.message ?? "wrong"}`.slice(0, 300);
};

/**
 * A trigger and the text of it that the guest gets: always with its keys in this order, so that the same trigger gives
 * the same run. Throws `ENCLAVE_MESSAGE_INVALID`.
 */
export const readTrigger = (
  input: TriggerInput,
): { readonly trigger: z.infer<typeof triggerSchema>; readonly text: string } => {
  const parsed = triggerSchema.safeParse(input);
  if (!parsed.success) throw badMessage(faultOf(parsed.error, "trigger"));
  const text = JSON.stringify(parsed.data);
  if (text.length > WALL.triggerCharacters)
    throw badMessage(`the trigger has ${text.length} of ${WALL.triggerCharacters} characters`);
  return { trigger: parsed.data, text };
};

const MAY_BE_HALF = /\p{Surrogate}|\\u[dD][89a-fA-F]/u;
const hasLoneSurrogate = (value: unknown): boolean => {
  if (typeof value === "string") return /\p{Surrogate}/u.test(value);
  return typeof value === "object" && value !== null
    ? Object.entries(value).some((entry) => entry.some(hasLoneSurrogate))
    : false;
};

/** A guest's answer, parsed before anything acts on it. Throws `GUEST_ANSWER_INVALID`. */
export const parseOutcome = (text: string): ParsedOutcome => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw badAnswer("it is not JSON");
  }
  const parsed = runOutcomeSchema.safeParse(json);
  if (!parsed.success) throw badAnswer(faultOf(parsed.error, "answer"));
  // It could be neither hashed nor signed: half of a surrogate pair has no UTF-8.
  if (MAY_BE_HALF.test(text) && hasLoneSurrogate(parsed.data))
    throw badAnswer("half of a surrogate pair");
  return parsed.data;
};
