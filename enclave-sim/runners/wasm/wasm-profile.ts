import type { FunctionType, WasmModule } from "./wasm-module.ts";
import { refuseModule } from "./wasm-bytes.ts";
import { TYPE } from "./wasm-instructions.ts";

/** How a language's compiler expects to be hosted. `core` is the ABI of protocol/cryptlet.wit itself. */
export type WasmProfileName = "core" | "go" | "micropython";

/** What a module of a profile may import and must export; signatures as `iiI:i` (i, I, f, F = i32, i64, f32, f64). */
export interface WasmProfile {
  readonly name: WasmProfileName;
  /** `module.name` -> signature. Anything else is refused. */
  readonly imports: ReadonlyMap<string, string>;
  /** Functions that must be exported. */
  readonly exports: ReadonlyMap<string, string>;
  /** Functions that may be exported and are then used. */
  readonly optional: ReadonlyMap<string, string>;
  /** Name under which the module exports its memory. */
  readonly memory: string;
  /** Name of the exported table; null where none is needed. */
  readonly table: string | null;
}

const LETTERS: Readonly<Record<number, string>> = {
  [TYPE.i32]: "i",
  [TYPE.i64]: "I",
  [TYPE.f32]: "f",
  [TYPE.f64]: "F",
};
const lettersOf = (types: readonly number[]) => types.map((type) => LETTERS[type] ?? "?").join("");
export const signatureOf = ({ parameters, results }: FunctionType): string =>
  `${lettersOf(parameters)}:${lettersOf(results)}`;

/** The wall itself: three functions of the module `cryptlet`. */
const CRYPTLET: Readonly<Record<string, string>> = {
  "cryptlet.host_call": "ii:i",
  "cryptlet.host_take": "i:",
  "cryptlet.host_return": "ii:",
};

/**
 * The part of WASI preview 1 that needs no capability and gives the same on every machine: output goes nowhere, the
 * clock is the trigger's time, entropy comes from the run's seed, and there are no arguments, variables or files.
 */
const WASI: Readonly<Record<string, string>> = {
  "wasi_snapshot_preview1.fd_write": "iiii:i",
  "wasi_snapshot_preview1.fd_read": "iiii:i",
  "wasi_snapshot_preview1.fd_close": "i:i",
  "wasi_snapshot_preview1.fd_sync": "i:i",
  "wasi_snapshot_preview1.fd_seek": "iIii:i",
  "wasi_snapshot_preview1.fd_fdstat_get": "ii:i",
  "wasi_snapshot_preview1.fd_prestat_get": "ii:i",
  "wasi_snapshot_preview1.fd_prestat_dir_name": "iii:i",
  "wasi_snapshot_preview1.environ_get": "ii:i",
  "wasi_snapshot_preview1.environ_sizes_get": "ii:i",
  "wasi_snapshot_preview1.args_get": "ii:i",
  "wasi_snapshot_preview1.args_sizes_get": "ii:i",
  "wasi_snapshot_preview1.clock_time_get": "iIi:i",
  "wasi_snapshot_preview1.clock_res_get": "ii:i",
  "wasi_snapshot_preview1.random_get": "ii:i",
  "wasi_snapshot_preview1.sched_yield": ":i",
  "wasi_snapshot_preview1.proc_exit": "i:",
};

const mapOf = (record: Readonly<Record<string, string>>) => new Map(Object.entries(record));

const core: WasmProfile = {
  name: "core",
  imports: mapOf({ ...CRYPTLET, ...WASI }),
  exports: mapOf({ cryptlet_abi: ":i", cryptlet_alloc: "i:i", cryptlet_handle: "ii:i" }),
  optional: mapOf({ _initialize: ":" }),
  memory: "memory",
  table: null,
};

/** Functions of Go's runtime that its own loader gives it, and the guest library's four (guest-libraries/go). */
const GO_LIBRARY = "cryptlet.local/cryptlet";
const GO_RUNTIME = [
  "debug",
  "runtime.resetMemoryDataView",
  "runtime.wasmExit",
  "runtime.wasmWrite",
  "runtime.nanotime1",
  "runtime.walltime",
  "runtime.scheduleTimeoutEvent",
  "runtime.clearTimeoutEvent",
  "runtime.getRandomData",
  `${GO_LIBRARY}.hostBegin`,
  `${GO_LIBRARY}.hostCall`,
  `${GO_LIBRARY}.hostTake`,
  `${GO_LIBRARY}.hostReturn`,
];

const go: WasmProfile = {
  name: "go",
  imports: new Map(GO_RUNTIME.map((name) => [`go.${name}`, "i:"])),
  exports: mapOf({ run: "ii:", resume: ":", getsp: ":i" }),
  optional: new Map(),
  memory: "mem",
  table: null,
};

/** What MicroPython's WebAssembly port is linked against; its setjmp goes through the host (`invoke_`). */
const MICROPYTHON_IMPORTS: Readonly<Record<string, string>> = {
  invoke_v: "i:",
  invoke_vi: "ii:",
  invoke_vii: "iii:",
  invoke_viii: "iiii:",
  invoke_viiii: "iiiii:",
  invoke_i: "i:i",
  invoke_ii: "ii:i",
  invoke_iii: "iii:i",
  invoke_iiii: "iiii:i",
  invoke_iiiii: "iiiii:i",
  invoke_iiiiii: "iiiiii:i",
  mp_js_random_u32: ":i",
  mp_js_ticks_ms: ":i",
  mp_js_time_ms: ":F",
  proxy_convert_mp_to_js_then_js_to_mp_obj_jsside: "i:",
  proxy_convert_mp_to_js_then_js_to_js_then_js_to_mp_obj_jsside: "i:",
  js_get_proxy_js_ref_info: "i:",
  call0: "ii:",
  call0_kwarg: "iiiiii:",
  call1: "iiii:i",
  call2: "iiiii:i",
  calln: "iiiii:i",
  calln_kwarg: "iiiiiiii:",
  lookup_attr: "iii:i",
  store_attr: "iii:",
  has_attr: "ii:i",
  js_subscr_load: "iii:",
  js_subscr_store: "iii:",
  js_get_iter: "ii:",
  js_iter_next: "ii:i",
  js_reflect_construct: "iiii:",
  js_check_existing: "i:i",
  js_get_error_info: "iii:",
  js_then_resolve: "ii:",
  js_then_reject: "ii:",
  js_then_continue: "iiiii:",
  create_promise: "ii:",
  proxy_js_free_obj: "i:",
  __syscall_chdir: "i:i",
  __syscall_getcwd: "ii:i",
  __syscall_mkdirat: "iii:i",
  __syscall_openat: "iiii:i",
  __syscall_poll: "iii:i",
  __syscall_getdents64: "iii:i",
  __syscall_renameat: "iiii:i",
  __syscall_rmdir: "i:i",
  __syscall_fstat64: "ii:i",
  __syscall_stat64: "ii:i",
  __syscall_newfstatat: "iiii:i",
  __syscall_lstat64: "ii:i",
  __syscall_statfs64: "iii:i",
  __syscall_unlinkat: "iii:i",
  _abort_js: ":",
  emscripten_resize_heap: "i:i",
  _emscripten_throw_longjmp: ":",
};

const micropython: WasmProfile = {
  name: "micropython",
  imports: new Map([
    ...Object.entries(MICROPYTHON_IMPORTS).map(([name, type]) => [`env.${name}`, type] as const),
    ...Object.entries(WASI),
  ]),
  exports: mapOf({
    __wasm_call_ctors: ":",
    emscripten_stack_init: ":",
    emscripten_stack_get_current: ":i",
    _emscripten_stack_restore: "i:",
    setThrew: "ii:",
    malloc: "i:i",
    mp_js_init: "ii:",
    proxy_c_init: ":",
    mp_js_do_exec: "iii:",
  }),
  optional: new Map(),
  memory: "memory",
  table: "__indirect_function_table",
};

/** In the order in which they are tried; the exports decide. */
export const WASM_PROFILES: readonly WasmProfile[] = [core, go, micropython];

const exportSignature = (module: WasmModule, name: string): string | undefined => {
  const found = module.exports.get(name);
  if (found?.kind !== "function") return undefined;
  const type =
    found.index < module.imports.length
      ? module.imports[found.index]?.type
      : module.functions[found.index - module.imports.length];
  const signature = type === undefined ? undefined : module.types[type];
  return signature && signatureOf(signature);
};

/** The profile whose exports a module has. Throws `WASM_REFUSED`, which names what is missing of the core ABI. */
export const profileOf = (module: WasmModule): WasmProfile => {
  const faultOf = (profile: WasmProfile): string | null => {
    for (const [name, signature] of profile.exports) {
      const found = exportSignature(module, name);
      if (found === undefined) return `it does not export the function ${name}`;
      if (found !== signature) return `${name} has the type ${found}, it must be ${signature}`;
    }
    if (module.exports.get(profile.memory)?.kind !== "memory")
      return `it does not export its memory as ${profile.memory}`;
    if (profile.table !== null && module.exports.get(profile.table)?.kind !== "table")
      return `it does not export its table as ${profile.table}`;
    return null;
  };
  const fitting = WASM_PROFILES.find((profile) => faultOf(profile) === null);
  if (!fitting) throw refuseModule(faultOf(core) ?? "it fits no profile");
  for (const [name, signature] of fitting.optional) {
    const found = exportSignature(module, name);
    if (found !== undefined && found !== signature)
      throw refuseModule(`${name} has the type ${found}, it must be ${signature}`);
  }
  return fitting;
};

/** Default deny: an import that the profile does not name, or under another type, is refused. */
export const checkImports = (module: WasmModule, profile: WasmProfile): void => {
  for (const { module: from, name, type } of module.imports) {
    const allowed = profile.imports.get(`${from}.${name}`);
    const given = module.types[type];
    const signature = given ? signatureOf(given) : "";
    if (allowed === undefined)
      throw refuseModule(`it imports ${from}.${name}, which does not exist here`.slice(0, 300));
    if (allowed !== signature)
      throw refuseModule(`it imports ${from}.${name} as ${signature}, it is ${allowed}`);
  }
};
