import type { ErrorEntry } from "../arguments.ts";

export const envelopeErrors = {
  ENVELOPE_MALFORMED: {
    kind: "user",
    message: "This is not a DSSE envelope: {reason}",
    hint: "Expected JSON with payload, payloadType and signatures (DSSE 1.0.2).",
  },
  BUNDLE_MALFORMED: {
    kind: "user",
    message: "This is not a bundle: {reason}",
    hint: "Expected JSON of media type application/vnd.cryptlet.bundle.v1+json.",
  },
  JSON_MALFORMED: {
    kind: "user",
    message: "The JSON text is refused: {reason}",
    hint: "It must be UTF-8 without a byte order mark, with no key twice in one object.",
  },
  INPUT_TOO_LARGE: {
    kind: "user",
    message: "{what} has {size} bytes; the limit is {limit}",
    hint: "Nothing of ours is that large: look at where the input came from.",
  },
  ENVELOPE_UNSIGNED: {
    kind: "verification",
    message: "The envelope carries no signature",
    hint: "Ask its sender for the signed form.",
    exit: 10,
  },
  SIGNATURE_WRONG: {
    kind: "verification",
    message: "The signature of key {keyid} does not hold",
    hint: "The payload or the signature was changed after signing. Do not use the value.",
    exit: 11,
  },
  SIGNER_NOT_TRUSTED: {
    kind: "verification",
    message: "No trusted key signed: {reason}",
    hint: "Compare the key with what its Cryptlet's host publishes, then add it to the trust policy.",
    exit: 12,
  },
  THRESHOLD_NOT_MET: {
    kind: "verification",
    message: "{accepted} of {threshold} required keys signed",
    hint: "Collect more signatures, or lower the policy's threshold if that is what you mean.",
    exit: 12,
  },
  PAYLOAD_TYPE_UNEXPECTED: {
    kind: "verification",
    message: "The payload is of type {actual}, not {expected}",
    hint: "The signature holds, but over a statement of another kind.",
    exit: 11,
  },
  STATEMENT_MALFORMED: {
    kind: "verification",
    message: "The signed statement is refused: {reason}",
    hint: "The signature holds, but the signer wrote something that no observation may be.",
    exit: 14,
  },
  VALUE_NOT_ENCODABLE: {
    kind: "user",
    message: "The value cannot be written as an on-chain integer: {reason}",
    hint: "Only a decimal value within int256 at the feed's decimals has an on-chain form.",
  },
  FORMS_DISAGREE: {
    kind: "verification",
    message: "The on-chain form says another {field} than the JSON form",
    hint: "Both forms must state one fact. Do not use the value.",
    exit: 14,
  },
  ANSWER_DIFFERS: {
    kind: "verification",
    message: "The server says another {field} than what is signed",
    hint: "Do not use the answer: the envelope is sound, the server is wrong or lies.",
    exit: 14,
  },
  EVIDENCE_MISSING: {
    kind: "verification",
    message: "The policy asks for evidence and none was appraised: {reason}",
    hint: "Ask the host for a bundle with evidence and give the verifier an appraiser.",
    exit: 13,
  },
  EVIDENCE_REFUSED: {
    kind: "verification",
    message: "The evidence is refused: {reason}",
    hint: "The signing key is not shown to live in an enclave that runs the expected code.",
    exit: 13,
  },
  MEASUREMENT_MISMATCH: {
    kind: "verification",
    message: "The statement names measurement {stated}, the evidence shows {attested}",
    hint: "Other code than the stated Cryptlet holds the key.",
    exit: 13,
  },
  RUN_RECEIPT_MISMATCH: {
    kind: "verification",
    message: "The run receipt in the bundle is not the signed one: {reason}",
    hint: "What it says about lane, wall and determinism is not the enclave's word; get the bundle anew.",
    exit: 14,
  },
  KEY_NOT_ATTESTED: {
    kind: "verification",
    message: "Key {keyid} signed but is not in the key set of the evidence",
    hint: "Every form must be signed by keys that the same evidence binds.",
    exit: 13,
  },
  EMULATED_NOT_ALLOWED: {
    kind: "verification",
    message: "The sources were EMULATED and the policy does not allow that",
    hint: "The value came from the provider emulator. Allow it for development only.",
    exit: 13,
  },
  OBSERVATION_STALE: {
    kind: "verification",
    message: "The observation of {observedAt} is stale: {reason}",
    hint: "Fetch the latest round of the feed.",
    exit: 15,
  },
  OBSERVATION_FROM_FUTURE: {
    kind: "verification",
    message: "The observation's time {observedAt} lies after the verification time {at}",
    hint: "Check both clocks.",
    exit: 15,
  },
  OBSERVATION_REPLAYED: {
    kind: "verification",
    message: "Round {round} does not follow round {previous}: {reason}",
    hint: "An older or equal round was offered again; keep the newer one.",
    exit: 15,
  },
  CHAIN_BROKEN: {
    kind: "verification",
    message: "Round {round} names another predecessor than the known round {previous}",
    hint: "Two histories of one feed exist. Ask the host which one it published.",
    exit: 14,
  },
  INCLUSION_PROOF_WRONG: {
    kind: "verification",
    message: "The inclusion proof of leaf {index} does not lead to the signed root",
    hint: "Leaf, proof and batch do not belong together.",
    exit: 14,
  },
} as const satisfies Record<string, ErrorEntry>;
