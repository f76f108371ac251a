import { isFabricError } from "../../core/errors/fabric-error.ts";
import { parseEvidenceDocument, quoteBytes } from "../evidence-document.ts";
import { plainEvidence, type PresentedEvidence } from "../presented-evidence.ts";
import type { Collateral } from "./collateral.ts";
import type { CollateralSource, EvidenceBytes } from "./collateral-source.ts";

/** Plain evidence that lacks collateral; null where it carries some, needs none or cannot be read, which its verifier says. */
const lacking = (evidence: PresentedEvidence): EvidenceBytes | null => {
  try {
    const plain = plainEvidence(evidence);
    if (plain) return plain.tee === "nitro" ? null : plain;
    if ("tee" in evidence) return null;
    const document = parseEvidenceDocument(evidence);
    return document.collateral === null ? { tee: document.tee, bytes: quoteBytes(document) } : null;
  } catch (error) {
    if (isFabricError(error)) return null;
    throw error;
  }
};

/** Collateral of a source for evidence that carries none; null where it needs none. Throws `COLLATERAL_UNAVAILABLE`. */
export const findCollateral = async (
  evidence: PresentedEvidence,
  source: CollateralSource,
  options: { readonly signal: AbortSignal },
): Promise<Collateral | null> => {
  const plain = lacking(evidence);
  if (!plain) return null;
  try {
    return await source.fetch(plain, options);
  } catch (error) {
    // Evidence that no source can read is its verifier's to refuse.
    if (isFabricError(error) && error.code !== "COLLATERAL_UNAVAILABLE") return null;
    throw error;
  }
};
