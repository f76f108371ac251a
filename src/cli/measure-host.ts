import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import { parseEvidenceDocument } from "../attestation/evidence-document.ts";
import { type MeasurementLog, replayMeasurementLog } from "../attestation/measurement-log.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { type Digest, digestSchema } from "../core/ids.ts";
import { createSigningKey } from "../crypto/key-record.ts";
import type { CommandResult } from "./command.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";
import { createTemporaryFolder } from "./temporary-folder.ts";

/** What `cryptlet enclave measure --host` found out. */
export interface HostMeasurement {
  readonly subject: "host";
  /** What evidence of a host that runs this very installation shows. */
  readonly measurement: Digest;
  readonly simulated: true;
  readonly log: MeasurementLog;
}

/**
 * The log of this installation's enclave, out of evidence that it makes about a key that is thrown away: so the code is
 * measured where it runs, by what measures it for an attested endpoint.
 */
const hostLog = async (signal: AbortSignal): Promise<MeasurementLog> => {
  const folder = createTemporaryFolder("cryptlet-measure-");
  const enclave = createEnclave();
  try {
    const keys = [createSigningKey("p256-sha256").record];
    const request = { sealDirectory: folder.path, purpose: "ra-tls", keys } as const;
    const { evidence } = await enclave.attestHost(request, { signal });
    return parseEvidenceDocument(evidence).log;
  } finally {
    await enclave.close();
    await folder.remove();
  }
};

/** The command's work where the host is meant. Throws `USAGE_INVALID`, `INTERRUPTED`. */
export const measureHost = async (options: {
  readonly expect: string | undefined;
  readonly style: Style;
  readonly signal: AbortSignal;
}): Promise<CommandResult> => {
  const { style, signal } = options;
  const expected = digestSchema.nullable().safeParse(options.expect ?? null);
  if (!expected.success)
    throw fabricError("USAGE_INVALID", {
      fault: "--expect must be sha256: and 64 lower-case hex characters",
    });
  const log = await hostLog(signal);
  const { measurement } = replayMeasurementLog(log);
  const data: HostMeasurement = { subject: "host", measurement, simulated: true, log };
  const rows = log.map(({ type, content }) => [type, content === "" ? "-" : content]);
  const result = {
    data,
    text: [
      `${style.bold(measurement)}  the host itself, without any Cryptlet`,
      "",
      formatTable(["event", "content"], rows),
      "",
      "A host shows it when it runs this release on this version of Node, on this kind of machine.",
      style.warn("Measured in the SIMULATED enclave of this machine."),
    ].join("\n"),
  };
  if (expected.data === null || expected.data === measurement) return result;
  const failure = fabricError("MEASUREMENT_UNEXPECTED", { measurement, expected: expected.data });
  return { ...result, failure };
};
