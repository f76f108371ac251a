import type { ErrorEntry } from "../arguments.ts";

export const hostErrors = {} as const satisfies Record<string, ErrorEntry>;
