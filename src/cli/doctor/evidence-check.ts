import { existsSync } from "node:fs";

import {
  TCB_EVALUATION_NUMBER,
  nodeSecurityLevel,
} from "../../../enclave-sim/platform/tcb-levels.ts";
import { CONFIGFS_TSM_DIRECTORY } from "../../../enclave-sim/quote-providers/configfs-tsm-quote-provider.ts";
import { GRAMINE_DIRECTORY } from "../../../enclave-sim/quote-providers/gramine-quote-provider.ts";
import type { Check } from "./check.ts";

/** Interfaces of real TEEs and the drivers for them. None of the drivers was ever tried on hardware. */
const INTERFACES = [
  { at: CONFIGFS_TSM_DIRECTORY, name: "configfs-tsm (TDX, SEV-SNP)" },
  { at: GRAMINE_DIRECTORY, name: "gramine (SGX)" },
  { at: "/dev/nsm", name: "nitro (needs a helper for its ioctl)" },
] as const;

const lookAtEvidence = async (): Promise<string> => {
  const found = INTERFACES.filter(({ at }) => existsSync(at)).map(({ name }) => name);
  const level = nodeSecurityLevel(process.versions.node);
  if (level < TCB_EVALUATION_NUMBER)
    throw new Error(
      `SIMULATED evidence will say OutOfDate: Node ${process.versions.node} lacks ` +
        `${TCB_EVALUATION_NUMBER - level} security release(s)`,
    );
  return found.length === 0
    ? "no TEE here: evidence is SIMULATED"
    : `${found.join(", ")} found; its driver was never tried on hardware`;
};

/** Where evidence would come from on this machine, and how up to date it would be. */
export const evidenceCheck: Check = {
  id: "evidence",
  title: "evidence",
  required: false,
  todo: "Install the latest security release of your Node line.",
  look: lookAtEvidence,
};
