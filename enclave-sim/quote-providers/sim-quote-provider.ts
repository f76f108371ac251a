import type { ReplayedLog } from "../../src/attestation/measurement-log.ts";
import type { Clock } from "../../src/core/clock.ts";
import { type Digest, digestHex } from "../../src/core/ids.ts";
import { concatBytes, hexToBytes } from "../../src/crypto/bytes.ts";
import type { SimulatedPlatform } from "../platform/simulated-platform.ts";
import type { SimulatedTee } from "../platform/tcb-encoding.ts";
import type { QuoteProvider } from "./quote-provider.ts";

/** What the simulated processor is told about what it runs; real hardware measures it itself. */
export interface SimulatedWorkload {
  readonly tee: SimulatedTee;
  readonly measured: Pick<ReplayedLog, "measurement" | "launch" | "host">;
  /** Hex; zeros where nobody signed. */
  readonly mrsigner: string;
  readonly prodId: number;
  readonly svn: number;
  readonly configId: Digest;
  readonly debug: boolean;
}

const bytesOf = (digest: string): Uint8Array => hexToBytes(digestHex(digest));

/** Quotes of a simulated platform about one workload. SIMULATED: the vendor id says so. */
export const createSimQuoteProvider = (
  platform: SimulatedPlatform,
  workload: SimulatedWorkload,
  clock: Pick<Clock, "now">,
): QuoteProvider => ({
  name: "sim",
  getEvidence: async (reportData) => {
    const { tee, measured, debug } = workload;
    const at = clock.now();
    const common = { debug, reportData };
    const configId = bytesOf(workload.configId);
    const bytes =
      tee === "sgx"
        ? platform.quote(
            {
              tee,
              ...common,
              // MRENCLAVE does not cover the host's part of the log.
              configId: concatBytes(configId, bytesOf(measured.host)),
              mrenclave: bytesOf(measured.measurement),
              mrsigner: hexToBytes(workload.mrsigner, 32),
              prodId: workload.prodId,
              svn: workload.svn,
            },
            at,
          )
        : platform.quote(
            { tee, ...common, mrConfigId: configId, rtmr3: bytesOf(measured.launch) },
            at,
          );
    const type =
      tee === "sgx" ? "application/vnd.intel.sgx.quote.v3" : "application/vnd.intel.tdx.quote.v4";
    return { type, tee, bytes, collateral: platform.collateral(tee, at) };
  },
});
