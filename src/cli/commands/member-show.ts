import { defineCommand } from "../command.ts";

export const memberShow = defineCommand({
  name: "member show",
  group: "Operate",
  summary: "Print a running host as a member of a quorum",
  description:
    "What the other hosts' configuration needs of the host at --url: its name and the keys of its enclaves, as an entry of " +
    "quorum.members. It is read from evidence of this moment and not verified: carry it on a way that the others believe.",
  arguments: [{ name: "id", help: "Name that the host shall have among the members." }],
  options: {
    rootOut: {
      kind: "text",
      value: "FILE",
      help: "write the root of its simulated platform, in PEM, to a new file, and name it in the entry",
    },
  },
  examples: [
    {
      command: "cryptlet member show host-a --root-out host-a.root.pem > host-a.json",
      says: "An entry for quorum.members on every host, and the root that belongs to it.",
    },
  ],
  exits: { 3: "the host runs no Cryptlet", 5: "nothing answers at --url" },
  run: async ({ args, options, global, signal }) => {
    const { describeMember } = await import("../describe-member.ts");
    const data = await describeMember(args.id, { ...options, url: global.url, signal });
    return { data, text: JSON.stringify(data, null, 2) };
  },
});
