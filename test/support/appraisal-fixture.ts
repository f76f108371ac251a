import {
  makeEvidence,
  makeLayeredEvidence,
  type Subject,
} from "../../enclave-sim/host/make-evidence.ts";
import type {
  QuoteProvider,
  TeeEvidence,
} from "../../enclave-sim/quote-providers/quote-provider.ts";
import { createSimQuoteProvider } from "../../enclave-sim/quote-providers/sim-quote-provider.ts";
import type { AppraisalPolicyInput } from "../../src/attestation/appraisal-policy.ts";
import { MEASURED, replayMeasurementLog } from "../../src/attestation/measurement-log.ts";
import { type Purpose, ZERO_WORD } from "../../src/attestation/report-data.ts";
import type { TrustAnchor } from "../../src/attestation/trust-anchors.ts";
import { digestSchema } from "../../src/core/ids.ts";
import { createSigningKey } from "../../src/crypto/key-record.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import { createNitroFixture } from "./nitro-fixture.ts";
import { createPlatformFixture, PLATFORM_AT } from "./simulated-platform-fixture.ts";

/** When every piece of evidence of the fixture holds, ms since epoch. */
export const EVIDENCE_AT = PLATFORM_AT;

const digest = (byte: string) => digestSchema.parse(`sha256:${byte.repeat(32)}`);
const MANIFEST = digest("ab");
const CONFIG = digest("cd");

/** One Cryptlet's evidence on every kind of platform, and a policy that takes it. */
export interface EvidenceFixture {
  /** `sha256:` measurements. */
  readonly cryptlet: string;
  readonly host: string;
  /** Roots of the simulated platforms. */
  readonly anchors: readonly TrustAnchor[];
  readonly keyids: readonly string[];
  evidence(
    layer: "sgx" | "tdx" | "sgx-host" | "nitro-host",
    request?: {
      readonly purpose?: Purpose;
      readonly nonce?: string;
      readonly at?: number;
      readonly debug?: boolean;
    },
  ): Promise<Evidence>;
  policy(change?: Partial<AppraisalPolicyInput>): AppraisalPolicyInput;
}

/** `seed` makes another machine with other keys and the same code. */
export const createEvidenceFixture = (seed = 7): EvidenceFixture => {
  const { platform, anchor } = createPlatformFixture({ seed });
  const nitro = createNitroFixture(EVIDENCE_AT);
  const contents: Readonly<Record<string, string>> = {
    manifest: JSON.stringify({ manifest: MANIFEST }),
    "end-of-launch": "",
  };
  const log = MEASURED.map((type) => ({ type, content: contents[type] ?? `{"${type}":1}` }));
  const replayed = replayMeasurementLog(log);
  const keys = [createSigningKey("ed25519"), createSigningKey("secp256k1-keccak256")].map(
    ({ record }) => record,
  );
  const subject: Subject = {
    log,
    registration: {
      profile: "cryptlet/js/v1",
      cryptlet: "gold-price",
      manifestDigest: MANIFEST,
      configId: CONFIG,
      encryptionKey: ZERO_WORD,
    },
    keys,
    epoch: 1,
  };
  const sim = (tee: "sgx" | "tdx", ofHost: boolean, at: number, debug: boolean): QuoteProvider =>
    createSimQuoteProvider(
      platform,
      {
        tee,
        measured: ofHost
          ? { ...replayed, measurement: replayed.host, launch: replayed.hostLaunch }
          : replayed,
        mrsigner: "5e".repeat(32),
        prodId: 4,
        svn: 5,
        configId: ofHost ? digest("00") : CONFIG,
        debug,
      },
      { now: () => at },
    );
  const nitroProvider = (at: number): QuoteProvider => ({
    name: "nitro",
    getEvidence: (reportData): Promise<TeeEvidence> =>
      Promise.resolve({
        type: "application/vnd.aws.nitro.attestation+cbor",
        tee: "nitro",
        bytes: nitro.document({ user_data: reportData, timestamp: at - 60_000 }),
        collateral: null,
      }),
  });
  return {
    cryptlet: replayed.measurement,
    host: replayed.host,
    anchors: [anchor, nitro.anchor],
    keyids: keys.map(({ keyid }) => keyid),
    evidence: (layer, request = {}) => {
      const { purpose = "register", nonce = ZERO_WORD, debug = false } = request;
      const at = request.at ?? EVIDENCE_AT;
      const asked = { purpose, nonce, at };
      if (layer === "sgx" || layer === "tdx")
        return makeEvidence(sim(layer, false, at, debug), subject, asked);
      const provider = layer === "sgx-host" ? sim("sgx", true, at, debug) : nitroProvider(at);
      return makeLayeredEvidence(provider, { subject, hostKey: platform.hostKey }, asked);
    },
    policy: (change = {}) => ({
      id: "fixture",
      allowSimulated: true,
      tees: ["sgx"],
      anyOf: [{ measurements: [replayed.measurement] }],
      ...change,
    }),
  };
};
