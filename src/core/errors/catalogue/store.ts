import type { ErrorEntry } from "../arguments.ts";

export const storeErrors = {} as const satisfies Record<string, ErrorEntry>;
