import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import type { CryptletPackage } from "../../enclave-sim/host/enclave.ts";
import { parseEvidenceDocument } from "../attestation/evidence-document.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { digestSchema, fabricIdSchema } from "../core/ids.ts";
import type { CommandResult } from "./command.ts";
import { openPackage } from "./open-package.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";
import { createTemporaryFolder } from "./temporary-folder.ts";

/** Load it once in an enclave of its own: the memory that the bundle leaves is part of the measurement. */
const loadOnce = async (found: CryptletPackage, signal: AbortSignal) => {
  const folder = createTemporaryFolder("cryptlet-measure-");
  const enclave = createEnclave();
  const names = found.manifest.capabilities.secrets?.map(({ name }) => name) ?? [];
  try {
    const { measurement, evidence } = await enclave.load(
      found,
      {
        fabric: fabricIdSchema.parse("measure"),
        // Values are configuration and not measured.
        secrets: Object.fromEntries(names.map((name) => [name, "not-a-secret"])),
        sources: { mode: "live", allowPrivateAddresses: false },
        feeds: [],
        sealDirectory: folder.path,
      },
      { signal },
    );
    return { measurement, log: parseEvidenceDocument(evidence).log };
  } finally {
    await enclave.close();
    await folder.remove();
  }
};

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
  const { measurement, log } = await loadOnce(found, signal);
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
