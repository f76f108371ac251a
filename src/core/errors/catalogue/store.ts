import type { ErrorEntry } from "../arguments.ts";

export const storeErrors = {
  STORE_UNREADABLE: {
    kind: "user",
    message: "The database {file} cannot be opened: {reason}",
    hint: "Check that its folder exists and that this user may read and write there.",
  },
  STORE_CORRUPT: {
    kind: "internal",
    message: "The database {file} is damaged or is not a database: {reason}",
    hint: "Stop the host, keep the file and its -wal for inspection, and restore the last backup.",
  },
  STORE_SCHEMA_NEWER: {
    kind: "user",
    message: "The database {file} was written by a newer version (migration {migration})",
    hint: "Start a version that knows this migration; there is no way back down.",
  },
  STORE_MIGRATION_FAILED: {
    kind: "internal",
    message: "Migration {migration} of the database failed: {reason}",
    hint: "Nothing of it was kept. Please report it with the log lines around it.",
  },
  STORE_LOCKED: {
    kind: "unavailable",
    message: "The database {file} is locked by another process",
    hint: "One host owns a database file; stop the other one, or give this one its own file.",
  },
  STORE_FULL: {
    kind: "unavailable",
    message: "The database {file} cannot grow: the disk or its quota is full",
    hint: "Free space; nothing that was confirmed is lost and work goes on by itself.",
  },
  STORE_IO: {
    kind: "unavailable",
    message: "The disk failed under the database {file}: {reason}",
    hint: "Check the disk; what was confirmed before stays.",
  },
  STORE_CONFLICT: {
    kind: "user",
    message: "The database refused a row: {reason}",
    hint: "The same thing was written before, or what it refers to is missing.",
    status: 409,
  },
  STORE_VALUE_INVALID: {
    kind: "internal",
    message: "A value of type {type} cannot be stored",
    hint: "Only text without NUL, safe integers, bytes and null go into the database.",
  },
  STORE_TRANSACTION_NESTED: {
    kind: "internal",
    message: "A transaction was started inside another one",
    hint: "Hand the outer transaction to the inner function.",
  },
  STORE_CLOSED: {
    kind: "unavailable",
    message: "The database is closed",
    hint: "The host is stopping; try again when it is back.",
  },
  ROUND_FORKED: {
    kind: "verification",
    message: "Round {round} of {feed} exists twice: {known} and {other} are both signed",
    hint: "Two enclaves of one feed signed the same number. Stop them, find out which host should not have run, and revoke its keys.",
  },
  ROUND_OUT_OF_ORDER: {
    kind: "verification",
    message: "Feed {feed} expects round {expected}, not {round}",
    hint: "Another writer was first; read the latest round and sign the next one.",
    status: 409,
  },
  DELIVERY_TRANSITION_INVALID: {
    kind: "internal",
    message: "Delivery {delivery} cannot go from {from} to {to}",
    hint: "Ends (final, superseded) are never left; read the delivery again.",
  },
} as const satisfies Record<string, ErrorEntry>;
