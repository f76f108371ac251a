import type { ErrorEntry } from "../arguments.ts";

/** Errors of the command line and of the HTTP client. */
export const cliErrors = {
  REPLAY_DIFFERS: {
    kind: "verification",
    message: "The replay differs from the recorded run in {count} place(s), first in {first}",
    hint: "Code, input or an answer was changed since, or the transcript is of another run; each difference is listed.",
    exit: 14,
  },
  USAGE_INVALID: {
    kind: "user",
    message: "{fault}",
    hint: "cryptlet --help lists the commands; cryptlet <command> --help explains one.",
  },
  FLAG_MISSING: {
    kind: "user",
    message: "{flag} is missing",
    hint: "Give the flag; without a terminal nothing is ever asked.",
  },
  FILE_UNREADABLE: {
    kind: "user",
    message: "The file {file} cannot be read: {reason}",
    hint: "Check the path and its rights.",
    exit: 3,
  },
  FILE_UNWRITABLE: {
    kind: "user",
    message: "The file {file} cannot be written: {reason}",
    hint: "Name a file that does not exist yet, in a folder that you may write to.",
  },
  FILE_INVALID: {
    kind: "user",
    message: "The file {file} does not hold {what}: {reason}",
    hint: "Check that it is the file that you meant.",
  },
  CLIENT_UNREACHABLE: {
    kind: "unavailable",
    message: "Nothing answers at {url}: {reason}",
    hint: "Start a host with cryptlet host start, or name another one with --url.",
  },
  CLIENT_ANSWER_INVALID: {
    kind: "unavailable",
    message: "{url} answered something that is not of a Cryptlet Fabric: {reason}",
    hint: "Check that --url names a fabric's API and that both sides have the same version.",
  },
  CLIENT_REFUSED: {
    kind: "user",
    message: "{url} refused the request with status {status}",
    hint: "Check the feed's name, the round or the digest that you asked for.",
  },
  MEASUREMENT_UNEXPECTED: {
    kind: "verification",
    message: "The package measures {measurement}, not {expected}",
    hint: "It is other code than you expected. Compare versions, then read the difference before you trust it.",
    exit: 13,
  },
  FEED_STALE: {
    kind: "verification",
    message: "Round {round} of feed {feed} was valid until {validUntil}",
    hint: "Do not use the value. cryptlet host status shows whether the host still works. Sources that say something new more seldom than heartbeatMs need a larger one (docs/host.md).",
    exit: 15,
  },
  HOST_UNHEALTHY: {
    kind: "unavailable",
    message: "The host at {url} answers but is not well: {parts}",
    hint: "The lines above name what each part says; the host's log has the cause.",
  },
  DOCTOR_FAILED: {
    kind: "unavailable",
    message: "This machine misses what the fabric needs: {checks}",
    hint: "Each failed line above says what to do.",
  },
  ANVIL_UNAVAILABLE: {
    kind: "unavailable",
    message: "The local chain (anvil) did not start: {reason}",
    hint: "npm i -D @foundry-rs/anvil brings it, or install Foundry; cryptlet doctor shows whether it is there.",
  },
  DEMO_TIMED_OUT: {
    kind: "unavailable",
    message: "The demo waited {seconds} s for {what}",
    hint: "Run it again with --verbose: the log lines on stderr name the part that stands still.",
  },
  DEMO_UNEXPECTED: {
    kind: "internal",
    message: "The demo expected {expected} and saw {actual}",
    hint: "This is a defect of the fabric. Please report it with the output of --verbose.",
  },
  ROUND_NOT_LANDED: {
    kind: "unavailable",
    message: "Round {round} of {feed} is {outcome}: {landed} of {asked} contracts have it",
    hint: "cryptlet delivery show says for each delivery what it waits for or why it failed.",
  },
} as const satisfies Record<string, ErrorEntry>;
