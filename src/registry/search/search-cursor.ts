import { createHash } from "node:crypto";
import { z } from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";

/** Where a page ended: the tier of its last package, and that package's place. */
export interface SearchPosition {
  readonly tier: number;
  readonly place: number;
}

const cursorSchema = z.strictObject({
  q: z.string().length(12),
  t: z.int().min(0).max(16),
  p: z.int().min(0),
});
/** Longest cursor in characters. */
export const MAX_CURSOR = 128;

const fingerprint = (question: string): string =>
  createHash("sha256").update(question).digest("base64url").slice(0, 12);

/** Where the next page begins, as opaque text. It holds for the same question only. */
export const writeCursor = (question: string, { tier, place }: SearchPosition): string =>
  Buffer.from(JSON.stringify({ q: fingerprint(question), t: tier, p: place })).toString(
    "base64url",
  );

/** Throws `REGISTRY_CURSOR_INVALID`. */
export const readCursor = (question: string, cursor: string): SearchPosition => {
  let json: unknown = null;
  try {
    if (cursor.length <= MAX_CURSOR) json = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    // Not JSON: refused below, as everything else that we did not write.
  }
  const parsed = cursorSchema.safeParse(json);
  if (!parsed.success || parsed.data.q !== fingerprint(question))
    throw fabricError("REGISTRY_CURSOR_INVALID", {});
  return { tier: parsed.data.t, place: parsed.data.p };
};
