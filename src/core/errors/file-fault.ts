/** Node's `CODE: reason, call 'path'`: the reason alone, because the message around it names the path. */
const NODE_FAULT = /^([A-Z][A-Z0-9_]*): ([^,]+), [a-z]+(?: '.*')?$/s;

/**
 * Why a file could not be used, without its path.
 * @example
 * ```ts
 * fileFault(error); // "no such file or directory (ENOENT)"
 * ```
 */
export const fileFault = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  const [, code, reason] = NODE_FAULT.exec(message) ?? [];
  return code === undefined || reason === undefined ? message : `${reason} (${code})`;
};
