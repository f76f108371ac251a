import { parseEvidenceDocument } from "../attestation/evidence-document.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { digestSchema } from "../core/ids.ts";
import type { CommandResult } from "./command.ts";
import { loadOnce } from "./load-once.ts";
import { openPackage } from "./open-package.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

/** The command's whole work. Throws `PACKAGE_*`, `CRYPTLET_INIT_FAILED`, `USAGE_INVALID`. */
export const measurePackageFolder = async (
  folder: string,
  options: {
    readonly expect: string | undefined;
    readonly style: Style;
    readonly signal: AbortSignal;
  },
): Promise<CommandResult> => {
  const { style, signal } = options;
  const expected = digestSchema.nullable().safeParse(options.expect ?? null);
  if (!expected.success)
    throw fabricError("USAGE_INVALID", {
      fault: "--expect must be sha256: and 64 lower-case hex characters",
    });
  const { found, built } = await openPackage(folder);
  const { measurement, evidence } = await loadOnce(found, signal, (loaded) => loaded);
  const { log } = parseEvidenceDocument(evidence);
  const { id, version } = found.manifest;
  const rows = log.map(({ type, content }) => [type, content === "" ? "-" : content]);
  const result = {
    data: { id, version, measurement, simulated: true, built, log },
    text: [
      `${style.bold(measurement)}  ${id} ${version}${built ? ", built just now" : ""}`,
      "",
      formatTable(["event", "content"], rows),
      "",
      "The measurement covers interpreter, bundle and manifest: it is the same on every machine.",
      style.warn("Measured in the SIMULATED enclave of this machine."),
    ].join("\n"),
  };
  if (expected.data === null || expected.data === measurement) return result;
  const failure = fabricError("MEASUREMENT_UNEXPECTED", { measurement, expected: expected.data });
  return { ...result, failure };
};
