import { createHash } from "node:crypto";
import {
  type FabricError,
  fabricError,
  isFabricError,
} from "../../../src/core/errors/fabric-error.ts";
import { answerPure } from "../../capabilities/intrinsics/answer-pure.ts";
import { WALL } from "../../protocol/limits.ts";
import type { EngineHost, EngineLimits, EngineRun } from "../js/js-engine.ts";
import { METER } from "./instrument-function.ts";
import { BYTES_SHIFT, INSTRUCTIONS_PER_TICK } from "./wasm-interpreter.ts";
import type { WasmGlobal, WasmMemory, WasmTable } from "./web-assembly.ts";

/** Bytes of UTF-8 that a UTF-16 code unit may take. */
const BYTES_PER_CHARACTER = 3;
/** Longest text that is taken from a trap or a guest's own last words, in characters. */
const MAX_REASON = 300;

/** What a guest did that no guest may do; ends the run. */
export class GuestFault extends Error {
  override readonly name = "GuestFault";
}

/** The guest's program has ended itself. */
export class GuestExit extends Error {
  readonly status: number;
  constructor(status: number) {
    super("exit");
    this.status = status;
  }
}

/** Thrown where the meter has said stop; the state names the reason. */
const STOPPED = new Error("stopped");

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** What an instance brings to its run before anything is known: a build has no trigger. */
const NO_RUN: EngineRun = { triggerText: "", seed: "00".repeat(32), at: 0 };

/**
 * One instance's side of the wall: its memory, its meter, the text that is on its way, and the clock and entropy that
 * stand still. Methods that a guest's pointers reach throw `GuestFault`.
 */
export class WasmGuest {
  readonly memory: WasmMemory;
  exports: Readonly<Record<string, unknown>> = {};
  outcome: string | null = null;
  run: EngineRun = NO_RUN;
  /** What a profile's host takes out of the module's custom sections. */
  sources = "";
  /** What the guest wrote to its error output, the beginning of it. */
  lastWords = "";
  private readonly limits: EngineLimits;
  private readonly host: EngineHost;
  private readonly state = {
    ticks: 0,
    stopped: null as "fuel" | "cancelled" | "stack" | null,
    memoryRefused: false,
    pending: null as Uint8Array | null,
    draws: 0,
  };

  constructor(memory: WasmMemory, limits: EngineLimits, host: EngineHost) {
    this.memory = memory;
    this.limits = limits;
    this.host = host;
  }

  /** Ticks that were begun. */
  get fuel(): number {
    return this.state.ticks;
  }

  global(name: string): WasmGlobal {
    const found = this.exports[name];
    if (typeof found !== "object" || found === null || !("value" in found))
      throw new GuestFault(`it exports no global ${name}`);
    return found as WasmGlobal;
  }

  call(name: string, ...values: readonly (number | bigint)[]): number {
    const found = this.exports[name];
    if (typeof found !== "function") throw new GuestFault(`it exports no function ${name}`);
    const result: unknown = (found as (...given: readonly unknown[]) => unknown)(...values);
    return typeof result === "number" ? result : 0;
  }

  /** What the admitted module imports as `fabric.meter`. */
  readonly meter = (word: number): void => {
    if (word === METER.tick) this.refill();
    else if (word === METER.memory) this.state.memoryRefused = true;
    else this.stop("stack");
  };

  private stop(reason: "fuel" | "cancelled" | "stack"): never {
    this.state.stopped = reason;
    throw STOPPED;
  }

  private refill(): void {
    const fuel = this.global("fuel");
    const left = Number(fuel.value);
    const ticks = left < 0 ? Math.ceil(-left / INSTRUCTIONS_PER_TICK) : 0;
    this.state.ticks += ticks;
    fuel.value = left + ticks * INSTRUCTIONS_PER_TICK;
    if (this.state.ticks > this.limits.maxFuel) this.stop("fuel");
    if (this.host.cancelled()) this.stop("cancelled");
  }

  /** Takes fuel for work that the host does at a guest's word. */
  charge(cost: number): void {
    const fuel = this.global("fuel");
    const left = Number(fuel.value) - cost;
    fuel.value = left;
    if (left < 0) this.refill();
  }

  /** A view of the guest's memory; pointers and lengths as the guest's signed or unsigned 32 bits. */
  bytes(pointer: number, length: number): Uint8Array {
    const at = pointer >>> 0;
    const count = length >>> 0;
    if (at + count > this.memory.buffer.byteLength)
      throw new GuestFault(`${count} bytes at ${at} lie outside of its memory`);
    return new Uint8Array(this.memory.buffer, at, count);
  }

  view(): DataView {
    return new DataView(this.memory.buffer);
  }

  private text(pointer: number, length: number): string {
    const bytes = this.bytes(pointer, length);
    this.charge(bytes.length >> BYTES_SHIFT);
    try {
      return decoder.decode(bytes);
    } catch {
      throw new GuestFault("its text is not UTF-8");
    }
  }

  /** Makes bytes ready for `hostTake`; gives their count. */
  offer(text: string): number {
    const bytes = encoder.encode(text);
    this.charge(bytes.length >> BYTES_SHIFT);
    this.state.pending = bytes;
    return bytes.length;
  }

  /** @see cryptlet.wit */
  hostCall(pointer: number, length: number): number {
    if (length >>> 0 > WALL.callCharacters * BYTES_PER_CHARACTER)
      throw new GuestFault(`a host call of ${length >>> 0} bytes is too large`);
    return this.offer(this.callText(this.text(pointer, length)));
  }

  /** @see hostCall, for a host that reads and writes the guest's memory itself */
  callText(request: string): string {
    const pure = answerPure(request);
    if (!pure) return this.host.call(request);
    this.charge(pure.fuel * INSTRUCTIONS_PER_TICK);
    return pure.text;
  }

  /** A function of the exported table. */
  tableFunction(index: number): (...values: readonly number[]) => unknown {
    const table = this.exports["table"] as WasmTable;
    const found = table.get(index >>> 0);
    if (typeof found !== "function") throw new GuestFault(`its table has no function ${index}`);
    return found as (...values: readonly number[]) => unknown;
  }

  /** @see cryptlet.wit */
  hostTake(pointer: number): void {
    const { pending } = this.state;
    if (!pending) throw new GuestFault("host_take without an answer that waits");
    this.bytes(pointer, pending.length).set(pending);
    this.state.pending = null;
  }

  /** @see cryptlet.wit */
  hostReturn(pointer: number, length: number): void {
    const limit = this.limits.outcomeCharacters;
    const size = length >>> 0;
    if (size > limit * BYTES_PER_CHARACTER)
      throw fabricError("GUEST_ANSWER_TOO_LARGE", { size, limit });
    this.returnText(this.text(pointer, length));
  }

  /** The outcome's text. */
  returnText(text: string): void {
    if (this.outcome !== null) throw new GuestFault("host_return for the second time");
    const limit = this.limits.outcomeCharacters;
    if (text.length > limit)
      throw fabricError("GUEST_ANSWER_TOO_LARGE", { size: text.length, limit });
    this.outcome = text;
  }

  /** ns since epoch of the trigger. Never zero, which runtimes take for a broken clock. */
  nanoseconds(): bigint {
    return BigInt(Math.max(this.run.at, 1)) * 1_000_000n;
  }

  /** Bytes that the run's seed decides: SHA-256 over seed and a counter. */
  fillRandom(pointer: number, length: number): void {
    const target = this.bytes(pointer, length);
    this.charge(target.length);
    for (let at = 0; at < target.length; at += 32) {
      const block = createHash("sha256")
        .update(`cryptlet/random/v1\n${this.run.seed}\n${this.state.draws}`)
        .digest();
      this.state.draws += 1;
      target.set(block.subarray(0, Math.min(32, target.length - at)), at);
    }
  }

  /** 32 random bits. */
  randomWord(): number {
    this.state.draws += 1;
    return createHash("sha256")
      .update(`cryptlet/random/v1\n${this.run.seed}\n${this.state.draws - 1}`)
      .digest()
      .readUInt32LE(0);
  }

  /** Keeps the beginning of what a guest says on its error output. */
  say(pointer: number, length: number): void {
    const room = MAX_REASON - this.lastWords.length;
    const bytes = this.bytes(pointer, length);
    if (room <= 0) return;
    this.lastWords += new TextDecoder().decode(bytes.subarray(0, room)).replaceAll(/[^ -~]+/g, " ");
  }

  /** Anything that came out of an instance, as an error of the catalogue; the meter knows best why a run ended. */
  errorOf(error: unknown): FabricError {
    switch (this.state.stopped) {
      case "fuel":
        return fabricError("RUN_FUEL", { limit: this.limits.maxFuel });
      case "cancelled":
        return fabricError("INTERRUPTED", { what: "The run" });
      case "stack":
        return fabricError("RUN_STACK", {});
      case null:
        break;
    }
    if (isFabricError(error)) return error;
    if (error instanceof RangeError && /call stack/.test(error.message))
      return fabricError("RUN_STACK", {});
    if (this.state.memoryRefused)
      return fabricError("RUN_MEMORY", { limit: this.limits.memoryBytes });
    const words = this.lastWords.trim();
    if (error instanceof GuestExit)
      return fabricError("GUEST_THREW", {
        reason: words || `it ended itself with status ${error.status}`,
      });
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const said = words === "" ? reason : `${reason}; ${words}`;
    return fabricError("GUEST_CRASHED", { reason: said.slice(0, MAX_REASON) });
  }
}
