import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesEqual } from "../../crypto/bytes.ts";
import { KEY_USAGE } from "./certificate-extensions.ts";
import type { Certificate } from "./certificate.ts";
import type { Crl } from "./crl.ts";
import { isWithin } from "./is-within.ts";
import { isSigned } from "./signed-by.ts";

const refuse = (issuer: Certificate, reason: string): never => {
  throw fabricError("CRL_INVALID", { reason: `${reason} (${issuer.name})` });
};

/**
 * Check that `crl` is the authentic list of `issuer`, current at `at` (ms since epoch). `issuer` was verified before.
 * Throws `CRL_INVALID`, `CRL_EXPIRED`.
 */
export const verifyCrl = (crl: Crl, issuer: Certificate, at: number): void => {
  if (!bytesEqual(crl.issuer, issuer.subject)) refuse(issuer, "it is another issuer's list");
  if (
    crl.authorityKeyId !== null &&
    issuer.subjectKeyId !== null &&
    crl.authorityKeyId !== issuer.subjectKeyId
  )
    refuse(issuer, "it names another key of its issuer");
  if (!issuer.isCa || issuer.keyUsage?.(KEY_USAGE.crlSign) !== true)
    refuse(issuer, "its issuer may not sign lists");
  if (!isSigned(crl, issuer.publicKey)) refuse(issuer, "its signature is wrong");
  if (!isWithin(at, crl.thisUpdate, crl.nextUpdate))
    throw fabricError("CRL_EXPIRED", {
      issuer: issuer.name,
      from: new Date(crl.thisUpdate).toISOString(),
      to: new Date(crl.nextUpdate).toISOString(),
    });
};
