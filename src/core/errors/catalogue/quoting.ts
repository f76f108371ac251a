import type { ErrorEntry } from "../arguments.ts";

/** Publishers' signatures, quote providers and the keys of a loaded Cryptlet. */
export const quotingErrors = {
  SIGSTRUCT_INVALID: {
    kind: "verification",
    message: "The publisher's signature (sigstruct.bin) is refused: {reason}",
    hint: "It was changed or made by something else. Sign the package again with `cryptlet enclave sign`.",
    exit: 13,
  },
  SIGSTRUCT_MISMATCH: {
    kind: "verification",
    message: "The package measures {measurement}, its publisher signed {signed}",
    hint: "Code, manifest or engine changed after the signature. Measure the package and sign it again.",
    exit: 13,
  },
  QUOTE_PROVIDER_FAILED: {
    kind: "unavailable",
    message: "The quote provider {provider} gives no evidence: {reason}",
    hint: "Check that the machine is such a TEE and that the host may use its interface; `cryptlet doctor` names it.",
  },
  ROTATION_INVALID: {
    kind: "user",
    message: "Keys cannot overlap for {overlapMs} ms; 0 to {limit} are allowed",
    hint: "Give the new keys as much time as their registration needs.",
  },
} as const satisfies Record<string, ErrorEntry>;
