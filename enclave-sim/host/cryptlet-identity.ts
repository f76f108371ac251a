import { MEASURED, replayMeasurementLog } from "../../src/attestation/measurement-log.ts";
import { type Registration, ZERO_WORD } from "../../src/attestation/report-data.ts";
import type { Clock } from "../../src/core/clock.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { Digest } from "../../src/core/ids.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import type { KeyRecord, SigningKey } from "../../src/crypto/key-record.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import { readSigstruct, type SignedPackage } from "../platform/sigstruct.ts";
import type { Wall } from "../protocol/lane.ts";
import { DEFAULT_SOURCE } from "../quote-providers/create-quote-provider.ts";
import { createSimQuoteProvider } from "../quote-providers/sim-quote-provider.ts";
import type { AttestedKeys, RenewRequest } from "./attestation-calls.ts";
import type { CryptletPackage, LoadOptions } from "./enclave.ts";
import { hostLog, hostQuotes, openPlatform } from "./host-platform.ts";
import {
  EVIDENCE_VALID_MS,
  makeEvidence,
  makeLayeredEvidence,
  type Subject,
} from "./make-evidence.ts";
import type { CryptletContents } from "./measure-package.ts";
import { measurePlatform } from "./measure-platform.ts";
import type { SealIdentity } from "./seal.ts";
import { type Keyset, type NumberedKeyset, openKeysets, recordsOf } from "./sealed-keys.ts";
import { openSealedStorage, type SealedStorage } from "./sealed-storage.ts";

/** Who a loaded Cryptlet is: its keys, and evidence of them. Secret halves stay in this thread. */
export interface CryptletIdentity {
  /** Of the moment: after a rotation these are the new ones as soon as they sign. */
  readonly keys: Keyset;
  readonly description: {
    /** PEM of the root that the evidence ends in. */
    readonly platformRoot: string;
    /** Name of the keysets for a monotonic counter, and number of the newest at the start. */
    readonly keyset: string;
    readonly epoch: number;
  };
  /** Who signed the package; null where nobody did. */
  readonly publisher: SignedPackage | null;
  /** What its state and the uses of its secrets are kept under. */
  readonly storage: SealedStorage;
  readonly debug: boolean;
  /** What group shares are sealed in and under. */
  readonly seals: { readonly directory: string; readonly identity: SealIdentity };
  /** The key of a group's member, which stays the member's through rotations; null for a key of somebody else. */
  memberKey(keyid: string): SigningKey | null;
  /** Evidence of the keyset of a member's key, with further keys beside it. Null for a key of somebody else. */
  attestMember(
    keyid: string,
    parts: { readonly more: readonly KeyRecord[]; readonly nonce: string },
    signal?: AbortSignal,
  ): Promise<AttestedKeys | null>;
  renew(request: RenewRequest, signal?: AbortSignal): Promise<AttestedKeys>;
  rotate(overlapMs: number, signal?: AbortSignal): Promise<AttestedKeys>;
}

/** Longest overlap of two keysets, in ms: a year. */
const MAX_OVERLAP_MS = 365 * 86_400_000;

/** Digest of what the operator chose. Secrets by name only: their values must not be guessable from evidence. */
const configurationId = (options: LoadOptions): Digest => {
  const { fabric, secrets, sources, configuration = null, brokerSecrets, chains = [] } = options;
  // Where a feed stands is no configuration: the same host must have the same id after a restart.
  const feeds = options.feeds.map(
    ({ feed, cryptletFeed, feedHash, parameters, validForMs, quorum }) => ({
      feed,
      cryptletFeed,
      feedHash,
      parameters,
      validForMs,
      ...(quorum ? { quorum } : {}),
    }),
  );
  const batches = options.batches?.map(({ feed, batchHash, members }) => ({
    feed,
    batchHash,
    members,
  }));
  // Endpoints may carry keys; how many must be asked is in the manifest.
  const reads = chains.map(({ chain, chainId, endpoints }) => ({
    chain,
    chainId,
    endpoints: endpoints.length,
  }));
  const names = Object.keys(secrets).toSorted();
  const brokered = brokerSecrets ? { brokerSecrets } : {};
  const content = {
    fabric,
    feeds,
    secrets: names,
    sources,
    configuration,
    chains: reads,
    ...brokered,
    ...(batches && batches.length > 0 ? { batches } : {}),
    ...(options.groups ? { groups: options.groups } : {}),
  };
  return digestOf(new TextEncoder().encode(canonicalJson(content)));
};

const publisherOf = (cryptlet: CryptletPackage, measurement: Digest): SignedPackage | null => {
  if (!cryptlet.sigstruct) return null;
  const signed = readSigstruct(cryptlet.sigstruct);
  if (signed.measurement !== measurement)
    throw fabricError("SIGSTRUCT_MISMATCH", { measurement, signed: signed.measurement });
  return signed;
};

/** What is quoted and sealed under: nobody's name, product 0, version 0 where nobody signed. */
const UNSIGNED = { mrsigner: ZERO_WORD, prodId: 0, svn: 0 } as const;

/**
 * Open the identity of a measured package: publisher, keys, platform. A package that nobody signed runs in debug mode,
 * as an enclave without a publisher does.
 * Throws `SIGSTRUCT_INVALID`, `SIGSTRUCT_MISMATCH`, `SEAL_REFUSED`.
 */
export const openCryptletIdentity = async (parts: {
  readonly cryptlet: CryptletPackage;
  readonly options: LoadOptions;
  readonly contents: CryptletContents;
  /** An inspector is open, or the enclave was started for development. */
  readonly debug: boolean;
  readonly wall: Wall;
  readonly clock: Clock;
}): Promise<CryptletIdentity> => {
  const { cryptlet, options, clock } = parts;
  const { manifest } = cryptlet;
  const { sealDirectory, evidence: source = DEFAULT_SOURCE } = options;
  const hostContents = measurePlatform({ lane: manifest.lane, wall: parts.wall });
  const events = { ...hostContents, ...parts.contents, "end-of-launch": "" };
  const log = MEASURED.map((type) => ({ type, content: events[type] }));
  const measured = replayMeasurementLog(log);
  const publisher = publisherOf(cryptlet, measured.measurement);
  const signer = publisher ?? UNSIGNED;
  const debug = parts.debug || publisher === null;
  const platform = await openPlatform(sealDirectory, clock.now());
  const sealIdentity: SealIdentity = {
    mrenclave: measured.measurement,
    mrsigner: signer.mrsigner,
    prodId: signer.prodId,
    svn: signer.svn,
    cpuSvn: platform.cpuSvn,
    debug,
  };
  const keysets = await openKeysets(sealDirectory, sealIdentity);
  const storage = await openSealedStorage(sealDirectory, sealIdentity);
  const registration: Subject["registration"] = {
    profile: profileOf(manifest.lane),
    cryptlet: manifest.id,
    manifestDigest: digestOf(cryptlet.manifestBytes),
    configId: configurationId(options),
    encryptionKey: ZERO_WORD,
  };
  const workload = { ...signer, measured, configId: registration.configId, debug };
  const evidenceOf = (subject: Subject, request: Parameters<typeof makeEvidence>[2]) => {
    if (source.provider === "sim" && !source.layered) {
      const quotes = createSimQuoteProvider(platform, { ...workload, tee: source.tee }, clock);
      return makeEvidence(quotes, subject, request);
    }
    const host = { log: hostLog(hostContents), debug, clock };
    const { hostKey } = platform;
    return makeLayeredEvidence(hostQuotes(platform, source, host), { subject, hostKey }, request);
  };
  const attest = async (
    keyset: NumberedKeyset,
    { purpose = "register", nonce = ZERO_WORD }: RenewRequest,
    signal: AbortSignal | undefined,
    more: readonly KeyRecord[] = [],
  ): Promise<AttestedKeys> => {
    const at = clock.now();
    const keys = [...recordsOf(keyset), ...more];
    const subject: Subject = {
      log,
      registration: { ...registration, encryptionKey: keyset.encryption.publicKey },
      keys,
      epoch: keyset.epoch,
    };
    const request = { purpose, nonce, at, ...(signal ? { signal } : {}) };
    const notAfter = at + EVIDENCE_VALID_MS;
    const { epoch, activeFrom } = keyset;
    return {
      keys,
      epoch,
      evidence: await evidenceOf(subject, request),
      notBefore: activeFrom,
      notAfter,
    };
  };
  const current = () => keysets.current(clock.now());
  return {
    keys: liveKeys(current),
    description: {
      platformRoot: platform.rootPem,
      keyset: `keyset/${measured.measurement}${debug ? "/debug" : ""}`,
      epoch: keysets.newest().epoch,
    },
    publisher,
    storage,
    debug,
    seals: { directory: sealDirectory, identity: sealIdentity },
    memberKey: (keyid) => keysets.find(keyid)?.ed25519 ?? null,
    attestMember: async (keyid, { more, nonce }, signal) => {
      const keyset = keysets.find(keyid);
      return keyset ? attest(keyset, { nonce }, signal, more) : null;
    },
    renew: (request, signal) => attest(current(), request, signal),
    rotate: async (overlapMs, signal) => {
      if (!Number.isSafeInteger(overlapMs) || overlapMs < 0 || overlapMs > MAX_OVERLAP_MS)
        throw fabricError("ROTATION_INVALID", { overlapMs, limit: MAX_OVERLAP_MS });
      const now = clock.now();
      const newest = keysets.newest();
      const next = newest.activeFrom > now ? newest : await keysets.add(now + overlapMs);
      return attest(next, {}, signal);
    },
  };
};

const profileOf = (lane: CryptletPackage["manifest"]["lane"]): Registration["profile"] =>
  `cryptlet/${lane}/v1`;

/** The keys of whichever keyset signs when they are read. */
const liveKeys = (current: () => Keyset): Keyset => ({
  get ed25519() {
    return current().ed25519;
  },
  get secp256k1() {
    return current().secp256k1;
  },
  get encryption() {
    return current().encryption;
  },
});
