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

/**
 * The process's wishes to end as one signal: SIGINT, SIGTERM, and EPIPE when the reader of standard output went away.
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
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") stop("EPIPE");
    });
  return controller.signal;
};
