import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import { toRefusal } from "../../../src/sdk/guest-error.ts";
import type { LaneEngine, LaneEngineParts, LaneInstance, LaneSnapshot } from "../lane-engine.ts";
import { type Admission, ADMISSION_SECTION, admitModule } from "./admit-module.ts";
import { coreHost, type WasmHost } from "./core-host.ts";
import { goHost } from "./go-host.ts";
import { micropythonHost } from "./micropython-host.ts";
import { WasmGuest } from "./wasm-guest.ts";
import { ADMISSION_VERSION } from "./wasm-interpreter.ts";
import type { WasmProfileName } from "./wasm-profile.ts";
import { compileModule, createMemory, customText, instantiateModule } from "./web-assembly.ts";

const PAGE = 65_536;

const HOSTS: Readonly<Record<WasmProfileName, WasmHost>> = {
  core: coreHost,
  go: goHost,
  micropython: micropythonHost,
};

const pagesOf = (bytes: number) => Math.floor(bytes / PAGE);

type WasmSnapshot = Extract<LaneSnapshot, { lane: "wasm" }>;

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

/**
 * What the admission pass wrote into a module. Read by hand: zod would cost each guest's thread a tenth of a second and
 * 15 MB. Throws for what did not come out of the pass.
 */
const readAdmission = (module: WebAssembly.Module): Admission => {
  const json: unknown = JSON.parse(customText(module, ADMISSION_SECTION) ?? "null");
  const { version, profile, memory, globals } = (json ?? {}) as Partial<Admission>;
  const fits = memory !== undefined && (memory.maximum === null || isCount(memory.maximum));
  const known = profile !== undefined && Object.hasOwn(HOSTS, profile);
  if (version === ADMISSION_VERSION && known && fits && isCount(memory.minimum) && isCount(globals))
    return { version, profile, memory, globals };
  throw new Error("the module was admitted by other rules, or by none");
};

/** Lane wasm on V8's own WebAssembly: what V8 is not trusted with, the admission pass has put into the code. */
export const createWasmEngine = ({ limits, host }: LaneEngineParts): LaneEngine => {
  /** An instance on a memory whose bound is the lower of the module's and the host's. */
  const instantiate = async (module: WebAssembly.Module, atLeast: number, calls: boolean) => {
    const admission = readAdmission(module);
    const { minimum, maximum } = admission.memory;
    const most = Math.min(pagesOf(limits.memoryBytes), maximum ?? PAGE);
    const initial = Math.max(minimum, atLeast);
    if (initial > most) throw fabricError("RUN_MEMORY", { limit: limits.memoryBytes });
    const memory = createMemory(initial, most);
    const guest = new WasmGuest(memory, limits, calls ? host : { ...host, call: noCalls });
    const driver = HOSTS[admission.profile];
    const imports = { ...driver.imports(guest), fabric: { memory, meter: guest.meter } };
    guest.exports = await instantiateModule(module, imports);
    return { guest, driver, admission };
  };

  const build = async (code: Uint8Array, cryptlet: string): Promise<WasmSnapshot> => {
    const failed = (error: unknown) =>
      fabricError("CRYPTLET_INIT_FAILED", {
        cryptlet,
        reason: error instanceof Error ? error.message : String(error),
      });
    let started: Awaited<ReturnType<typeof instantiate>> | undefined;
    try {
      const { bytes, custom } = admitModule(code);
      const module = await compileModule(bytes);
      started = await instantiate(module, 0, false);
      const { guest, driver, admission } = started;
      const keeps = driver.start(guest, custom);
      const pages = pagesOf(guest.memory.buffer.byteLength);
      const globals = Array.from({ length: admission.globals }, (_, at) => guest.global(`g${at}`));
      return {
        lane: "wasm",
        module,
        moduleBytes: bytes,
        memory: keeps ? usedMemory(guest.memory.buffer) : null,
        globals: keeps ? [...globals.map(({ value }) => value), pages] : [],
      };
    } catch (error) {
      throw failed(started ? started.guest.errorOf(error) : error);
    }
  };

  const restore = async (snapshot: LaneSnapshot): Promise<LaneInstance> => {
    if (snapshot.lane !== "wasm") throw new Error("a snapshot of another lane");
    const { memory, module, globals } = snapshot;
    const { guest, driver } = await instantiate(module, Number(globals.at(-1) ?? 0), true);
    if (memory) new Uint8Array(guest.memory.buffer).set(memory);
    for (const [at, value] of globals.slice(0, -1).entries()) guest.global(`g${at}`).value = value;
    return {
      run: (run) => {
        guest.run = run;
        try {
          driver.run(guest);
          if (guest.outcome === null) throw fabricError("GUEST_NEVER_ANSWERED", {});
          return { text: guest.outcome, fuel: guest.fuel };
        } catch (error) {
          return { error: toRefusal(guest.errorOf(error)), fuel: guest.fuel };
        }
      },
    };
  };
  return { build, restore };
};

/** A copy without the zeros at its end, which a fresh memory has anyway. */
const usedMemory = (buffer: ArrayBuffer): Uint8Array => {
  const bits = new BigUint64Array(buffer);
  let last = bits.length;
  while (last > 0 && bits[last - 1] === 0n) last -= 1;
  return new Uint8Array(buffer.slice(0, last * 8));
};

const noCalls = (): string => {
  throw new Error("there are no host calls while the module starts");
};
