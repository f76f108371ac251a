import { generateKeyPair, randomBytes } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { promisify } from "node:util";
import forge from "node-forge";

/** Stands as common name in every certificate, so that nobody takes one for a provider's. */
export const EMULATOR_NAME = "EMULATOR - NOT A REAL PROVIDER";

/** An authority that lives as long as the emulator; its key is never written anywhere. */
export interface CertificateAuthority {
  readonly certificatePem: string;
  /** Key and certificate for one DNS name, made once. */
  contextFor(host: string): SecureContext;
}

const VALID_DAYS = 30;
const generate = promisify(generateKeyPair);

/** A fresh RSA-2048 authority: node-forge signs RSA only, node:crypto makes the keys faster. */
export const createCertificateAuthority = async (now: number): Promise<CertificateAuthority> => {
  const [root, leaf] = await Promise.all([rsaKey(), rsaKey()]);
  const subject = [
    { name: "commonName", value: EMULATOR_NAME },
    { name: "organizationName", value: "Cryptlet Fabric provider emulator" },
  ];
  const certificate = blankCertificate(root, now);
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: "basicConstraints", cA: true, critical: true },
    { name: "keyUsage", keyCertSign: true, critical: true },
    { name: "subjectKeyIdentifier" },
  ]);
  certificate.sign(root.privateKey, forge.md.sha256.create());
  const certificatePem = forge.pki.certificateToPem(certificate);
  const contexts = new Map<string, SecureContext>();
  return {
    certificatePem,
    contextFor: (host) => {
      const known = contexts.get(host);
      if (known) return known;
      const issued = blankCertificate(leaf, now);
      issued.setSubject([{ name: "commonName", value: EMULATOR_NAME }]);
      issued.setIssuer(subject);
      issued.setExtensions([
        { name: "basicConstraints", cA: false, critical: true },
        { name: "keyUsage", digitalSignature: true, keyEncipherment: true, critical: true },
        { name: "extKeyUsage", serverAuth: true },
        { name: "subjectAltName", altNames: [{ type: 2, value: host }] },
      ]);
      issued.sign(root.privateKey, forge.md.sha256.create());
      const cert = `${forge.pki.certificateToPem(issued)}${certificatePem}`;
      const context = createSecureContext({ key: leaf.pem, cert, minVersion: "TLSv1.2" });
      contexts.set(host, context);
      return context;
    },
  };
};

interface RsaKey {
  readonly pem: string;
  readonly privateKey: forge.pki.rsa.PrivateKey;
  readonly publicKey: forge.pki.rsa.PublicKey;
}

const rsaKey = async (): Promise<RsaKey> => {
  const { privateKey } = await generate("rsa", {
    modulusLength: 2_048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const parsed = forge.pki.privateKeyFromPem(privateKey);
  return {
    pem: privateKey,
    privateKey: parsed,
    publicKey: forge.pki.setRsaPublicKey(parsed.n, parsed.e),
  };
};

const blankCertificate = (key: RsaKey, now: number): forge.pki.Certificate => {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = key.publicKey;
  // Positive: the first bit of a DER integer is its sign.
  certificate.serialNumber = `01${randomBytes(15).toString("hex")}`;
  certificate.validity.notBefore = new Date(now - 3_600_000);
  certificate.validity.notAfter = new Date(now + VALID_DAYS * 86_400_000);
  return certificate;
};
