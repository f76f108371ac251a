import { defineCommand } from "../command.ts";

export const show = defineCommand({
  name: "show",
  group: "Publish",
  summary: "Show a package: what it may touch, who signed it, its values",
  description:
    "Prints one release of a package: its feeds, everything that it may touch, its measurement, who signed it, what it " +
    "was built from, its place in the registry's log with the proof checked, marks, and its other versions. Without a " +
    "version it is the newest that stands. --values asks the host at --url for the newest rounds of its feeds and shows " +
    "what holds: signed by a key that evidence binds to this very measurement. --solidity and --typescript print the " +
    "typed interface alone, with the addresses of that host's contracts under --values. The registry is --registry, " +
    "CRYPTLET_REGISTRY, or that of the host at --url.",
  arguments: [{ name: "package", help: "name or name@version." }],
  options: {
    registry: { kind: "text", value: "FOLDER|URL", help: "registry to ask" },
    registryKey: {
      kind: "text",
      value: "KEY",
      help: "key of its checkpoints that you know, name+hash+key; else its own word is taken and said so",
    },
    values: { kind: "flag", help: "ask the host at --url for the latest values" },
    solidity: { kind: "flag", help: "print a Solidity interface of its feeds" },
    typescript: { kind: "flag", help: "print TypeScript types of its feeds" },
  },
  examples: [
    {
      command: "cryptlet show gold-price@1.0.0 --registry registry",
      says: "One version, from a folder.",
    },
    {
      command: "cryptlet show gold-price --solidity --values --url http://127.0.0.1:8600",
      says: "The interface with the addresses of the contracts that this host feeds.",
    },
  ],
  exits: {
    3: "no such package or registry",
    5: "nothing answers",
    12: "the checkpoint is not signed by that key",
    14: "the release does not stand in the log, or the registry is damaged",
  },
  run: async ({ args, options, global, output, env, signal }) => {
    const { showPackage } = await import("../registry/show-package.ts");
    return showPackage(args.package, { ...options, global, env, style: output.style, signal });
  },
});
