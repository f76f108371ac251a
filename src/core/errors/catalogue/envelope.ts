import type { ErrorEntry } from "../arguments.ts";

export const envelopeErrors = {} as const satisfies Record<string, ErrorEntry>;
