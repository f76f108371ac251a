/** What decides HTTP status, exit code and whether a retry makes sense. */
export type ErrorKind = "user" | "verification" | "unavailable" | "internal";

/** One row of the catalogue. `exit` and `status` override what `kind` gives. */
export interface ErrorEntry {
  readonly kind: ErrorKind;
  /** Message with `{arguments}`; every argument must be given where the error is made. */
  readonly message: string;
  /** What the reader can do about it. */
  readonly hint: string;
  readonly exit?: ExitCode;
  readonly status?: number;
}

/** Exit codes of the command line (docs/cli.md). */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 130;

/** Names between braces in a message: `"{a} of {b}"` gives `"a" | "b"`. */
export type ArgumentNames<Message extends string> =
  Message extends `${string}{${infer Name}}${infer Rest}` ? Name | ArgumentNames<Rest> : never;

export type ArgumentValue = string | number | bigint | boolean;
