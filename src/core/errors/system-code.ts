/** How the system names a fault, as Node hands it on: `ENOENT`, `ECONNREFUSED`; null for an error without such a name. */
export const systemCode = (error: unknown): string | null =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
