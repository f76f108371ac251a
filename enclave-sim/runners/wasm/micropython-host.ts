import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import type { WasmHost } from "./core-host.ts";
import { METER } from "./instrument-function.ts";
import { wasiImports } from "./wasi-imports.ts";
import { GuestFault, type WasmGuest } from "./wasm-guest.ts";

/** Custom section that holds the Python sources as JSON: `{ main, modules: { name: source } }`. */
export const PYTHON_SECTION = "cryptlet.python";

/** Bytes of the interpreter's own stack and heap inside its memory. */
const PYTHON_STACK = 65_536;
const PYTHON_HEAP = 4_194_304;

/** What a value is on its way between the interpreter and its host (ports/webassembly/proxy_c.c, proxy_js.js). */
const KIND = { exception: -1, none: 1, mpText: 5, jsNull: 1, jsText: 5, jsObject: 7 } as const;
/** Objects below are the global one and nothing. */
const FIRST_FUNCTION = 2;
/** Error numbers of emscripten's libc, negative as system calls give them. */
const NO_ENTRY = -44;
/** Longest name that the interpreter asks for, in bytes. */
const MAX_NAME = 256;

/** What libc's longjmp throws through the host; no guest can make one. */
const LONGJMP = new Error("longjmp");

/** Begins every program: modules come from the package, `cryptlet` is the guest library among them. */
const BOOT = `
import builtins, json, js, sys
def boot(sources, find):
    def load(name):
        space = {"__name__": name}
        class Module: pass
        sys.modules[name] = Module
        exec(sources.pop(name), space)
        for key in space: setattr(Module, key, space[key])
    def importer(name, *rest):
        if name in sources: load(name)
        return find(name, *rest)
    builtins.__import__ = importer
package = json.loads(js.sources())
boot(package["modules"], builtins.__import__)
exec(package["modules"].pop(package["main"]), {"__name__": "__main__"})
del boot, package
`;
const SERVE = "import cryptlet\ncryptlet._serve()";

const nameAt = (guest: WasmGuest, pointer: number): string => {
  const start = pointer >>> 0;
  const bytes = new Uint8Array(guest.memory.buffer);
  const end = bytes.indexOf(0, start);
  if (end < 0 || end - start > MAX_NAME) throw new GuestFault("a name is too long");
  return new TextDecoder().decode(bytes.subarray(start, end));
};

/** Puts text into memory of the interpreter's allocator. */
const allocateText = (guest: WasmGuest, text: string): { pointer: number; length: number } => {
  const bytes = new TextEncoder().encode(text);
  const pointer = guest.call("malloc", bytes.length + 1);
  if (pointer === 0) throw fabricError("RUN_MEMORY", { limit: guest.memory.buffer.byteLength });
  const target = guest.bytes(pointer, bytes.length + 1);
  target.set(bytes);
  target[bytes.length] = 0;
  guest.charge(bytes.length >> 3);
  return { pointer, length: bytes.length };
};

const writeWords = (guest: WasmGuest, out: number, words: readonly number[]): void => {
  guest.bytes(out, words.length * 4);
  const view = guest.view();
  for (const [at, word] of words.entries()) view.setInt32((out >>> 0) + at * 4, word, true);
};

const writeValue = (guest: WasmGuest, out: number, text: string | null): void => {
  if (text === null) return writeWords(guest, out, [KIND.jsNull, 0, 0]);
  const { pointer, length } = allocateText(guest, text);
  writeWords(guest, out, [KIND.jsText, length, pointer]);
};

/** Text of a value that the interpreter gave; null for anything else. */
const readValue = (guest: WasmGuest, value: number): { kind: number; text: string | null } => {
  guest.bytes(value, 12);
  const view = guest.view();
  const [kind = 0, length = 0, pointer = 0] = [0, 4, 8].map((at) =>
    view.getInt32((value >>> 0) + at, true),
  );
  if (kind !== KIND.mpText && kind !== KIND.exception) return { kind, text: null };
  guest.charge((length >>> 0) >> 3);
  return { kind, text: new TextDecoder().decode(guest.bytes(pointer, length)) };
};

/** Runs Python source in the interpreter's main module. */
const execute = (guest: WasmGuest, source: string): void => {
  const { pointer, length } = allocateText(guest, source);
  const value = guest.call("malloc", 12);
  guest.call("mp_js_do_exec", pointer, length, value);
  const { kind, text } = readValue(guest, value);
  if (kind !== KIND.exception) return;
  // Type, end of transmission, trace: the last line says what it was.
  const said = text?.split("\u0004").at(-1)?.trim().split("\n").at(-1) ?? "";
  throw fabricError("GUEST_THREW", { reason: (said || "a Python exception").slice(0, 300) });
};

/** The four functions that Python code finds in its module `js`. */
const wallOf = (guest: WasmGuest, sources: () => string) =>
  new Map<string, (argument: string | null) => string | null>([
    ["sources", sources],
    ["begin", () => guest.run.triggerText],
    ["call", (request) => guest.callText(request ?? "")],
    [
      "answer",
      (outcome) => {
        guest.returnText(outcome ?? "");
        return null;
      },
    ],
  ]);

/** setjmp without exceptions in the code: a call through the table, and the host that catches what longjmp throws. */
const invokeIn =
  (guest: WasmGuest) =>
  (index: number, ...values: readonly number[]): unknown => {
    const stack = guest.call("emscripten_stack_get_current");
    const depth = guest.global("depth").value;
    try {
      return guest.tableFunction(index)(...values);
    } catch (error) {
      if (error !== LONGJMP) throw error;
      guest.call("_emscripten_stack_restore", stack);
      guest.global("depth").value = depth;
      guest.call("setThrew", 1, 0);
      return 0;
    }
  };

const INVOKES = ["v", "vi", "vii", "viii", "viiii", "i", "ii", "iii", "iiii", "iiiii", "iiiiii"];
/** What the interpreter offers for JavaScript's objects, of which there are none here. */
const JAVASCRIPT = [
  "proxy_convert_mp_to_js_then_js_to_mp_obj_jsside",
  "proxy_convert_mp_to_js_then_js_to_js_then_js_to_mp_obj_jsside",
  "call0_kwarg",
  "calln_kwarg",
  "call2",
  "calln",
  "store_attr",
  "js_subscr_load",
  "js_subscr_store",
  "js_get_iter",
  "js_reflect_construct",
  "js_iter_next",
  "js_get_error_info",
  "js_then_resolve",
  "create_promise",
  "js_then_continue",
  "js_then_reject",
];
const FILE_CALLS = [
  "chdir",
  "mkdirat",
  "openat",
  "poll",
  "getdents64",
  "renameat",
  "rmdir",
  "fstat64",
  "stat64",
  "newfstatat",
  "lstat64",
  "statfs64",
  "unlinkat",
];

const noJavascript = () => {
  throw new GuestFault("JavaScript objects do not exist here");
};

/**
 * MicroPython's own WebAssembly build (npm @micropython/micropython-webassembly-pyscript) without its loader, which
 * hands out the process and its environment. The interpreter and the author's modules are started once; a run begins
 * from that snapshot.
 */
export const micropythonHost: WasmHost = {
  imports: (guest) => {
    const wall = wallOf(guest, () => guest.sources);
    const names = [...wall.keys()];
    const act = (reference: number, argument: string | null, out: number): void => {
      const found = wall.get(names[reference - FIRST_FUNCTION] ?? "");
      if (!found) return noJavascript();
      writeValue(guest, out, found(argument));
    };
    const invoke = invokeIn(guest);
    return {
      wasi_snapshot_preview1: wasiImports(guest),
      env: {
        ...Object.fromEntries(INVOKES.map((name) => [`invoke_${name}`, invoke])),
        ...Object.fromEntries(JAVASCRIPT.map((name) => [name, noJavascript])),
        ...Object.fromEntries(FILE_CALLS.map((name) => [`__syscall_${name}`, () => NO_ENTRY])),
        __syscall_getcwd: (buffer: number, size: number) => {
          if (size >>> 0 < 2) return NO_ENTRY;
          guest.bytes(buffer, 2).set([0x2f, 0]);
          return 2;
        },
        _emscripten_throw_longjmp: () => {
          throw LONGJMP;
        },
        _abort_js: () => {
          throw new GuestFault("it aborted");
        },
        emscripten_resize_heap: () => {
          guest.meter(METER.memory);
          return 0;
        },
        mp_js_random_u32: () => guest.randomWord() | 0,
        mp_js_ticks_ms: () => guest.run.at % 0x3fff_ffff,
        mp_js_time_ms: () => guest.run.at,
        lookup_attr: (base: number, name: number, out: number) => {
          const index = base === 0 ? names.indexOf(nameAt(guest, name)) : -1;
          if (index < 0) return 0;
          writeWords(guest, out, [KIND.jsObject, FIRST_FUNCTION + index, 0]);
          return 1;
        },
        has_attr: (base: number, name: number) =>
          base === 0 && wall.has(nameAt(guest, name)) ? 1 : 0,
        call0: (reference: number, out: number) => act(reference, null, out),
        call1: (reference: number, _viaCall: number, argument: number, out: number) => {
          act(reference, readValue(guest, argument).text, out);
          return 0;
        },
        proxy_js_free_obj: () => undefined,
        js_check_existing: () => -1,
        js_get_proxy_js_ref_info: (out: number) => writeWords(guest, out, [0, 0]),
      },
    };
  },
  start: (guest, custom) => {
    guest.sources = new TextDecoder().decode(custom.get(PYTHON_SECTION) ?? new Uint8Array());
    guest.call("emscripten_stack_init");
    guest.call("__wasm_call_ctors");
    guest.call("mp_js_init", PYTHON_STACK, PYTHON_HEAP);
    guest.call("proxy_c_init");
    execute(guest, BOOT);
    return true;
  },
  run: (guest) => execute(guest, SERVE),
};
