import type { ErrorEntry } from "../arguments.ts";

export const httpErrors = {} as const satisfies Record<string, ErrorEntry>;
