import { readFileSync } from "node:fs";

/** ms between two looks, and until it is given up: the kernel needs a few, on a busy machine some more. */
const LOOK_MS = 2;
const LIMIT_MS = 10_000;

/** One process of this machine: its number, and when it was started, which a later one of that number has not. */
export interface KnownProcess {
  readonly pid: number;
  /** Clock ticks since the machine was started. */
  readonly start: string;
}

const lookAt = (pid: number): (KnownProcess & { readonly state: string }) | null => {
  try {
    // The name in brackets may hold anything; state and start time are the fields 3 and 22 (proc(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
    return { pid, state: fields[0] ?? "", start: fields[19] ?? "" };
  } catch {
    return null;
  }
};

/** A process that runs now; null when there is none of that number. */
export const findProcess = (pid: number): KnownProcess | null => lookAt(pid);

/**
 * Resolves when the first process of a process namespace is gone, and with it, by the kernel's rule, every other one
 * inside (pid_namespaces(7)): it becomes a zombie only after all of them are reaped. Never rejects; gives up after 10 s.
 */
export const untilGone = async ({ pid, start }: KnownProcess): Promise<void> => {
  for (let waited = 0; waited < LIMIT_MS; waited += LOOK_MS) {
    const now = lookAt(pid);
    if (now === null || now.start !== start || now.state === "Z" || now.state === "X") return;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, LOOK_MS);
    });
  }
};
