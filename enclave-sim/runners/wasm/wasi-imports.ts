import { GuestExit, type WasmGuest } from "./wasm-guest.ts";

/** Error numbers of WASI preview 1. */
const ERRNO = { success: 0, badFile: 8, invalid: 28 } as const;
/** Standard error. */
const STDERR = 2;
/** Buffers of one write, and bytes of one draw of entropy. */
const MAX_BUFFERS = 1_024;
const MAX_DRAW = 65_536;

const noFile = () => ERRNO.badFile;

/**
 * The part of WASI preview 1 that needs no capability: output goes nowhere (the beginning of the error output is kept as
 * the reason of a crash), the clock stands at the trigger's time, entropy comes from the run's seed; there are no files,
 * arguments or variables.
 */
export const wasiImports = (guest: WasmGuest): Readonly<Record<string, unknown>> => {
  const empty = (countPointer: number, sizePointer: number): number => {
    guest.bytes(countPointer, 4).fill(0);
    guest.bytes(sizePointer, 4).fill(0);
    return ERRNO.success;
  };
  const writeTime = (pointer: number, value: bigint): number => {
    guest.bytes(pointer, 8);
    guest.view().setBigUint64(pointer >>> 0, value, true);
    return ERRNO.success;
  };
  return {
    fd_write: (file: number, buffers: number, count: number, written: number) => {
      if (file !== 1 && file !== STDERR) return ERRNO.badFile;
      if (count >>> 0 > MAX_BUFFERS) return ERRNO.invalid;
      guest.bytes(buffers, count * 8);
      guest.bytes(written, 4);
      const view = guest.view();
      let total = 0;
      for (let at = buffers >>> 0, end = at + count * 8; at < end; at += 8) {
        const length = view.getUint32(at + 4, true);
        if (file === STDERR) guest.say(view.getUint32(at, true), length);
        total += length;
      }
      guest.charge(count);
      view.setUint32(written >>> 0, total, true);
      return ERRNO.success;
    },
    fd_read: noFile,
    fd_close: noFile,
    fd_sync: noFile,
    fd_seek: noFile,
    fd_fdstat_get: noFile,
    fd_prestat_get: noFile,
    fd_prestat_dir_name: noFile,
    environ_sizes_get: empty,
    environ_get: () => ERRNO.success,
    args_sizes_get: empty,
    args_get: () => ERRNO.success,
    clock_time_get: (_clock: number, _precision: bigint, pointer: number) =>
      writeTime(pointer, guest.nanoseconds()),
    clock_res_get: (_clock: number, pointer: number) => writeTime(pointer, 1_000_000n),
    random_get: (pointer: number, length: number) => {
      if (length >>> 0 > MAX_DRAW) return ERRNO.invalid;
      guest.fillRandom(pointer, length);
      return ERRNO.success;
    },
    sched_yield: () => ERRNO.success,
    proc_exit: (status: number) => {
      throw new GuestExit(status);
    },
  };
};
