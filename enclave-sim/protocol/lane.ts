import { z } from "zod";

/** How a Cryptlet's code is run: JavaScript, core WebAssembly, EVM bytecode, a program of its own. */
export const LANES = ["js", "wasm", "evm", "process"] as const;
/** @see LANES */
export const laneSchema = z.enum(LANES);
/** @see LANES */
export type Lane = z.infer<typeof laneSchema>;

/** What stood between a guest and the host's process, besides the engine: nothing, or all of it. */
export const WALLS = ["none", "bubblewrap+seccomp"] as const;
/** @see WALLS */
export const wallSchema = z.enum(WALLS);
/** @see WALLS */
export type Wall = z.infer<typeof wallSchema>;

/** What a replay can compare: every step, or only what crossed the wall. */
export const DETERMINISMS = ["bit-for-bit", "host-calls-only"] as const;
/** @see DETERMINISMS */
export const determinismSchema = z.enum(DETERMINISMS);
/** @see DETERMINISMS */
export type Determinism = z.infer<typeof determinismSchema>;

/** The process lane has clock, entropy and threads of its own; every other lane is held still. */
export const determinismOf = (lane: Lane): Determinism =>
  lane === "process" ? "host-calls-only" : "bit-for-bit";
