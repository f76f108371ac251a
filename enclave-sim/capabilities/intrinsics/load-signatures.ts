import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { pureSignatures, PureSignatures } from "./pure-signatures.ts";

const here = fileURLToPath(import.meta.url);
/** Always built JavaScript, as a thread's entry is: `require` takes no TypeScript. */
const file = path.join(
  path.dirname(here),
  here.endsWith(".ts")
    ? "../../../dist/enclave-sim/capabilities/intrinsics/pure-signatures.js"
    : "pure-signatures.js",
);

let loaded: PureSignatures | undefined;

/**
 * The curves' arithmetic, loaded at the first use: it costs a worker 5 MB and 30 ms, and few Cryptlets need it. By
 * `require`, because a host call cannot wait for an import.
 */
export const loadSignatures = (): PureSignatures => {
  loaded ??= (
    createRequire(import.meta.url)(file) as { readonly pureSignatures: typeof pureSignatures }
  ).pureSignatures;
  return loaded;
};
