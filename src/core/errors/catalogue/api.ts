import type { ErrorEntry } from "../arguments.ts";

export const apiErrors = {} as const satisfies Record<string, ErrorEntry>;
