import { packageBuilders } from "../../../enclave-sim/builders/package-builders.ts";
import type { PackageBuilder } from "../../../enclave-sim/builders/package-builder.ts";
import type { Check } from "./check.ts";

const lookAt =
  ({ tools }: PackageBuilder): Check["look"] =>
  async ({ signal }) => {
    const found = await Promise.all(
      tools.map(async (tool) => ({ name: tool.name, said: await tool.find({ signal }) })),
    );
    const missing = found.filter(({ said }) => said === null).map(({ name }) => name);
    if (missing.length > 0) throw new Error(`missing: ${missing.join(", ")}`);
    return found.length === 0 ? "comes with the fabric" : found.map(({ said }) => said).join("; ");
  };

/** One check per language that a Cryptlet may be written in: who writes in another does not need it. */
export const languageChecks: readonly Check[] = packageBuilders.map((builder) => ({
  id: `language-${builder.language}`,
  title: `Cryptlets in ${builder.language}`,
  required: false,
  todo: `${[...new Set(builder.tools.map(({ install }) => install))].join(" and ")}; only for who writes Cryptlets in ${builder.language}.`,
  look: lookAt(builder),
}));
