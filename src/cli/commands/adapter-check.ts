import { fabricError } from "../../core/errors/fabric-error.ts";
import { defineCommand } from "../command.ts";

export const adapterCheck = defineCommand({
  name: "adapter check",
  group: "Operate",
  summary: "Ask a chain everything that a delivery will need of it, before there is one",
  description:
    "Looks at every endpoint, whether enough of them agree, the chain's id, which finality it can tell, today's fees " +
    "under the configured cap, whether the signer signs (a transfer of nothing that is never sent), its balance, and " +
    "each bound feed's contract: that it knows the feed, with the same decimals and signers that still count. Sends " +
    "nothing.",
  arguments: [{ name: "chain", help: "Name of a chain; default: all.", optional: true }],
  examples: [
    { command: "cryptlet adapter check", says: "Every chain of the configuration." },
    { command: "cryptlet adapter check mainnet --json", says: "One chain, for a machine to read." },
  ],
  exits: { 5: "something is not as a delivery needs it" },
  run: async ({ args, global, output, env, signal }) => {
    const { loadConfig } = await import("../../core/config/load-config.ts");
    const { checkChain } = await import("../adapter/check-chain.ts");
    const { formatTable } = await import("../table.ts");
    const file = global.config;
    const config = loadConfig({ ...(file === undefined ? {} : { file }), env, cwd: process.cwd() });
    const chosen = config.chains.filter(
      ({ name }) => args.chain === undefined || name === args.chain,
    );
    if (chosen.length === 0)
      throw fabricError("USAGE_INVALID", {
        fault: `the configuration has no chain ${args.chain ?? "at all"}`,
      });
    const progress = output.progress("Asking the chains");
    const chains = [];
    try {
      for (const chain of chosen)
        chains.push({ chain: chain.name, findings: await checkChain(config, chain, signal) });
    } finally {
      progress.stop();
    }
    const { style } = output;
    const rows = chains.flatMap(({ chain, findings }) =>
      findings.map(({ ok, part, detail, code }) => [
        ok ? style.good("ok") : style.bad("FAIL"),
        chain,
        part,
        code === null ? detail : `${code}: ${detail}`,
      ]),
    );
    const result = { data: { chains }, text: formatTable([], rows) };
    const failed = chains.flatMap(({ chain, findings }) =>
      findings.flatMap(({ ok, part }) => (ok ? [] : [`${chain} ${part}`])),
    );
    if (failed.length === 0) return result;
    return { ...result, failure: fabricError("CHAIN_CHECK_FAILED", { parts: failed.join(", ") }) };
  },
});
