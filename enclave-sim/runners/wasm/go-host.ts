import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import type { WasmHost } from "./core-host.ts";
import { GuestExit, type WasmGuest } from "./wasm-guest.ts";

/** Import path of the guest library, which is also in the names of its imports. */
const LIBRARY = "cryptlet.local/cryptlet";
/** Where Go's own loader puts arguments and environment: below its data. */
const ARGUMENTS = 4_096;
const PROGRAM = "cryptlet";
const STDERR = 2;

/** Addresses are 64-bit words whose upper half is zero. */
const word = (guest: WasmGuest, at: number): number => {
  guest.bytes(at, 8);
  return guest.view().getUint32(at, true);
};

/** Arguments and results of 8 bytes, by their number. */
const on = (act: (slot: (index: number) => number) => void) => (stack: number) =>
  act((index) => (stack >>> 0) + 8 * (index + 1));
const nothing = () => undefined;

/**
 * Programs of Go's js/wasm port (1.19 and newer): `main` runs from begin to end on one call of `run`. Every import takes
 * the stack pointer; arguments lie from 8 bytes above it (wasm_exec.js of the Go distribution). Their loader is not
 * used: it hands out the file system, the process and everything that JavaScript reaches.
 */
export const goHost: WasmHost = {
  imports: (guest) => {
    let timers = 0;
    return {
      go: {
        debug: nothing,
        "runtime.resetMemoryDataView": nothing,
        "runtime.clearTimeoutEvent": nothing,
        "runtime.wasmExit": on((slot) => {
          throw new GuestExit(guest.view().getInt32(slot(0), true));
        }),
        "runtime.wasmWrite": on((slot) => {
          const length = guest.view().getInt32(slot(2), true);
          guest.charge(1);
          if (word(guest, slot(0)) === STDERR) guest.say(word(guest, slot(1)), length);
        }),
        "runtime.nanotime1": on((slot) =>
          guest.view().setBigInt64(slot(0), guest.nanoseconds(), true),
        ),
        "runtime.walltime": on((slot) => {
          const at = guest.nanoseconds();
          guest.view().setBigInt64(slot(0), at / 1_000_000_000n, true);
          guest.view().setInt32(slot(1), Number(at % 1_000_000_000n), true);
        }),
        // Nobody wakes the guest: a program that sleeps never answers.
        "runtime.scheduleTimeoutEvent": on((slot) => {
          timers += 1;
          guest.view().setInt32(slot(1), timers, true);
        }),
        "runtime.getRandomData": on((slot) =>
          guest.fillRandom(word(guest, slot(0)), word(guest, slot(1))),
        ),
        [`${LIBRARY}.hostBegin`]: on((slot) =>
          guest.view().setBigInt64(slot(0), BigInt(guest.offer(guest.run.triggerText)), true),
        ),
        [`${LIBRARY}.hostCall`]: on((slot) => {
          const count = guest.hostCall(word(guest, slot(0)), word(guest, slot(1)));
          guest.view().setBigInt64(slot(2), BigInt(count), true);
        }),
        [`${LIBRARY}.hostTake`]: on((slot) => guest.hostTake(word(guest, slot(0)))),
        [`${LIBRARY}.hostReturn`]: on((slot) =>
          guest.hostReturn(word(guest, slot(0)), word(guest, slot(1))),
        ),
      },
    };
  },
  // The runtime's own start belongs to `run`; there is nothing to keep.
  start: () => false,
  run: (guest) => {
    const name = new TextEncoder().encode(`${PROGRAM}\0`);
    guest.bytes(ARGUMENTS, 256).fill(0);
    guest.bytes(ARGUMENTS, name.length).set(name);
    // One argument, no variable: [name, 0, 0].
    const argv = ARGUMENTS + 32;
    guest.view().setUint32(argv, ARGUMENTS, true);
    try {
      guest.call("run", 1, argv);
    } catch (error) {
      if (!(error instanceof GuestExit) || error.status !== 0) throw error;
    }
    if (guest.outcome === null) throw fabricError("GUEST_NEVER_ANSWERED", {});
  },
};
