import { defineCommand } from "../command.ts";

export const registrySync = defineCommand({
  name: "registry sync",
  group: "Publish",
  summary: "Copy a registry into a folder, and verify all of it",
  description:
    "Fetches what is new since the last time, by log position: the checkpoint must be signed by the registry's key and " +
    "continue the copy's own log, every entry must stand under it and keep the log's rules with every signature, every " +
    "file must have its digest. The copy is a registry without the key to sign: search, show, hosts and other copies " +
    "read it, without any network. Nothing is seen of a run before its end, and one that was killed is gone on with. " +
    "The first run needs --registry-key as the registry's operator publishes it, or --trust-first.",
  options: {
    from: {
      kind: "text",
      value: "FOLDER|URL",
      help: "registry, or another copy of it",
      required: true,
    },
    to: { kind: "text", value: "FOLDER", help: "where the copy is kept", required: true },
    registryKey: {
      kind: "text",
      value: "KEY",
      help: "key of its checkpoints, name+hash+key; a copy keeps it",
    },
    trustFirst: {
      kind: "flag",
      help: "believe the key that the source itself names, this once",
    },
  },
  examples: [
    {
      command:
        "cryptlet registry sync --from https://registry.example.com --to mirror --trust-first",
      says: "A first copy, and the same line without the last flag from then on.",
    },
    {
      command: "cryptlet registry sync --from mirror --to /media/stick/mirror --trust-first",
      says: "From a copy to a machine without network.",
    },
  ],
  exits: {
    3: "there is no registry",
    4: "the folder holds something else",
    5: "the source cannot be reached",
    11: "a signature is wrong",
    12: "another key signed",
    13: "a release is not what its statement says",
    14: "entries or files were altered, or the log was forked, cut or is behind",
  },
  run: async ({ options, output, env, global, signal }) => {
    const { syncFolder } = await import("../registry/sync-folder.ts");
    return syncFolder({ ...options, global, env, output, signal });
  },
});
