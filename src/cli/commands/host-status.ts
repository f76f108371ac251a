import { fabricError } from "../../core/errors/fabric-error.ts";
import { defineCommand } from "../command.ts";

export const hostStatus = defineCommand({
  name: "host status",
  group: "Operate",
  summary: "Ask a running host whether it is well",
  description:
    "Reads /health (every part of the host) and /live (whether its loops move) and prints a line for each.",
  examples: [
    { command: "cryptlet host status --url http://127.0.0.1:8600", says: "A line per part." },
  ],
  exits: { 5: "nothing answers at --url, or a part is not well" },
  run: async ({ global, output, signal }) => {
    const { createFabricClient } = await import("../../client/fabric-client.ts");
    const { formatTable } = await import("../table.ts");
    const { formatDuration } = await import("../duration.ts");
    const client = createFabricClient(global);
    const [health, live] = await Promise.all([client.health({ signal }), client.live({ signal })]);
    const { style } = output;
    const mark = (ok: boolean) => (ok ? style.good("ok") : style.bad("DOWN"));
    const parts = Object.entries(health.parts).map(([name, { ok, detail }]) => [
      mark(ok),
      name,
      detail,
    ]);
    const loops = Object.entries(live.loops).map(([name, { ok, idleMs, limitMs }]) => [
      mark(ok),
      `loop ${name}`,
      `moved ${formatDuration(idleMs)} ago, limit ${formatDuration(limitMs)}`,
    ]);
    const result = {
      data: { url: global.url, health, live },
      text: formatTable([], [...parts, ...loops]),
    };
    if (health.ok && live.ok) return result;
    const down = [
      ...Object.entries(health.parts).flatMap(([name, { ok }]) => (ok ? [] : [name])),
      ...Object.entries(live.loops).flatMap(([name, { ok }]) => (ok ? [] : [`loop ${name}`])),
    ];
    const failure = fabricError("HOST_UNHEALTHY", { url: global.url, parts: down.join(", ") });
    return { ...result, failure };
  },
});
