import { isFabricError } from "../../core/errors/fabric-error.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import { parseSnpReport } from "../sev-snp/snp-report.ts";
import type { EvidenceBytes } from "./collateral-source.ts";
import { readPckFacts } from "./pck-facts.ts";

/** Reported TCB of a report: with the chip's id, what its key's certificate is made for. */
const REPORTED_TCB = { start: 0x180, end: 0x188 };

const readKey = ({ tee, bytes }: EvidenceBytes): string | null => {
  switch (tee) {
    case "sgx":
    case "tdx": {
      const { fmspc, ca } = readPckFacts(bytes);
      return `${tee} ${fmspc} ${ca}`;
    }
    case "sev-snp": {
      const { chipId, signingKey } = parseSnpReport(bytes);
      const tcb = bytesToHex(bytes.subarray(REPORTED_TCB.start, REPORTED_TCB.end));
      return `${tee} ${signingKey} ${chipId} ${tcb}`;
    }
    case "nitro":
      return null;
  }
};

/**
 * What two pieces of evidence have in common whose collateral is the same; null for what needs none or cannot be read.
 * Nothing is verified: a liar gets somebody else's collateral, under which its evidence does not hold.
 */
export const collateralKey = (evidence: EvidenceBytes): string | null => {
  try {
    return readKey(evidence);
  } catch (error) {
    if (isFabricError(error)) return null;
    throw error;
  }
};
