import path from "node:path";

import { buildPackage, writePackage } from "../../../enclave-sim/host/build-package.ts";
import { sourceFaultsOf } from "../../../enclave-sim/builders/source-checks/source-fault.ts";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import type { CommandResult } from "../command.ts";
import type { Style } from "../style.ts";
import { createBuildReport, defaultOutput } from "./build-report.ts";
import { formatBuild } from "./build-text.ts";

/**
 * The command's whole work. Nothing is written before everything was found in order.
 * Throws what `buildPackage` throws, `FILE_UNWRITABLE`, `USAGE_INVALID`.
 */
export const buildFolder = async (
  folder: string,
  options: {
    readonly out: string | undefined;
    readonly check: boolean;
    readonly style: Style;
    readonly signal: AbortSignal;
  },
): Promise<CommandResult> => {
  const { out, check, style, signal } = options;
  if (check && out !== undefined)
    throw fabricError("USAGE_INVALID", { fault: "--check writes nothing: leave out --out" });
  if (out !== undefined && path.resolve(out) === path.resolve(folder))
    throw fabricError("USAGE_INVALID", { fault: "--out must be another folder than the source" });
  let built: Awaited<ReturnType<typeof buildPackage>>;
  try {
    built = await buildPackage(folder, { signal });
  } catch (error) {
    if (!isFabricError(error, "SOURCE_FORBIDDEN")) throw error;
    // The list for machines; people read it in the message.
    return { data: { faults: sourceFaultsOf(error) }, text: "", failure: error };
  }
  const target = check ? null : (out ?? defaultOutput(built.manifest.id));
  const report = await createBuildReport(built, target, signal);
  if (target !== null) await writePackage(built, target);
  return { data: report, text: formatBuild(report, style) };
};
