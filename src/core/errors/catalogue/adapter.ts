import type { ErrorEntry } from "../arguments.ts";

export const adapterErrors = {} as const satisfies Record<string, ErrorEntry>;
