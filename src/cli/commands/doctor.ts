import { fabricError } from "../../core/errors/fabric-error.ts";
import { defineCommand } from "../command.ts";
import type { CheckResult } from "../doctor/check.ts";
import type { Style } from "../style.ts";
import { formatTable } from "../table.ts";

const toText = (results: readonly CheckResult[], style: Style): string => {
  const marks = { ok: style.good("ok"), warn: style.warn("warn"), fail: style.bad("FAIL") };
  const rows = results.map(({ status, title, detail }) => [marks[status], title, detail]);
  const todos = results.flatMap(({ title, todo }) =>
    todo === null ? [] : [`  ${title}: ${todo}`],
  );
  const rest = todos.length === 0 ? ["", "All is there."] : ["", "To do:", ...todos];
  return [formatTable([], rows), ...rest].join("\n");
};

export const doctor = defineCommand({
  name: "doctor",
  group: "Operate",
  summary: "Check that this machine has what the fabric needs",
  description:
    "Looks at Node, the database, the guest engine, the native signature library, anvil, nats-server, the outer wall, " +
    "the clock, write access, the API's port, and the tools of every language that a Cryptlet may be written in, " +
    "and says for each what to do. Reaches nothing outside this machine.",
  examples: [{ command: "cryptlet doctor", says: "One line per check, then what to do." }],
  exits: { 5: "something that a host cannot do without is missing" },
  run: async ({ global, output, env, signal }) => {
    const { runCheck } = await import("../doctor/check.ts");
    const { languageChecks } = await import("../doctor/language-checks.ts");
    const { machineChecks } = await import("../doctor/machine-checks.ts");
    const { packageChecks } = await import("../doctor/package-checks.ts");
    const progress = output.progress("Looking at this machine");
    const context = { env, url: global.url, signal };
    const results = await Promise.all(
      [...machineChecks, ...packageChecks].map((check) => runCheck(check, context)),
    );
    // One after another: some start a compiler, and all of them at once would slow each other down.
    for (const check of languageChecks) results.push(await runCheck(check, context));
    progress.stop();
    const failed = results.filter(({ status }) => status === "fail");
    const result = { data: { checks: results }, text: toText(results, output.style) };
    if (failed.length === 0) return result;
    const checks = failed.map(({ title }) => title).join(", ");
    return { ...result, failure: fabricError("DOCTOR_FAILED", { checks }) };
  },
});
