import type { ErrorEntry } from "../arguments.ts";

export const enclaveErrors = {} as const satisfies Record<string, ErrorEntry>;
