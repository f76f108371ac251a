/** Why the process was asked to end. */
export interface StopReason extends Error {
  readonly stop: "SIGINT" | "SIGTERM" | "EPIPE";
}

/** The reason that a stop aborts with. */
export const createStop = (stop: StopReason["stop"]): StopReason =>
  Object.assign(new Error(`stopped by ${stop}`), { stop });

/** True for a reason made by `createStop`. */
export const isStop = (reason: unknown): reason is StopReason =>
  reason instanceof Error && "stop" in reason && typeof reason.stop === "string";

const PARENT_CHECK_MS = 250;

/**
 * npm and npx run a command through a shell and pass SIGTERM to that shell alone, which dies and leaves the command
 * behind. A command whose npm script is itself therefore ends when that shell is gone.
 */
const onLostNpm = (lost: () => void): void => {
  const script = process.env["npm_lifecycle_script"] ?? "";
  if (!/\bcryptlet\b|cli\/main\.js/.test(script)) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    lost();
  }, PARENT_CHECK_MS);
  timer.unref();
};

/**
 * The process's wishes to end as one signal: SIGINT, SIGTERM, and EPIPE when the reader of standard output went away.
 * A shell of npm's that is gone counts as SIGTERM.
 * A second SIGINT or SIGTERM ends the process at once (130); exit handlers still run.
 */
export const listenForStop = (): AbortSignal => {
  const controller = new AbortController();
  const stop = (name: StopReason["stop"]) => {
    if (controller.signal.aborted && name !== "EPIPE") process.exit(130);
    controller.abort(createStop(name));
  };
  process.on("SIGINT", () => stop("SIGINT"));
  process.on("SIGTERM", () => stop("SIGTERM"));
  onLostNpm(() => {
    if (!controller.signal.aborted) stop("SIGTERM");
  });
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") stop("EPIPE");
    });
  return controller.signal;
};
