import { defineCommand } from "../command.ts";

export const publisherRotate = defineCommand({
  name: "publisher rotate",
  group: "Publish",
  summary: "Go on publishing with another key",
  description:
    "Tells the registry's log that another key signs for you from now on; both keys sign that. Your publisher's id, by " +
    "which hosts accept your releases, stays the id of your first key, and so do your names. The old key signs nothing " +
    "more. Whoever lost the old key cannot do this, and neither can who stole it without the new one.",
  options: {
    registry: {
      kind: "text",
      value: "FOLDER|URL",
      help: "registry that knows you",
      required: true,
    },
    key: { kind: "text", value: "FILE", help: "the key that signs now", required: true },
    password: {
      kind: "text",
      value: "FILE",
      help: "file with its password; default: CRYPTLET_KEY_PASSWORD",
    },
    newKey: { kind: "text", value: "FILE", help: "the key that follows it", required: true },
    newPassword: {
      kind: "text",
      value: "FILE",
      help: "file with the new key's password; default: the same",
    },
  },
  examples: [
    {
      command:
        "cryptlet publisher rotate --registry registry --key publisher.json --new-key publisher-2.json",
      says: "From the next release on the second key signs.",
    },
  ],
  exits: {
    4: "a key was used before, or a password is wrong",
    5: "the registry cannot be reached or written",
    12: "the registry does not know the key, or another one follows it already",
  },
  run: async ({ options, env, signal }) => {
    const { rotateKey } = await import("../publish/rotate-key.ts");
    return rotateKey({ ...options, env, signal });
  },
});
