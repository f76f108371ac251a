import type { ErrorEntry } from "../arguments.ts";

export const sdkErrors = {} as const satisfies Record<string, ErrorEntry>;
