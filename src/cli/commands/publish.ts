import { defineCommand } from "../command.ts";

export const publish = defineCommand({
  name: "publish",
  group: "Publish",
  summary: "Publish a package under your name, for ever",
  description:
    "Builds the folder (or takes one that was built), measures it, signs a statement of everything that it is (files by " +
    "their digests, measurement, capabilities, in-toto provenance of its sources) with your publisher's key, and adds " +
    "it to a registry's log. The first publication of a name gives the name to your key. A published version never " +
    "changes: the same bytes again are success without a new entry, others are refused. A version that asks for more " +
    "than the one before it needs --approve-capabilities. The password of the key comes from --password or from " +
    "CRYPTLET_KEY_PASSWORD.",
  arguments: [{ name: "folder", help: "Folder of a Cryptlet's source, or of a built package." }],
  options: {
    registry: {
      kind: "text",
      value: "FOLDER|URL",
      help: "registry to publish into",
      required: true,
    },
    key: {
      kind: "text",
      value: "FILE",
      help: "publisher's key, of cryptlet key create --suite ed25519",
      required: true,
    },
    password: {
      kind: "text",
      value: "FILE",
      help: "file with the key's password, - for standard input",
    },
    publisher: {
      kind: "text",
      value: "NAME",
      help: "name that people see, taken at the first publication; default: part of the key's id",
    },
    source: {
      kind: "text",
      value: "FOLDER",
      help: "of a built package: what it was built from; it is built again and must be the same",
    },
    create: { kind: "flag", help: "make the registry's folder where there is none" },
    approveCapabilities: {
      kind: "flag",
      help: "this version may ask for more than the one before it",
    },
    allowSimilarName: {
      kind: "flag",
      help: "in a registry of your own: let a name through that looks like another",
    },
  },
  examples: [
    {
      command: "cryptlet publish my-feed --registry registry --create --key publisher.json",
      says: "Into a folder, which becomes a registry.",
    },
    {
      command:
        "cryptlet publish dist/cryptlets/my-feed --source my-feed --registry https://registry.example.com --key publisher.json",
      says: "A package that was signed for SGX, with the sources that it comes from.",
    },
  ],
  exits: {
    3: "a file or the registry is not there",
    4: "the name is taken or looks like another, the version exists, capabilities are not approved, the password is wrong",
    5: "the registry cannot be reached or written",
    12: "the registry does not know the key",
    13: "the package is not what its statement says",
    14: "the registry is damaged, or shows another past",
  },
  run: async ({ args, options, output, env, signal }) => {
    const { publishFolder } = await import("../publish/publish-folder.ts");
    return publishFolder(args.folder, { ...options, env, style: output.style, signal });
  },
});
