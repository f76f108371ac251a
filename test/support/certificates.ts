import forge from "node-forge";

/** PEM texts of a fresh authority and of one certificate for this machine, good for servers and clients. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;

/** For servers of tests on 127.0.0.1. */
export const createCertificates = (): Certificates => {
  const root = forge.pki.rsa.generateKeyPair(2_048);
  const leaf = forge.pki.rsa.generateKeyPair(2_048);
  const issuer = [{ name: "commonName", value: "TEST AUTHORITY" }];
  const build = (publicKey: forge.pki.PublicKey, serial: string): forge.pki.Certificate => {
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = publicKey;
    certificate.serialNumber = serial;
    certificate.validity.notBefore = new Date(Date.now() - DAY_MS);
    certificate.validity.notAfter = new Date(Date.now() + DAY_MS);
    certificate.setIssuer(issuer);
    return certificate;
  };
  const authority = build(root.publicKey, "01");
  authority.setSubject(issuer);
  authority.setExtensions([
    { name: "basicConstraints", cA: true, critical: true },
    { name: "keyUsage", keyCertSign: true, critical: true },
  ]);
  authority.sign(root.privateKey, forge.md.sha256.create());
  const issued = build(leaf.publicKey, "02");
  issued.setSubject([{ name: "commonName", value: "localhost" }]);
  issued.setExtensions([
    { name: "keyUsage", digitalSignature: true, keyEncipherment: true, critical: true },
    { name: "extKeyUsage", serverAuth: true, clientAuth: true },
    {
      name: "subjectAltName",
      altNames: [
        { type: 2, value: "localhost" },
        { type: 7, ip: "127.0.0.1" },
      ],
    },
  ]);
  issued.sign(root.privateKey, forge.md.sha256.create());
  return {
    ca: forge.pki.certificateToPem(authority),
    cert: forge.pki.certificateToPem(issued),
    key: forge.pki.privateKeyToPem(leaf.privateKey),
  };
};
