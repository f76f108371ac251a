import type { ErrorEntry } from "../arguments.ts";

export const cryptoErrors = {} as const satisfies Record<string, ErrorEntry>;
