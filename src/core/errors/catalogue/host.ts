import type { ErrorEntry } from "../arguments.ts";

export const hostErrors = {
  RUN_NOT_STORED: {
    kind: "user",
    message: "No run {run} is stored",
    hint: "GET /v1/runs lists the runs; those that made no round and have no transcript are removed after a day.",
    exit: 3,
    status: 404,
  },
  TRANSCRIPT_NOT_KEPT: {
    kind: "user",
    message: "No transcript of run {run} is kept",
    hint: "transcripts.keep in the configuration says which are; older ones were removed after transcripts.days.",
    exit: 3,
    status: 404,
  },
  FEED_UNKNOWN: {
    kind: "user",
    message: "There is no feed {feed}",
    hint: "cryptlet feed list names the feeds of this fabric.",
    exit: 3,
    status: 404,
  },
  ROUND_UNKNOWN: {
    kind: "user",
    message: "Feed {feed} has no round {round}",
    hint: "cryptlet feed get shows the latest round; the first run may not have finished yet.",
    exit: 3,
    status: 404,
  },
  ENVELOPE_UNKNOWN: {
    kind: "user",
    message: "There is no envelope {digest}",
    hint: "Take the digest from a round of cryptlet feed get.",
    exit: 3,
    status: 404,
  },
  CRYPTLET_UNKNOWN: {
    kind: "user",
    message: "There is no Cryptlet {cryptlet} on this host",
    hint: "GET /v1/cryptlets names those that are loaded.",
    exit: 3,
    status: 404,
  },
  DELIVERY_UNKNOWN: {
    kind: "user",
    message: "There is no delivery {delivery}",
    hint: "cryptlet delivery list (GET /v1/deliveries) names them.",
    exit: 3,
    status: 404,
  },
  DELIVERY_NOT_FAILED: {
    kind: "user",
    message: "The delivery {delivery} is {status}; only a failed one can be tried again",
    hint: "cryptlet delivery show says what it waits for.",
    status: 409,
  },
  CHAIN_NOT_SERVED: {
    kind: "user",
    message: "This host does not serve the chain {chain}",
    hint: "Name the chain in the host's configuration (chains), or ask the host that serves it.",
    status: 409,
  },
  DEAD_LETTER_UNKNOWN: {
    kind: "user",
    message: "There is no dead letter {deadLetter}",
    hint: "cryptlet dead-letter list names them.",
    exit: 3,
    status: 404,
  },
  FEED_NOT_IN_MANIFEST: {
    kind: "user",
    message: "Feed {feed}: the Cryptlet {cryptlet} has no feed {name}, it has {declared}",
    hint: "Set feeds[].feed to one of the names in the Cryptlet's manifest.",
  },
  FEED_NOT_BINDABLE: {
    kind: "user",
    message: "Feed {feed} is a record; records have no on-chain form yet and cannot be bound",
    hint: "Remove the binding; read the record from the API and verify its envelope.",
  },
  CRYPTLET_ID_DIFFERS: {
    kind: "user",
    message: "The package {directory} holds {actual}, the configuration says {expected}",
    hint: "Set cryptlets[].id to the id in the package's manifest, or point at the right folder.",
  },
  CONFIG_FILE_UNREADABLE: {
    kind: "user",
    message: "{setting} names the file {file}, which cannot be read: {reason}",
    hint: "Check the path, which starts at the configuration file, and that this user may read it.",
  },
  SIMULATED_NOT_ALLOWED: {
    kind: "verification",
    message: "The enclave of {cryptlet} is SIMULATED and that is not accepted here",
    hint: "It protects against nobody who controls the machine. For development a host sets enclave.insecureAllowSimulated, a verifier allowSimulated in its policy or --insecure-allow-simulated.",
    exit: 13,
  },
  PROVIDERS_UNREACHABLE: {
    kind: "unavailable",
    message: "Too few data providers can be reached and no provider emulator is configured",
    hint: "Check the network, or for development start cryptlet dev providers and set providers.emulator.",
  },
  SOURCE_MODE_CHANGED: {
    kind: "user",
    message: "Feed {feed} was made of {before} sources and these are {now}",
    hint: "Live and emulated values never stand in one feed: give the other kind its own feed id, or its own fabric and data directory.",
  },
} as const satisfies Record<string, ErrorEntry>;
