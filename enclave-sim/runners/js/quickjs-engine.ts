import { Intrinsics, JSException, JSValueHandle, QuickJS, type QuickJSOptions } from "quickjs-wasi";
import { guestPlaces, toRefusal } from "../../../src/sdk/guest-error.ts";
import { answerPure } from "../../capabilities/intrinsics/answer-pure.ts";
import { FabricError, fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import type {
  EngineHost,
  EngineInstance,
  EngineLimits,
  EngineResult,
  EngineRun,
  EngineSnapshot,
  JsEngine,
} from "./js-engine.ts";
import { PRELUDE } from "./prelude.ts";

/** Without these the engine cannot make code from text, watch its collector, or read a fine clock. */
const INTRINSICS =
  (Intrinsics.ALL & ~(Intrinsics.EVAL | Intrinsics.WEAK_REF | Intrinsics.PERFORMANCE)) >>> 0;
/** Bytes; half of what the engine's module has, so that its own handling of an overflow has room. */
const STACK_BYTES = 262_144;
/** Stack and static data of the module, which its allocator does not count. */
const STATIC_BYTES = 1_376_256;
const HOST_CALL = "__hostCall";
/** Jobs that native functions alone make pass no interrupt; this many of them count as one tick. */
const JOBS_PER_TICK = 100;
/** Thrown where the ticker has said stop; `asError` names the reason. */
const STOPPED = new Error("stopped");
const FULFILLED = 1;
const REJECTED = 2;
/** Longest text that is taken from a guest's exception, in characters. */
const MAX_REASON = 300;

/** Clock and interrupts of one instance. */
interface Ticker {
  at: number;
  fuel: number;
  stopped: "fuel" | "cancelled" | null;
  /** Counts one tick; true when the run must stop. */
  tick(): boolean;
  /** Adds what a pure function costs; true when the run must stop. */
  charge(fuel: number): boolean;
}

// oxlint-disable-next-line no-underscore-dangle -- the library has no public way to run one job or to read a promise
const exportsOf = (vm: QuickJS) => vm._getExports();

/** A host error's stack would carry this machine's paths into the guest. */
const withoutStack = (error: Error): Error => {
  error.stack = "";
  return error;
};

/** `JsEngine` on QuickJS-NG as a WASI module. `module` has its memory capped already. */
export const createQuickjsEngine = (
  module: WebAssembly.Module,
  limits: EngineLimits,
  host: EngineHost,
): JsEngine => {
  const optionsFor = (ticker: Ticker): QuickJSOptions => ({
    wasm: module,
    intrinsics: INTRINSICS,
    maxStackSize: STACK_BYTES,
    timezoneOffset: 0,
    wasi: (memory) => ({
      clock_time_get: (_clock: number, _precision: bigint, pointer: number) => {
        new DataView(memory.buffer).setBigUint64(pointer, BigInt(ticker.at) * 1_000_000n, true);
        return 0;
      },
      random_get: (pointer: number, length: number) => {
        new Uint8Array(memory.buffer, pointer, length).fill(0);
        return 0;
      },
      // 8 is EBADF: the guest has no standard output.
      fd_write: () => 8,
    }),
    interruptHandler: () => ticker.tick(),
  });
  const createTicker = (): Ticker => {
    const ticker: Ticker = {
      at: 0,
      fuel: 0,
      stopped: null,
      tick: () => ticker.charge(1),
      charge: (fuel) => {
        ticker.fuel += fuel;
        if (ticker.fuel > limits.maxFuel) ticker.stopped = "fuel";
        else if (host.cancelled()) ticker.stopped = "cancelled";
        return ticker.stopped !== null;
      },
    };
    return ticker;
  };
  const applyMemoryLimit = (vm: QuickJS) =>
    exportsOf(vm).qjs_set_memory_limit(limits.memoryBytes - STATIC_BYTES);

  const build = async (bundle: string, cryptlet: string): Promise<EngineSnapshot> => {
    const ticker = createTicker();
    const failed = (error: unknown) => {
      const { message, arguments: known } = asError(error, ticker);
      const stack = known["stack"] === undefined ? {} : { stack: known["stack"] };
      return new FabricError("CRYPTLET_INIT_FAILED", { cryptlet, reason: message, ...stack });
    };
    try {
      // Compiled apart: the instance that is measured cannot make code from text at any time.
      const compiler = await QuickJS.create({ ...optionsFor(ticker), intrinsics: 0xffffffff });
      applyMemoryLimit(compiler);
      const [prelude, main] = [
        compiler.compile(PRELUDE, "prelude.js"),
        compiler.compile(bundle, "bundle.js"),
      ];
      const vm = await QuickJS.create(optionsFor(ticker));
      const begin = vm.evalBytecode(prelude);
      const hostCall = vm.newFunction(HOST_CALL, () => {
        throw withoutStack(new Error("there are no host calls while the bundle is evaluated"));
      });
      vm.defineProp(vm.global, HOST_CALL, hostCall, {});
      hostCall.dispose();
      applyMemoryLimit(vm);
      vm.evalBytecode(main).dispose();
      runJobs(vm, ticker);
      const serving = vm.global
        .getProp("__cryptlet")
        .consume((cryptletHandle) =>
          cryptletHandle.isObject
            ? cryptletHandle.getProp("handle").consume((handle) => handle.isFunction)
            : false,
        );
      if (!serving) throw new Error("the bundle sets no globalThis.__cryptlet.handle");
      vm.runGC();
      // The limit lies in the memory that is measured, and the host may lower it: it has no place there.
      exportsOf(vm).qjs_set_memory_limit(0);
      const { memory, stackPointer, runtimePtr, contextPtr } = vm.snapshot();
      return {
        memory,
        stackPointer,
        runtimePointer: runtimePtr,
        contextPointer: contextPtr,
        beginToken: vm.exportHandle(begin),
      };
    } catch (error) {
      throw failed(error);
    }
  };

  const restore = async (snapshot: EngineSnapshot): Promise<EngineInstance> => {
    const ticker = createTicker();
    const vm = await QuickJS.restore(
      {
        memory: snapshot.memory,
        stackPointer: snapshot.stackPointer,
        runtimePtr: snapshot.runtimePointer,
        contextPtr: snapshot.contextPointer,
        extensions: [],
      },
      optionsFor(ticker),
    );
    applyMemoryLimit(vm);
    vm.registerHostCallback(HOST_CALL, (request) => {
      if (!request?.isString) throw withoutStack(new TypeError("__hostCall takes one string"));
      const text = request.toString();
      const pure = answerPure(text);
      // The guest may catch this; what it then does ends at the engine's next interrupt.
      if (pure && ticker.charge(pure.fuel)) throw withoutStack(new Error("out of fuel"));
      return vm.newString(pure ? pure.text : host.call(text));
    });
    return {
      run: (run) => {
        const result = runOnce(vm, ticker, snapshot.beginToken, run, limits);
        vm.dispose();
        return result;
      },
    };
  };
  return { build, restore };
};

const runOnce = (
  vm: QuickJS,
  ticker: Ticker,
  beginToken: number,
  run: EngineRun,
  limits: EngineLimits,
): EngineResult => {
  ticker.at = run.at;
  try {
    const seed = Buffer.from(run.seed, "hex");
    const words = [0, 4, 8, 12].map((offset) => vm.newNumber(seed.readUInt32LE(offset)));
    vm.callFunction(vm.importHandle(beginToken), vm.undefined, ...words);
    const cryptlet = vm.global.getProp("__cryptlet");
    const answer = vm.callFunction(
      cryptlet.getProp("handle"),
      cryptlet,
      vm.newString(run.triggerText),
    );
    runJobs(vm, ticker);
    const text = textOf(vm, answer);
    if (text.length > limits.outcomeCharacters)
      throw fabricError("GUEST_ANSWER_TOO_LARGE", {
        size: text.length,
        limit: limits.outcomeCharacters,
      });
    return { text, fuel: ticker.fuel };
  } catch (error) {
    return { error: toRefusal(asError(error, ticker, limits)), fuel: ticker.fuel };
  }
};

/** Jobs one by one: the library's own loop has no bound and goes on behind an interrupt. */
const runJobs = (vm: QuickJS, ticker: Ticker): void => {
  const engine = exportsOf(vm);
  for (let jobs = 1; engine.qjs_is_job_pending() !== 0; jobs += 1) {
    if (engine.qjs_execute_pending_job() < 0) throw new JSException(vm.getException());
    if (ticker.stopped ?? (jobs % JOBS_PER_TICK === 0 && ticker.tick())) throw STOPPED;
  }
};

const textOf = (vm: QuickJS, answer: JSValueHandle): string => {
  if (!answer.isPromise) return stringOf(answer);
  const state = answer.promiseState;
  if (state !== FULFILLED && state !== REJECTED) throw fabricError("GUEST_NEVER_ANSWERED", {});
  const settled = new JSValueHandle(vm, exportsOf(vm).qjs_promise_result(answer.ptr));
  if (state === REJECTED) throw new JSException(settled);
  return stringOf(settled);
};

const stringOf = (handle: JSValueHandle): string => {
  if (!handle.isString)
    throw fabricError("GUEST_ANSWER_INVALID", { reason: `a value of type ${handle.typeof}` });
  return handle.toString();
};

/** Anything that came out of the engine, as an error of the catalogue; the ticker knows best why a run ended. */
const asError = (error: unknown, ticker: Ticker, limits?: EngineLimits): FabricError => {
  if (ticker.stopped === "fuel")
    return fabricError("RUN_FUEL", { limit: limits?.maxFuel ?? ticker.fuel });
  if (ticker.stopped === "cancelled") return fabricError("INTERRUPTED", { what: "The run" });
  if (isFabricError(error)) return error;
  const reason = reasonOf(error);
  if (/out of memory/.test(reason))
    return fabricError("RUN_MEMORY", { limit: limits?.memoryBytes ?? 0 });
  if (/Maximum call stack|stack overflow/i.test(reason)) return fabricError("RUN_STACK", {});
  if (!(error instanceof JSException)) return fabricError("GUEST_CRASHED", { reason });
  const stack = placesOf(error);
  return new FabricError("GUEST_THREW", stack === "" ? { reason } : { reason, stack });
};

/** Reading a stack may run the guest's own getters too. */
const placesOf = (error: JSException): string => {
  try {
    return guestPlaces(error.stack);
  } catch {
    return "";
  }
};

/** Reading an exception may run the guest's own getters, which may throw again. */
const reasonOf = (error: unknown): string => {
  try {
    if (error instanceof JSException && error.handle.isString)
      return error.handle.toString().slice(0, MAX_REASON);
    if (error instanceof Error) return `${error.name}: ${error.message}`.slice(0, MAX_REASON);
    return String(error).slice(0, MAX_REASON);
  } catch {
    return "an exception without text";
  }
};
