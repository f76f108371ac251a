import { defineCommand } from "../command.ts";

export const revoke = defineCommand({
  name: "revoke",
  group: "Publish",
  summary: "Revoke or deprecate a version that you published",
  description:
    "Signs a statement with your publisher's key that the version must not run any more, and adds it to the registry's " +
    "log. The version's files stay, because others must be able to look at what they ran. Hosts notice when they read " +
    "the log next, and stop it unless their policy says report. A revocation is final; with --deprecate the version goes " +
    "on working, and people are told not to begin with it.",
  arguments: [{ name: "release", help: "Name and version, for example gold-price@1.2.0." }],
  options: {
    registry: { kind: "text", value: "FOLDER|URL", help: "registry that it is in", required: true },
    key: { kind: "text", value: "FILE", help: "publisher's key", required: true },
    password: {
      kind: "text",
      value: "FILE",
      help: "file with the key's password, - for standard input; default: CRYPTLET_KEY_PASSWORD",
    },
    reason: { kind: "text", value: "TEXT", help: "why, for everybody who runs it", required: true },
    deprecate: { kind: "flag", help: "only say that nobody should begin with it" },
  },
  examples: [
    {
      command:
        'cryptlet revoke my-feed@1.0.0 --registry registry --key publisher.json --reason "reads the wrong contract"',
      says: "Hosts that run it stop.",
    },
  ],
  exits: {
    3: "there is no such release",
    4: "it is revoked already, or the name is another publisher's",
    5: "the registry cannot be reached or written",
    12: "the registry does not know the key, or the key was replaced",
    14: "the registry is damaged, or shows another past",
  },
  run: async ({ args, options, output, env, signal }) => {
    const { markOneRelease } = await import("../publish/mark-release.ts");
    return markOneRelease(args.release, { ...options, env, style: output.style, signal });
  },
});
