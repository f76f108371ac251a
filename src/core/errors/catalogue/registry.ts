import type { ErrorEntry } from "../arguments.ts";

/** Errors of the registry's core: its log, what is published and what a host takes from it. */
export const registryErrors = {
  RELEASE_NAME_INVALID: {
    kind: "user",
    message: "{text} names no release",
    hint: "A release is written name@version, for example gold-price@1.2.0; build metadata after a + is not allowed.",
  },
  STATEMENT_INVALID: {
    kind: "verification",
    message: "The signed {kind} statement is not well-formed: {reason}",
    hint: "It was written by another version of this tool, or it is damaged. Publish with cryptlet publish.",
  },
  LOG_ENTRY_INVALID: {
    kind: "verification",
    message: "Entry {position} of the registry's log is not well-formed: {reason}",
    hint: "Take the registry from its own source again; what it answers now was altered or is damaged.",
    exit: 14,
  },
  LOG_RANGE_INVALID: {
    kind: "user",
    message: "The registry's log cannot answer that: {reason}",
    hint: "Ask for the checkpoint first; it says how many entries there are.",
  },
  CONSISTENCY_PROOF_WRONG: {
    kind: "verification",
    message:
      "The registry's log of {to} entries does not continue the log of {from} entries that was seen before",
    hint: "The registry shows different pasts to different readers, or it was replaced. Keep both checkpoints: together they prove it. Do not use it until its operator explains.",
    exit: 14,
  },
  CHECKPOINT_INVALID: {
    kind: "verification",
    message: "The registry's checkpoint is not well-formed: {reason}",
    hint: "A checkpoint is a C2SP signed note. Ask whoever serves the registry.",
    exit: 14,
  },
  CHECKPOINT_KEY_INVALID: {
    kind: "user",
    message: "{key} is no checkpoint key",
    hint: "It is written name+hash+key, as cryptlet publish prints it and registry.json of the registry holds it.",
  },
  CHECKPOINT_NOT_SIGNED: {
    kind: "verification",
    message: "The checkpoint is not signed by the key of {origin} that is expected",
    hint: "Another registry answers, or its key was changed. Compare with the key that its operator publishes.",
    exit: 12,
  },
  STATEMENT_REPEATED: {
    kind: "user",
    message: "The same signed statement stands in the log already, at {position}",
    hint: "There is nothing to do: it counts once.",
    status: 409,
  },
  PUBLISHER_UNKNOWN: {
    kind: "verification",
    message: "The registry knows no publisher with the key {keyid}",
    hint: "cryptlet publish makes a publisher known with its first release. Check that --key is the key that you published with.",
    exit: 12,
  },
  PUBLISHER_KNOWN: {
    kind: "user",
    message: "The key {keyid} is or was a publisher's key already",
    hint: "A key is used once. Make a new one with cryptlet key create FILE --suite ed25519.",
    exit: 4,
    status: 409,
  },
  NAME_TAKEN: {
    kind: "user",
    message: "The name {name} belongs to another publisher, {owner}",
    hint: "Choose another id in cryptlet.json, or sign with the key of that publisher.",
    exit: 4,
    status: 409,
  },
  NAME_LOOKS_ALIKE: {
    kind: "user",
    message: "{name} looks too much like {other} of another publisher: {reason}",
    hint: "Choose a name that nobody takes for the other one. Who operates the registry can allow it.",
    exit: 4,
    status: 409,
  },
  VERSION_EXISTS: {
    kind: "user",
    message: "{name}@{version} is published with other contents",
    hint: "A published version never changes. Give the package a new version in cryptlet.json and build it again.",
    exit: 4,
    status: 409,
  },
  PREDECESSOR_WRONG: {
    kind: "user",
    message: "The statement continues another release of {name} than the newest, which is {newest}",
    hint: "Somebody published meanwhile. Publish again.",
    status: 409,
  },
  CAPABILITIES_NOT_APPROVED: {
    kind: "user",
    message: "{release} asks for more than what its predecessor was given:\n{capabilities}",
    hint: "If that is meant, say so with --approve-capabilities; every host that runs it decides again for itself.",
    exit: 4,
    status: 409,
  },
  RELEASE_UNKNOWN: {
    kind: "user",
    message: "The registry has no release {release}",
    hint: "cryptlet show NAME lists the versions of a package.",
    exit: 3,
    status: 404,
  },
  RELEASE_REVOKED: {
    kind: "verification",
    message: "{release} was revoked by its publisher: {reason}",
    hint: "Use another version; a revocation is final.",
    exit: 4,
  },
  RELEASE_CONTRADICTS: {
    kind: "verification",
    message: "{release} is not what its statement says: {reason}",
    hint: "Publish from the folder that was built; nobody else can repair it, because its publisher signed it.",
    exit: 13,
  },
  BLOB_MISSING: {
    kind: "user",
    message: "The release names {file} ({digest}), and its bytes did not come with it",
    hint: "Publish with cryptlet publish, which sends every file.",
  },
  BLOB_WRONG: {
    kind: "verification",
    message: "The bytes of {digest} have another digest",
    hint: "The registry, a mirror or the disk changed them. Fetch them from another place; they are known by their digest alone.",
  },
  BLOB_UNKNOWN: {
    kind: "user",
    message: "The registry has no file {digest}",
    hint: "Files are those that releases name; cryptlet show NAME@VERSION lists them.",
    exit: 3,
    status: 404,
  },
  DISPLAY_TEXT_REFUSED: {
    kind: "user",
    message: "A registry does not show {what}: {reason}",
    hint: "Write it with letters that everybody sees, without invisible characters.",
  },
  REGISTRY_UNKNOWN: {
    kind: "user",
    message: "There is no registry at {registry}",
    hint: "A registry's folder holds registry.json. cryptlet publish --create makes one.",
    exit: 3,
  },
  REGISTRY_READ_ONLY: {
    kind: "user",
    message: "Nothing can be published into {registry}: its checkpoint key is not here",
    hint: "Publish into the registry itself and not into a copy of it, as the user who owns its private folder.",
    exit: 4,
    status: 403,
  },
  REGISTRY_DAMAGED: {
    kind: "verification",
    message: "The registry is damaged at {what}: {reason}",
    hint: "Take it from a copy or from a mirror; what its checkpoint covers can be checked there.",
    exit: 14,
  },
  REGISTRY_UNWRITABLE: {
    kind: "unavailable",
    message: "The registry cannot be written at {file}: {reason}",
    hint: "Nothing was published. Make room or give the rights, and publish again.",
  },
  REGISTRY_BUSY: {
    kind: "unavailable",
    message: "Others have been writing to the registry for half a minute ({file})",
    hint: "Try again. If nobody writes, look which process holds the lock file open.",
  },
  PUBLISHER_KEY_UNREADABLE: {
    kind: "user",
    message: "{file} is no publisher's key file: {reason}",
    hint: "cryptlet key create FILE --suite ed25519 makes one. The account that pays for deliveries is another kind of key.",
  },
  PUBLISHER_KEY_REFUSED: {
    kind: "user",
    message: "{file} does not open with this password",
    hint: "Check the password. If it is right, the file was changed: take it from a backup.",
    exit: 4,
  },
} as const satisfies Record<string, ErrorEntry>;
