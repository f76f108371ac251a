import type { ErrorEntry } from "../arguments.ts";

export const enclaveErrors = {
  PACKAGE_UNREADABLE: {
    kind: "user",
    message: "The Cryptlet package {path} cannot be read: {reason}",
    hint: "A package is a folder with cryptlet.json and its code (bundle.js, .wasm, .evm, .py, .jar or .exe); build one with `cryptlet build <folder>`.",
  },
  SOURCE_FOLDER_MISSING: {
    kind: "user",
    message: "There is no folder {path} to build from",
    hint: "Name the folder that holds cryptlet.json and the source, not a file in it; a path starts at the working directory.",
  },
  PACKAGE_INVALID: {
    kind: "user",
    message: "The Cryptlet package {path} is refused:\n{faults}",
    hint: "Mend every line above in cryptlet.json and build the package again.",
  },
  PACKAGE_BUILD_FAILED: {
    kind: "user",
    message: "The Cryptlet in {path} does not build:\n{faults}",
    hint: "A Cryptlet imports what the fabric ships for its language and its own files only. `cryptlet doctor` tells the versions of the compilers.",
  },
  BUILD_TOOL_MISSING: {
    kind: "unavailable",
    message: "A Cryptlet in {language} cannot be built here: {tool} is missing ({install})",
    hint: "Install it as the message says; `cryptlet doctor` lists the tools of every language.",
  },
  WASM_REFUSED: {
    kind: "user",
    message: "The WebAssembly module is not admitted: {reason} (byte {offset})",
    hint: "docs/decisions/0023-admission-and-fuel.md lists what a module may hold, import and export.",
  },
  CRYPTLET_INIT_FAILED: {
    kind: "user",
    message: "Cryptlet {cryptlet} does not start: {reason}",
    hint: "Its bundle is evaluated once, without capabilities, in limited time and memory.",
  },
  LANE_UNAVAILABLE: {
    kind: "unavailable",
    message: "This installation cannot run lane {lane}",
    hint: "`cryptlet doctor` names what is missing for each lane.",
  },
  WALL_UNAVAILABLE: {
    kind: "unavailable",
    message: "There is no outer wall here: {reason}",
    hint: "On Debian: apt-get install bubblewrap util-linux; user namespaces must be allowed. `cryptlet doctor` tries it.",
  },
  ENCLAVE_CLOSED: {
    kind: "unavailable",
    message: "The enclave is closed",
    hint: "Start the host again.",
  },
  ENCLAVE_CRASHED: {
    kind: "internal",
    message: "The enclave's thread ended: {reason}",
    hint: "Nothing half-done was signed. Start the host again; the sealed keys are kept.",
  },
  ENCLAVE_MESSAGE_INVALID: {
    kind: "internal",
    message: "A message to or from the enclave has an unknown form: {reason}",
    hint: "Host and enclave must come from one build of the fabric.",
  },
  CRYPTLET_CLOSED: {
    kind: "unavailable",
    message: "Cryptlet {cryptlet} is not loaded any more",
    hint: "Load it again.",
  },
  RUN_QUEUE_FULL: {
    kind: "unavailable",
    message: "{waiting} runs of {cryptlet} are waiting already",
    hint: "Lengthen the interval of its feeds, or its sources answer too slowly.",
  },
  CRYPTLET_QUARANTINED: {
    kind: "unavailable",
    message:
      "{cryptlet} failed {faults} times in a row by its own fault and is not run before {until}",
    hint: "Look at its log and its failed runs. It is tried again by itself; one success ends the quarantine.",
  },
  RUN_DEADLINE: {
    kind: "unavailable",
    message: "The run took longer than {limitMs} ms and was ended",
    hint: "Slow sources or an endless loop; limits.timeoutMs of cryptlet.json bounds a run.",
  },
  RUN_FUEL: {
    kind: "unavailable",
    message: "The run used up its {limit} ticks of computing and was ended",
    hint: "An endless loop, or work that is too heavy for a guest.",
  },
  RUN_MEMORY: {
    kind: "unavailable",
    message: "The run needed more than {limit} bytes and was ended",
    hint: "limits.memoryBytes of cryptlet.json bounds the guest's memory.",
  },
  RUN_STACK: {
    kind: "unavailable",
    message: "The run's calls went too deep and it was ended",
    hint: "Endless recursion, or a provider answer that is nested too deeply.",
  },
  GUEST_CRASHED: {
    kind: "unavailable",
    message: "The guest ended without an answer: {reason}",
    hint: "Its instance was thrown away and nothing was signed; the next run starts a fresh one.",
  },
  GUEST_THREW: {
    kind: "unavailable",
    message: "The Cryptlet threw outside its own error handling: {reason}",
    hint: "This is a defect of the Cryptlet; its author needs the run's log.",
  },
  GUEST_NEVER_ANSWERED: {
    kind: "unavailable",
    message: "The Cryptlet waits for something that never comes",
    hint: "Host calls answer at once; a promise that nobody resolves stays open for ever.",
  },
  GUEST_ANSWER_INVALID: {
    kind: "unavailable",
    message: "The Cryptlet's answer is refused: {reason}",
    hint: "The answer must be the JSON text of a RunOutcome; the SDK's serve makes it.",
  },
  GUEST_ANSWER_TOO_LARGE: {
    kind: "unavailable",
    message: "The Cryptlet's answer has {size} characters, {limit} are allowed",
    hint: "Return the observation only, never raw provider answers.",
  },
  HOST_CALL_INVALID: {
    kind: "user",
    message: "The host call is refused: {reason}",
    hint: "Use the SDK's context; it makes calls in the form that the enclave takes.",
  },
  HOST_CALL_LIMIT: {
    kind: "unavailable",
    message: "The run made more than {limit} host calls",
    hint: "limits.maxHostCalls of cryptlet.json bounds them; http.all sends many requests in one call.",
  },
  CAPABILITY_NOT_GRANTED: {
    kind: "user",
    message: "The manifest does not grant {capability}",
    hint: "Add it to capabilities of cryptlet.json and build the package again.",
    exit: 4,
    status: 403,
  },
  RUN_UNKNOWN: {
    kind: "user",
    message: "The enclave holds no run {run} to sign",
    hint: "Only a finished run of this enclave can be signed, and only while it is among the newest.",
    exit: 3,
    status: 404,
  },
  RUN_ID_USED: {
    kind: "user",
    message: "The enclave holds a run {run} already",
    hint: "Give every run an id of its own.",
    status: 409,
  },
  FEED_NOT_SERVED: {
    kind: "user",
    message: "This Cryptlet was not loaded for the feed {feed}",
    hint: "Name the feed when the Cryptlet is loaded.",
  },
  OBSERVATION_REFUSED: {
    kind: "verification",
    message: "The enclave does not sign the observation of {feed}: {reason}",
    hint: "What a Cryptlet returns must agree with its manifest and with what the enclave saw.",
  },
  ROUND_EQUIVOCATION: {
    kind: "verification",
    message: "The enclave signed round {last} of {feed} already and refuses another round {round}",
    hint: "Rounds only go up. The very same request again gives the same bytes.",
  },
  SEAL_REFUSED: {
    kind: "verification",
    message: "The sealed keys in {path} do not open: {reason}",
    hint: "They belong to another measurement or platform, or the file was changed. Restore it, or remove it to start with new keys.",
    exit: 13,
  },
  TRANSCRIPT_SEALED: {
    kind: "user",
    message: "The transcript of run {run} is sealed, and not for this key",
    hint: "Replay it on the host whose enclave made it, or with an auditor's key that transcripts.auditors named then.",
    exit: 4,
    status: 403,
  },
  TRANSCRIPT_INVALID: {
    kind: "verification",
    message: "The transcript is refused: {reason}",
    hint: "Its hash chain must be whole and it must belong to the loaded Cryptlet.",
    exit: 14,
  },
  EVIDENCE_INVALID: {
    kind: "verification",
    message: "The evidence is refused: {reason}",
    hint: "It was changed or is incomplete; ask the fabric for it again.",
    exit: 13,
  },
  EVIDENCE_SIMULATED: {
    kind: "verification",
    message: "The evidence is SIMULATED and the policy {policy} does not accept that",
    hint: "No hardware stands behind it. Only a policy for development sets allowSimulated.",
    exit: 13,
  },
  EVIDENCE_EXPIRED: {
    kind: "verification",
    message: "The evidence holds from {notBefore} to {notAfter}, not at {at} (ms since epoch)",
    hint: "Ask the fabric for fresh evidence and check both clocks.",
    exit: 13,
  },
  EVIDENCE_PURPOSE_WRONG: {
    kind: "verification",
    message: "The evidence was made for {purpose} and is asked for {asked}",
    hint: "Evidence of one purpose never serves another; ask the fabric for the right one.",
    exit: 13,
  },
  EVIDENCE_NONCE_WRONG: {
    kind: "verification",
    message: "The evidence does not bind the nonce that was asked for",
    hint: "It was made before, or for somebody else. Draw a new nonce and ask again.",
    exit: 13,
  },
  MEASUREMENT_REFUSED: {
    kind: "verification",
    message: "The policy {policy} does not accept the measurement {measurement}",
    hint: "Measure it yourself and put the result into the policy: a package with `cryptlet enclave measure <package>`, a host with `cryptlet enclave measure --host`.",
    exit: 13,
  },
} as const satisfies Record<string, ErrorEntry>;
