import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import type { Log } from "../core/log.ts";

/** Packages that run without the outer wall do not do so in silence: once for a switched-off wall, else one line each. */
export const warnOfWall = (
  policy: FabricConfig["enclave"]["wall"],
  cryptlets: Iterable<Pick<LoadedCryptlet, "id" | "wallMissing">>,
  log: Log,
): void => {
  if (policy === "insecure-none")
    log.warn(
      "INSECURE: enclave.wall is insecure-none, so strangers' packages share the enclave's process",
    );
  for (const { id, wallMissing } of cryptlets)
    if (wallMissing !== null)
      log.warn("INSECURE: no outer wall around a stranger's package; cryptlet doctor says why", {
        cryptlet: id,
        reason: wallMissing,
      });
};
