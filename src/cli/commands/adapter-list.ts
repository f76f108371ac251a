import { defineCommand } from "../command.ts";

export const adapterList = defineCommand({
  name: "adapter list",
  group: "Operate",
  summary: "List the chains of a host's configuration",
  description:
    "Prints each chain with its endpoints' names, how many of them must agree, finality, fees, signer, and how many " +
    "feeds go there. Nothing is asked of any chain: cryptlet adapter check does that.",
  examples: [
    { command: "cryptlet adapter list --config fabric.json", says: "One line per chain." },
  ],
  run: async ({ global, env }) => {
    const { formatFinality } = await import("../adapter/finality-text.ts");
    const { loadConfig } = await import("../../core/config/load-config.ts");
    const { formatTable } = await import("../table.ts");
    const file = global.config;
    const config = loadConfig({ ...(file === undefined ? {} : { file }), env, cwd: process.cwd() });
    const chains = config.chains.map(({ name, kind, chainId, endpoints, quorum, ...rest }) => ({
      name,
      kind,
      chainId,
      endpoints: endpoints.map((endpoint) => endpoint.name),
      quorum,
      finality: rest.finality,
      fees: rest.fees.kind,
      signer: rest.signer.kind,
      bindings: config.bindings.filter(({ chain }) => chain === name).length,
    }));
    const rows = chains.map((chain) => [
      chain.name,
      `${chain.kind} ${chain.chainId}`,
      `${chain.quorum} of ${chain.endpoints.length}`,
      formatFinality(chain.finality),
      chain.fees,
      chain.signer,
      String(chain.bindings),
    ]);
    const headings = ["chain", "kind", "endpoints", "finality", "fees", "signer", "feeds"];
    const text =
      rows.length === 0 ? "The configuration has no chain." : formatTable(headings, rows);
    return { data: { chains }, text };
  },
});
