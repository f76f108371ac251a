import type { ErrorEntry } from "../arguments.ts";

export const busErrors = {} as const satisfies Record<string, ErrorEntry>;
