import { readOnchainForm } from "./onchain-form.ts";
import { packReport, type FeedSigners } from "./pack-report.ts";

const FORM = "02";

/**
 * The same as `encodePythUpdate` in the form that costs least on chain (byte 2; layout: `PythFacade`). It fits one signer
 * set: where that has changed meanwhile the contract refuses with `InvalidUpdateData`, and `encodePythUpdate` still fits.
 * Throws `BUNDLE_MALFORMED` (also when too few of the members signed), `JSON_MALFORMED`, `INPUT_TOO_LARGE`,
 * `BASE64_INVALID`, `STATEMENT_MALFORMED`.
 * @example
 * ```ts
 * const [threshold, notAfter, members] = await feed.signerSet();
 * const item = packPythUpdate(bundle, { threshold: Number(threshold), notAfter: Number(notAfter), members });
 * ```
 */
export const packPythUpdate = (bundle: unknown, signers: FeedSigners): `0x${string}` => {
  const { feedHash, report, digest, proof } = packReport(readOnchainForm(bundle), signers);
  return `0x${FORM}${feedHash}${report}${digest}${proof}`;
};
