import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { openRelease } from "../../src/key-broker/open-release.ts";
import type { CryptletIdentity } from "./cryptlet-identity.ts";
import type { CryptletPackage, LoadOptions } from "./enclave.ts";
import type { AskBroker } from "./secret-broker.ts";

/** How this load reaches the broker; null where the host has none. */
export interface BrokerAccess {
  /** The broker's challenge for this load, 32 bytes in hex. */
  readonly nonce: string;
  readonly ask: AskBroker;
}

/**
 * Values of a Cryptlet's secrets: those that the host's configuration holds, and those that the broker releases to the
 * evidence of this very load. Runs in the enclave's thread; what the broker released never leaves it.
 * Throws `SECRET_SOURCE_INVALID`, `HPKE_OPEN_FAILED` and what the broker answers with.
 */
export const collectSecrets = async (parts: {
  readonly cryptlet: CryptletPackage;
  readonly options: Pick<LoadOptions, "secrets" | "brokerSecrets">;
  readonly identity: Pick<CryptletIdentity, "keys" | "renew">;
  readonly broker: BrokerAccess | null;
  readonly signal: AbortSignal;
}): Promise<Readonly<Record<string, string>>> => {
  const { cryptlet, options, identity, broker, signal } = parts;
  const references = Object.entries(options.brokerSecrets ?? {});
  if (references.length === 0) return options.secrets;
  const { id } = cryptlet.manifest;
  const invalid = (reason: string) =>
    fabricError("SECRET_SOURCE_INVALID", { cryptlet: id, reason });
  const twice = references.find(([name]) => Object.hasOwn(options.secrets, name));
  if (twice) throw invalid(`${twice[0]} has two sources`);
  if (!broker) throw invalid("its secrets are with a key broker, and the host has none");
  const { nonce, ask } = broker;
  const names = [...new Set(references.map(([, name]) => name))];
  // The key is read before the evidence that binds it, so that a rotation in between fails and opens nothing.
  const { secretKey } = identity.keys.encryption;
  const { evidence } = await identity.renew({ purpose: "kbs", nonce }, signal);
  const answer = await ask({ nonce, evidence, secrets: names });
  const opened = await openRelease(secretKey, answer, { nonce, cryptlet: id, evidence, names });
  const released = references.map(([name, theirs]) => {
    const value = opened.get(theirs);
    // An empty value would go out as if it were the secret.
    if (value === undefined) throw invalid(`the broker did not release ${theirs}`);
    return [name, value] as const;
  });
  return { ...options.secrets, ...Object.fromEntries(released) };
};
