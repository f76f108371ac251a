import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { cryptletIdSchema, type CryptletId } from "../core/ids.ts";
import { decodeBase64 } from "../crypto/base64.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import { spkiToPem } from "../crypto/pem.ts";
import type { Evidence } from "../envelope/bundle.ts";
import type { EvidenceRenewal } from "./evidence-renewal.ts";
import type { CryptletDirectory, CryptletView } from "./fabric.ts";

/** A key as the API shows it. */
export const viewKey = (key: KeyRecord): CryptletView["keys"][number] => ({
  keyid: key.keyid,
  suite: key.suite,
  publicKey: key.publicKey,
  pem: spkiToPem(decodeBase64(key.publicKey, "public key")),
  address: key.address ?? null,
});

const viewCryptlet = (cryptlet: LoadedCryptlet, evidence: Evidence): CryptletView => ({
  id: cryptletIdSchema.parse(cryptlet.id),
  version: cryptlet.version,
  measurement: cryptlet.measurement,
  feeds: cryptlet.manifest.feeds.map(({ id }) => id),
  hosts: cryptlet.manifest.capabilities.http?.hosts.map(({ host }) => host) ?? [],
  keys: cryptlet.keys.map(viewKey),
  evidence,
  // The only enclave driver of this version is the simulator.
  simulated: true,
});

/** The loaded Cryptlets. Throws `CRYPTLET_UNKNOWN`. */
export const createCryptletDirectory = (
  cryptlets: ReadonlyMap<CryptletId, LoadedCryptlet>,
  renewal: Pick<EvidenceRenewal, "of">,
): CryptletDirectory => ({
  list: async () =>
    [...cryptlets.values()].map((cryptlet) => viewCryptlet(cryptlet, renewal.of(cryptlet))),
  async get(id) {
    const cryptlet = cryptlets.get(id);
    if (!cryptlet) throw fabricError("CRYPTLET_UNKNOWN", { cryptlet: id });
    return viewCryptlet(cryptlet, renewal.of(cryptlet));
  },
});
