import type { WorkloadAppraiser, AppraisedWorkload } from "../attestation/workload-appraiser.ts";
import { ZERO_WORD } from "../attestation/report-data.ts";
import type { Clock } from "../core/clock.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import type { Log } from "../core/log.ts";
import { decodeBase64, encodeBase64 } from "../crypto/base64.ts";
import { hexToBytes } from "../crypto/bytes.ts";
import { digestOf } from "../crypto/hashes.ts";
import { hpkeSeal } from "../crypto/hpke/hpke.ts";
import { hpkeSuiteNames } from "../crypto/hpke/hpke-suite.ts";
import type { AuditEvent } from "./audit-event.ts";
import { createChallenges } from "./challenges.ts";
import {
  RELEASE_INFO,
  releaseAad,
  type Challenge,
  type ReleaseAnswer,
  type ReleaseRequest,
} from "./protocol.ts";
import { judgeClaim } from "./secret-policy.ts";
import type { Vault } from "./vault.ts";

/** Hands a secret to an enclave whose evidence its policy accepts, encrypted to a key that only that enclave holds. */
export interface KeyBroker {
  /** Throws `BROKER_BUSY`. */
  challenge(host: string): Challenge;
  /**
   * All secrets of the request or none.
   * Throws `BROKER_CHALLENGE_INVALID`, `BROKER_EVIDENCE_REFUSED`, `BROKER_SECRET_REFUSED`.
   */
  release(
    host: string,
    request: ReleaseRequest,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ReleaseAnswer>;
}

export interface KeyBrokerParts {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Log;
  /** By the name that the secrets' policies use. */
  readonly appraisers: ReadonlyMap<string, WorkloadAppraiser>;
  /** ms that a challenge may be used. */
  readonly challengeMs: number;
}

/** Who asked, as far as the evidence told. */
interface Seen {
  readonly cryptlet: string;
  readonly measurement: string;
  readonly evidence: string;
}

const NOBODY: Seen = { cryptlet: "", measurement: "", evidence: "" };
const [SUITE] = hpkeSuiteNames;

export const createKeyBroker = (parts: KeyBrokerParts): KeyBroker => {
  const { vault, clock, log, appraisers } = parts;
  const challenges = createChallenges(clock, parts.challengeMs);

  /** Evidence under every one of these appraisal policies; one that refuses it refuses the request. */
  const appraise = async (
    policies: ReadonlySet<string>,
    { evidence, nonce }: ReleaseRequest,
    signal: AbortSignal | undefined,
  ): Promise<AppraisedWorkload> => {
    let workload: AppraisedWorkload | undefined;
    for (const name of policies) {
      const appraiser = appraisers.get(name);
      if (!appraiser)
        throw fabricError("BROKER_EVIDENCE_REFUSED", { reason: "no policy judged it" });
      const task = { purpose: "kbs", nonce, at: clock.now() } as const;
      workload = await appraiser.appraise(evidence, task, signal ? { signal } : {});
    }
    if (!workload) throw fabricError("BROKER_EVIDENCE_REFUSED", { reason: "no policy judged it" });
    const { registration } = workload;
    if (registration.purpose !== "kbs" || registration.nonce !== nonce)
      throw fabricError("BROKER_EVIDENCE_REFUSED", { reason: "it answers another challenge" });
    if (registration.encryptionKey === ZERO_WORD)
      throw fabricError("BROKER_EVIDENCE_REFUSED", { reason: "it binds no encryption key" });
    return workload;
  };

  /**
   * Evidence under any policy that there is: whoever names a secret that does not exist must bring what would be judged
   * for one that does, or would learn by its refusal which names exist.
   */
  const appraiseByAny = async (
    request: ReleaseRequest,
    signal: AbortSignal | undefined,
  ): Promise<AppraisedWorkload> => {
    let refusal: unknown;
    for (const name of appraisers.keys()) {
      try {
        return await appraise(new Set([name]), request, signal);
      } catch (error) {
        signal?.throwIfAborted();
        refusal ??= error;
      }
    }
    throw refusal ?? fabricError("BROKER_EVIDENCE_REFUSED", { reason: "no policy judged it" });
  };

  return {
    challenge: (host) => challenges.issue(host),
    release: async (host, request, options = {}) => {
      challenges.take(host, request.nonce);
      const names = [...new Set(request.secrets)];
      const refuse = async (
        seen: Seen,
        reasons: readonly (readonly [string, string])[],
      ): Promise<void> => {
        const events = reasons.map(([secret, reason]): AuditEvent => {
          return { action: "refuse", secret, host, ...seen, reason };
        });
        await vault.record(events);
        for (const event of events) log.warn("secret refused", event);
      };

      const found = await Promise.all(names.map((name) => vault.find(name)));
      const entries = found.filter((entry) => entry !== null);
      const missing = names.filter((_, index) => found[index] === null);
      const policies = new Set(entries.map(({ policy }) => policy.appraisal));
      let workload: AppraisedWorkload;
      try {
        workload =
          missing.length === 0
            ? await appraise(policies, request, options.signal)
            : await appraiseByAny(request, options.signal);
      } catch (error) {
        options.signal?.throwIfAborted();
        const code = isFabricError(error) ? error.code : "INTERNAL";
        await refuse(
          NOBODY,
          names.map((name) => [name, code]),
        );
        if (!isFabricError(error) || error.code === "BROKER_EVIDENCE_REFUSED") throw error;
        // Why is said by its code alone: the broker's policies are nobody else's business.
        throw fabricError("BROKER_EVIDENCE_REFUSED", { reason: code }, { cause: error });
      }

      const { measurement, publisher, registration, evidenceId } = workload;
      const { cryptlet } = registration;
      const seen = { cryptlet, measurement, evidence: evidenceId };
      const [first] = missing;
      if (first !== undefined) {
        await refuse(
          seen,
          missing.map((name) => [name, "unknown"]),
        );
        throw fabricError("BROKER_SECRET_REFUSED", { secret: first });
      }
      const claim = { host, cryptlet, measurement, publisher, at: clock.now() };
      const refused = entries.flatMap(({ name, policy }) => {
        const reason = judgeClaim(policy, claim);
        return reason === null ? [] : [[name, reason] as const];
      });
      const [denied] = refused;
      if (denied !== undefined) {
        await refuse(seen, refused);
        throw fabricError("BROKER_SECRET_REFUSED", { secret: denied[0] });
      }

      const events = names.map((secret): AuditEvent => {
        return { action: "release", secret, host, ...seen, reason: "" };
      });
      const values = await vault.release(entries, events);
      for (const event of events) log.info("secret released", event);
      const evidence = digestOf(decodeBase64(request.evidence.body, "evidence"));
      const publicKey = hexToBytes(registration.encryptionKey, 32);
      const secrets = await Promise.all(
        names.map(async (name, index) => {
          const aad = releaseAad({ nonce: request.nonce, cryptlet, name, evidence });
          const plain = values[index];
          if (plain === undefined) throw fabricError("BROKER_SECRET_REFUSED", { secret: name });
          const message = await hpkeSeal(publicKey, plain, {
            suite: SUITE,
            info: RELEASE_INFO,
            aad,
          });
          plain.fill(0);
          return {
            name,
            suite: SUITE,
            enc: encodeBase64(message.enc),
            ciphertext: encodeBase64(message.ciphertext),
          };
        }),
      );
      return { secrets };
    },
  };
};
