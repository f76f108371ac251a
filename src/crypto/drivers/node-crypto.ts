import type * as Crypto from "node:crypto";
import type * as Module from "node:module";

/**
 * Node's builtins without an import statement, so that one file serves Node and browsers:
 * a bundler sees no `node:` specifier and a browser finds no `process`.
 */
const builtin = (name: "crypto" | "module"): unknown =>
  typeof process === "object" && typeof process.getBuiltinModule === "function"
    ? process.getBuiltinModule(name)
    : undefined;

/** `node:crypto`, or null where there is none. */
export const nodeCrypto = (builtin("crypto") as typeof Crypto | undefined) ?? null;

/** `node:module`, or null where there is none. */
export const nodeModule = (builtin("module") as typeof Module | undefined) ?? null;
