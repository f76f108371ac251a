import type { DevControls } from "./dev-control.ts";

/** The part of standard input that is used; `process.stdin` fits. */
export interface KeySource {
  readonly isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
  on(event: "data", listener: (data: Buffer) => void): unknown;
  off(event: "data", listener: (data: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** What `+` moves the market clock on by. */
export const KEY_STEP_MS = 3_600_000;
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

/**
 * Keys of a terminal: `r` runs now, `+` moves the clock on by an hour, `q` ends. Elsewhere it does nothing. `onError` hears
 * what a key led to. Returns the function that gives the terminal back.
 */
export const listenForKeys = (
  input: KeySource,
  controls: Pick<DevControls, "run" | "moveClock" | "stop">,
  onError: (error: unknown) => void,
): (() => void) => {
  if (input.isTTY !== true || !input.setRawMode) return () => {};
  const act = (key: string): void => {
    if (key === "r") controls.run(null).catch(onError);
    else if (key === "+") controls.moveClock({ advanceMs: KEY_STEP_MS }).catch(onError);
    // Raw mode takes the terminal's own keys away: they must go on meaning the end.
    else if (key === "q" || key === CTRL_C || key === CTRL_D) controls.stop();
  };
  const listener = (data: Buffer): void => {
    for (const key of data.toString("latin1").slice(0, 16)) act(key);
  };
  input.setRawMode(true);
  input.on("data", listener);
  input.resume();
  return () => {
    input.off("data", listener);
    input.setRawMode?.(false);
    input.pause();
  };
};
