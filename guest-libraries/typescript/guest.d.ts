// What a Cryptlet's code must not use, in types. In the tsconfig.json of a package:
//
//   "lib": ["ES2023"], "types": ["cryptlet-fabric/sdk/guest"]
//
// A run must be the same again on every machine, so nothing may tell it the time, give it a number that nobody
// recorded, or reach past the capabilities of its manifest. What the language's own library declares cannot be taken
// away; those answers have a type that fits nowhere and says what to use. `cryptlet build` refuses the same by syntax.

/** Not for a Cryptlet. `Instead` says what to use. */
interface NotInACryptlet<Instead extends string> {
  readonly __useInstead: Instead;
  readonly __notInACryptlet: never;
}

// What does not exist inside the enclave. Declared, so that the editor says why; `never`, so that nothing can be done with it.

/** Use `ctx.log`. */
declare const console: never;
/** Use `ctx.http` and the capability `http`. */
declare const fetch: never;
/** Use `ctx.http` and the capability `http`. */
declare const XMLHttpRequest: never;
/** Use `ctx.http` and the capability `http`. */
declare const WebSocket: never;
/** Use `ctx.http` and the capability `http`. */
declare const EventSource: never;
/** A run does not wait: every call of `ctx` answers when it returns. */
declare const setTimeout: never;
/** A run does not wait: every call of `ctx` answers when it returns. */
declare const setInterval: never;
/** A run does not wait: every call of `ctx` answers when it returns. */
declare const setImmediate: never;
/** A run does not wait: every call of `ctx` answers when it returns. */
declare const clearTimeout: never;
/** A run does not wait: every call of `ctx` answers when it returns. */
declare const clearInterval: never;
/** A run does not wait: every call of `ctx` answers when it returns. */
declare const clearImmediate: never;
/** A run does not wait: every call of `ctx` answers when it returns. */
declare const queueMicrotask: never;
/** Use `ctx.now()`, or `ctx.trigger.at`. */
declare const performance: never;
/** Use `ctx.random()` for random bytes, `ctx.pure` for hashes and signatures. */
declare const crypto: never;
/** Use `ctx.configuration()`. */
declare const process: never;
/** Use `import`, of modules that are part of the package. */
declare const require: never;
/** Use `import` and `export`. */
declare const module: never;
/** Use `import` and `export`. */
declare const exports: never;
/** Use `Uint8Array`. */
declare const Buffer: never;
/** Use `ctx.pure.encode`. */
declare const TextEncoder: never;
/** Use `ctx.pure.encode`. */
declare const TextDecoder: never;
/** A Cryptlet has no page and no global of its own. */
declare const window: never;
/** A Cryptlet has no page and no global of its own. */
declare const document: never;
/** A Cryptlet has no page and no global of its own. */
declare const navigator: never;
/** A Cryptlet has no page and no global of its own. */
declare const self: never;
/** A Cryptlet has no page and no global of its own. */
declare const global: never;
/** The engine has none; lane wasm runs WebAssembly. */
declare const WebAssembly: never;
/** Use text: `ctx.http` takes an address as text. */
declare const URL: never;
/** Use `JSON.parse(JSON.stringify(value))`. */
declare const structuredClone: never;
/** Use the functions of `ctx`. */
declare const __hostCall: never;
/** A package has no place of its own. */
declare const __dirname: never;
/** A package has no place of its own. */
declare const __filename: never;
/** Use `ctx.now()`, or `ctx.trigger.at`. */
declare const Temporal: never;
/** Node 20, where tests run, lacks it. */
declare const DisposableStack: never;
/** Node 20, where tests run, lacks it. */
declare const AsyncDisposableStack: never;
/** Node 20, where tests run, lacks it. */
declare const SuppressedError: never;
/** Node 20, where tests run, lacks it. */
declare const Float16Array: never;
/** Use an error of your own. */
declare const InternalError: never;
/** Use an error of your own. */
declare const DOMException: never;

// What the language's library declares. A later overload of the same form stands before the library's own.

interface DateConstructor {
  /** Use `ctx.now()`, or `ctx.trigger.at`. */
  now(): NotInACryptlet<"ctx.now() or ctx.trigger.at">;
  /** Use `new Date(ctx.now())`, or `new Date(ctx.trigger.at)`. */
  new (): NotInACryptlet<"new Date(ctx.now()) or new Date(ctx.trigger.at)">;
  /** Use `new Date(ctx.now())`, or `new Date(ctx.trigger.at)`. */
  (): NotInACryptlet<"new Date(ctx.now()) or new Date(ctx.trigger.at)">;
}
interface Date {
  toLocaleString(
    locales?: string | string[],
    options?: object,
  ): NotInACryptlet<"toISOString()">;
  toLocaleDateString(
    locales?: string | string[],
    options?: object,
  ): NotInACryptlet<"toISOString()">;
  toLocaleTimeString(
    locales?: string | string[],
    options?: object,
  ): NotInACryptlet<"toISOString()">;
}
interface Math {
  /** Use `ctx.random()`. */
  random(): NotInACryptlet<"ctx.random()">;
}
interface FunctionConstructor {
  new (...texts: string[]): NotInACryptlet<"code that is part of the package">;
  (...texts: string[]): NotInACryptlet<"code that is part of the package">;
}
interface String {
  localeCompare(that: string): NotInACryptlet<"a < b">;
  localeCompare(
    that: string,
    locales?: string | string[],
    options?: object,
  ): NotInACryptlet<"a < b">;
  toLocaleLowerCase(locales?: string | string[]): NotInACryptlet<"toLowerCase()">;
  toLocaleUpperCase(locales?: string | string[]): NotInACryptlet<"toUpperCase()">;
}
interface Number {
  toLocaleString(
    locales?: string | string[],
    options?: object,
  ): NotInACryptlet<"Fixed, or text of your own">;
}
interface BigInt {
  toLocaleString(locales?: unknown, options?: object): NotInACryptlet<"toString()">;
}
interface Array<T> {
  toLocaleString(): NotInACryptlet<"join()">;
}
interface WeakRefConstructor {
  new <T extends WeakKey>(target: T): NotInACryptlet<"a reference">;
}
interface FinalizationRegistryConstructor {
  new <T>(cleanupCallback: (heldValue: T) => void): NotInACryptlet<"nothing: a run is short">;
}
interface SharedArrayBufferConstructor {
  new (byteLength?: number): NotInACryptlet<"ArrayBuffer">;
}
interface Atomics {
  load(typedArray: object, index: number): NotInACryptlet<"a plain array: there is one thread">;
  store(
    typedArray: object,
    index: number,
    value: number | bigint,
  ): NotInACryptlet<"a plain array: there is one thread">;
}
interface ErrorConstructor {
  captureStackTrace: never;
  stackTraceLimit: never;
}
interface ImportMeta {
  readonly url: NotInACryptlet<"the package has no place of its own">;
  readonly dirname: NotInACryptlet<"the package has no place of its own">;
  readonly filename: NotInACryptlet<"the package has no place of its own">;
}
declare namespace Intl {
  interface CollatorConstructor {
    new (locales?: string | string[], options?: object): NotInACryptlet<"a < b">;
    (locales?: string | string[], options?: object): NotInACryptlet<"a < b">;
  }
  interface NumberFormatConstructor {
    new (locales?: string | string[], options?: object): NotInACryptlet<"Fixed">;
    (locales?: string | string[], options?: object): NotInACryptlet<"Fixed">;
  }
  interface DateTimeFormatConstructor {
    new (locales?: string | string[], options?: object): NotInACryptlet<"toISOString()">;
    (locales?: string | string[], options?: object): NotInACryptlet<"toISOString()">;
  }
}
