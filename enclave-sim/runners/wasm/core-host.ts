import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import { wasiImports } from "./wasi-imports.ts";
import { GuestFault, type WasmGuest } from "./wasm-guest.ts";
import type { WasmImports } from "./web-assembly.ts";

/** The ABI's version that this host speaks; the same as of `enclave-sim/protocol`. */
const ABI = 1;

/** How modules of one profile are hosted. Functions throw whatever ends the run. */
export interface WasmHost {
  imports(guest: WasmGuest): WasmImports;
  /** Once per package, without host calls; what it leaves in memory is what runs begin from. True if that is anything. */
  start(guest: WasmGuest, custom: ReadonlyMap<string, Uint8Array>): boolean;
  /** One trigger; leaves the outcome in the guest. */
  run(guest: WasmGuest): void;
}

/** Modules that speak the ABI themselves: C, Rust, AssemblyScript and everything else that compiles to core wasm. */
export const coreHost: WasmHost = {
  imports: (guest) => ({
    cryptlet: {
      host_call: (pointer: number, length: number) => guest.hostCall(pointer, length),
      host_take: (pointer: number) => guest.hostTake(pointer),
      host_return: (pointer: number, length: number) => guest.hostReturn(pointer, length),
    },
    wasi_snapshot_preview1: wasiImports(guest),
  }),
  start: (guest) => {
    const initializes = "_initialize" in guest.exports;
    if (initializes) guest.call("_initialize");
    const abi = guest.call("cryptlet_abi");
    if (abi !== ABI) throw new GuestFault(`it speaks version ${abi} of the ABI, this is ${ABI}`);
    return initializes;
  },
  run: (guest) => {
    const length = guest.offer(guest.run.triggerText);
    const pointer = guest.call("cryptlet_alloc", length);
    guest.hostTake(pointer);
    const status = guest.call("cryptlet_handle", pointer, length);
    if (status !== 0)
      throw fabricError("GUEST_THREW", { reason: `cryptlet_handle returned ${status}` });
    if (guest.outcome === null) throw fabricError("GUEST_NEVER_ANSWERED", {});
  },
};
