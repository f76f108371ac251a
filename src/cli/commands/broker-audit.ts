import { defineCommand } from "../command.ts";

export const brokerAudit = defineCommand({
  name: "broker audit",
  group: "Operate",
  summary: "Show what was put, released, refused and revoked, and check the log's chain",
  description:
    "Every event is chained to all before it; the first that does not fit ends the command. The head printed last may be " +
    "kept elsewhere: a log that was cut off no longer holds it.",
  options: {
    after: {
      kind: "integer",
      value: "NUMBER",
      help: "events behind this one",
      minimum: 0,
      maximum: 2_147_483_647,
      default: 0,
    },
  },
  examples: [{ command: "cryptlet broker audit --after 100", says: "Events from number 101 on." }],
  exits: { 1: "the log was changed" },
  run: async ({ options, global, env }) => {
    const { withVault } = await import("../broker-source.ts");
    const { formatTable } = await import("../table.ts");
    const page = { afterSeq: options.after, limit: 10_000 };
    const events = await withVault(global, env, (vault) => vault.audit(page));
    const rows = events.map(({ seq, at, event }) => [
      String(seq),
      new Date(at).toISOString(),
      event.action,
      event.secret,
      "host" in event
        ? `${event.host} ${event.cryptlet} ${event.reason}`.trim()
        : `version ${event.version}`,
    ]);
    const head = events.at(-1)?.head ?? null;
    return {
      data: { events, head },
      text:
        rows.length === 0
          ? "No event."
          : `${formatTable(["Number", "Time", "Action", "Secret", ""], rows)}\nhead ${head}`,
    };
  },
});
