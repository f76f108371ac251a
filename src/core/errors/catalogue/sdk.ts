import type { ErrorEntry } from "../arguments.ts";

export const sdkErrors = {
  JSON_INVALID: {
    kind: "unavailable",
    message: "The JSON text is refused at character {position}: {reason}",
    hint: "The provider answered something else than the JSON that the source expects.",
  },
  JSON_DUPLICATE_KEY: {
    kind: "unavailable",
    message: "The JSON text names the key {key} twice in one object",
    hint: "Readers disagree about which of the two counts, so the whole answer is refused.",
  },
  SOURCE_SHAPE: {
    kind: "unavailable",
    message: "The answer does not have the expected shape at {path}: {reason}",
    hint: "The provider changed its format, or something else answered in its place.",
  },
  SOURCE_STATUS: {
    kind: "unavailable",
    message: "The source answered with status {status}",
    hint: "Try again later; a lasting 4xx means that the request or its credentials are wrong.",
  },
  SOURCE_NOT_FOUND: {
    kind: "user",
    message: "The source has no record {record}",
    hint: "Check the record id and the instance in the feed's parameters.",
  },
  SOURCE_REPORTED_ERROR: {
    kind: "unavailable",
    message: "The source reports an error: {reason}",
    hint: "Look the error up in the provider's documentation.",
  },
  PRICE_NOT_A_NUMBER: {
    kind: "unavailable",
    message: "The price at {path} is not decimal text",
    hint: "The provider answered no usable price; other sources take its place.",
  },
  PRICE_NOT_POSITIVE: {
    kind: "unavailable",
    message: "The price at {path} is zero or negative",
    hint: "The provider answered no usable price; other sources take its place.",
  },
  PRICE_CROSSED: {
    kind: "unavailable",
    message: "The bid at {path} is above the ask",
    hint: "The provider's book is not consistent; other sources take its place.",
  },
  SOURCE_STALE: {
    kind: "unavailable",
    message: "The source's value is {ageMs} ms old, the bound is {maxAgeMs} ms",
    hint: "The market may be closed or the provider may have stopped.",
  },
  SOURCE_FROM_FUTURE: {
    kind: "unavailable",
    message: "The source's time is {aheadMs} ms ahead",
    hint: "Check the clock of the host and of the provider.",
  },
  TOO_FEW_SOURCES: {
    kind: "unavailable",
    message: "{used} source(s) answered usably, {minSources} are needed ({failures})",
    hint: "Nothing is published. The error of each source stands in the message.",
  },
  SOURCE_MODES_MIXED: {
    kind: "verification",
    message: "Live and emulated answers stand in one aggregate",
    hint: "This is refused by design: run the enclave in one mode. Chain reads are live, so that they need live providers beside them.",
  },
  FEED_NOT_DECLARED: {
    kind: "user",
    message: "Cryptlet {cryptlet} has no feed {feed}",
    hint: "The feeds of cryptlet.json and of defineCryptlet must be the same.",
  },
  PARAMETERS_INVALID: {
    kind: "user",
    message: "The feed's parameter {path} is wrong: {reason}",
    hint: "Mend the parameters of the feed in the host's configuration.",
  },
  CRYPTLET_FAILED: {
    kind: "internal",
    message: "The Cryptlet failed: {reason}",
    hint: "This is a defect of the Cryptlet; its author needs the run's log.",
  },
  HOST_CALL_REFUSED: {
    kind: "internal",
    message: "The enclave answered a host call in an unknown form: {reason}",
    hint: "The package was built for another version of the fabric; build it again.",
  },
  FIXED_DIVISION_BY_ZERO: {
    kind: "user",
    message: "A number is divided by zero",
    hint: "Check the divisor first.",
  },
} as const satisfies Record<string, ErrorEntry>;
