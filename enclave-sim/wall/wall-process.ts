import type { Readable, Writable } from "node:stream";

/** One file or folder that is seen inside, read-only. Whatever is not named does not exist there. */
export interface WallMount {
  /** Absolute path outside. */
  readonly from: string;
  /** Absolute path inside; the same as `from` when it is left out. */
  readonly to?: string;
}

/** What a program inside may use. None of it can be raised from inside. */
export interface WallLimits {
  /** Bytes of data of each process (RLIMIT_DATA: heap, stacks of threads, private mappings). */
  readonly memoryBytes: number;
  /** Processes and threads together (RLIMIT_NPROC, counted inside this wall alone). */
  readonly processes: number;
  /** Open files of each process. */
  readonly files: number;
  /** Bytes of `/tmp`, the only place that can be written to; 0 for none. */
  readonly temporaryBytes: number;
}

/** What is started inside the wall. */
export interface WallCommand {
  /** Program and arguments, as paths inside. */
  readonly command: readonly [string, ...string[]];
  readonly mounts: readonly WallMount[];
  readonly limits: WallLimits;
  /** The whole environment inside; empty when left out. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Folder inside that the program starts in; `/` when left out. */
  readonly directory?: string;
  /** Which system calls there are: `engine` cannot start programs or open sockets, `program` may start its own threads and processes. */
  readonly profile: "engine" | "program";
  /** `/proc` of its own processes only. Some runtimes (Java, .NET) do not start without. */
  readonly proc?: boolean;
}

/** How a program inside the wall ended. */
export interface WallExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Last bytes of standard error, at most 4,096, for the operator's log only: it is the program's own text. */
  readonly stderr: string;
}

/**
 * A program behind the outer wall: no network, no files but its mounts, empty environment, no capabilities, a filter on
 * system calls, bounded memory and processes. Everything that it says is hostile.
 */
export interface WallProcess {
  /** Process id outside of what holds all of it; null when it did not start. */
  readonly pid: number | null;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Settles once, when the last process inside is gone. Never rejects. */
  readonly exited: Promise<WallExit>;
  /** SIGKILL to everything inside; nothing outlives it. Resolves when it is gone. */
  kill(): Promise<void>;
}
