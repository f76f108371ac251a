// What a Cryptlet's code finds in its engine, and what to use in place of the rest. guest-globals.test.ts compares both
// lists with the engine itself; guest-libraries/typescript/guest.d.ts says the same in types.

/** Names of the engine that are the same in every run. Anything else is refused: a new engine brings new names. */
export const ALLOWED_GLOBALS: ReadonlySet<string> = new Set([
  "AggregateError",
  "Array",
  "ArrayBuffer",
  "BigInt",
  "BigInt64Array",
  "BigUint64Array",
  "Boolean",
  "DataView",
  "EvalError",
  "Float32Array",
  "Float64Array",
  "Infinity",
  "Int16Array",
  "Int32Array",
  "Int8Array",
  "Iterator",
  "JSON",
  "Map",
  "NaN",
  "Number",
  "Object",
  "Promise",
  "Proxy",
  "RangeError",
  "ReferenceError",
  "Reflect",
  "RegExp",
  "Set",
  "String",
  "Symbol",
  "SyntaxError",
  "TypeError",
  "URIError",
  "Uint16Array",
  "Uint32Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "WeakMap",
  "WeakSet",
  "__cryptlet",
  "atob",
  "btoa",
  "decodeURI",
  "decodeURIComponent",
  "encodeURI",
  "encodeURIComponent",
  "escape",
  "isFinite",
  "isNaN",
  "parseFloat",
  "parseInt",
  "undefined",
  "unescape",
]);

/** Names of which only these members may be used, each directly: `Date.UTC(…)`. Everything else of them is refused. */
export const PARTLY_ALLOWED: Readonly<Record<string, ReadonlySet<string>>> = {
  Date: new Set(["UTC", "parse", "prototype"]),
  Function: new Set(["prototype"]),
};
/** Names of which everything may be used but these members. */
export const PARTLY_REFUSED: Readonly<Record<string, ReadonlySet<string>>> = {
  Error: new Set(["captureStackTrace", "prepareStackTrace", "stackTraceLimit"]),
  Math: new Set(["random"]),
};

const CLOCK = "ctx.now() with the capability time, or ctx.trigger.at";
const WAIT = "nothing: a run does not wait, and every call of ctx answers when it returns";
const HTTP = "ctx.http, with the host in capabilities.http of cryptlet.json";
const MODULES = "import, of modules that are part of the package";
const BYTES = "Uint8Array and ctx.pure.encode()";
const CODE = "code that is part of the package";
const THREADS = "ArrayBuffer: one thread runs a Cryptlet";
const MEMORY = "a plain reference: when memory is collected is no part of a run";
const NO_GLOBAL = "a module of your own: there is no such global in the enclave";
const TEXT = "text of your own: the enclave has no locale";

const NEWER = "what the language had in 2023: Node 20, where your tests run, lacks it";

/**
 * Names that the engine has all the same: asking whether they are there protects nobody. `__cryptlet` is what the
 * builder's own entry sets.
 */
export const PRESENT_AND_REFUSED: ReadonlySet<string> = new Set([
  "AsyncDisposableStack",
  "DOMException",
  "DisposableStack",
  "Float16Array",
  "InternalError",
  "SuppressedError",
  "__hostCall",
  "eval",
  "queueMicrotask",
]);

/** What to use in place of a name. */
export const INSTEAD: Readonly<Record<string, string>> = {
  AsyncDisposableStack: NEWER,
  Atomics: THREADS,
  Buffer: BYTES,
  DOMException: "an error of your own",
  Date: CLOCK,
  DisposableStack: NEWER,
  Error: "the error's message: a stack says where the code lies",
  EventSource: HTTP,
  FinalizationRegistry: MEMORY,
  Float16Array: NEWER,
  Function: CODE,
  InternalError: NEWER,
  Intl: TEXT,
  Math: "ctx.random() with the capability random",
  SharedArrayBuffer: THREADS,
  SuppressedError: NEWER,
  Temporal: CLOCK,
  TextDecoder: BYTES,
  TextEncoder: BYTES,
  URL: "text: ctx.http takes an address as text",
  WeakRef: MEMORY,
  WebAssembly: "lane wasm for WebAssembly, or JavaScript",
  WebSocket: HTTP,
  XMLHttpRequest: HTTP,
  __dirname: MODULES,
  __filename: MODULES,
  __hostCall: "the functions of ctx",
  clearImmediate: WAIT,
  clearInterval: WAIT,
  clearTimeout: WAIT,
  console: "ctx.log",
  crypto: "ctx.random() for random bytes, ctx.pure for hashes and signatures",
  eval: CODE,
  exports: MODULES,
  fetch: HTTP,
  globalThis: "a module of your own",
  module: MODULES,
  performance: CLOCK,
  process: "ctx.configuration() for what the operator sets",
  queueMicrotask: WAIT,
  require: MODULES,
  setImmediate: WAIT,
  setInterval: WAIT,
  setTimeout: WAIT,
  structuredClone: "JSON.parse(JSON.stringify(…))",
};

/** What to use in place of any global of the engine. */
export const insteadOf = (name: string): string =>
  (Object.hasOwn(INSTEAD, name) ? INSTEAD[name] : undefined) ?? NO_GLOBAL;

/** Members whose answer depends on the place where the code runs, whatever object they are asked of. */
export const LOCAL_MEMBERS: Readonly<Record<string, string>> = {
  localeCompare: "a < b, or a table of your own",
  toLocaleDateString: "toISOString()",
  toLocaleLowerCase: "toLowerCase()",
  toLocaleString: "toString(), or Fixed",
  toLocaleTimeString: "toISOString()",
  toLocaleUpperCase: "toUpperCase()",
};
