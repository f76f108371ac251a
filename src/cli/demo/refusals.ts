import { encodeBase64 } from "../../crypto/base64.ts";
import { createSigningKey } from "../../crypto/key-record.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { parseBundle, serializeBundle, type Bundle } from "../../envelope/bundle.ts";
import { payloadBytes, type DsseEnvelope } from "../../envelope/dsse.ts";
import { signEnvelope } from "../../envelope/dsse-sign.ts";
import {
  decodeOnchainObservation,
  encodeOnchainObservation,
} from "../../envelope/observation-solabi.ts";
import type { KnownRound } from "../../envelope/succession.ts";
import type { VerificationReport } from "../../envelope/verification-report.ts";
import type { DemoRefusal } from "./demo-data.ts";

/** What is attacked: two rounds that landed, and the two who must refuse. */
export interface RefusalTargets {
  /** Bundle of the older and of the newer round. */
  readonly older: unknown;
  readonly newer: unknown;
  /** The newer round as a consumer remembers it. */
  readonly known: KnownRound;
  readonly verify: (bundle: string, previous: KnownRound | null) => Promise<VerificationReport>;
  /** Name of the contract's error, null when it accepted. */
  readonly offer: (payload: Uint8Array, signature: Uint8Array) => Promise<string | null>;
}

type Attack = DemoRefusal["what"];

const onchainOf = (bundle: Bundle): DsseEnvelope => {
  if (bundle.onchain) return bundle.onchain;
  throw fabricError("DEMO_UNEXPECTED", { expected: "an on-chain form", actual: "none" });
};

const signatureOf = (envelope: DsseEnvelope): Uint8Array =>
  Buffer.from(envelope.signatures[0]?.sig ?? "", "base64");

const open = (bundle: unknown): Bundle => parseBundle(JSON.stringify(bundle));

/** The statement with its last digit of the price changed: valid JSON, other bytes. */
const forgeStatement = (envelope: DsseEnvelope): DsseEnvelope => {
  const text = Buffer.from(payloadBytes(envelope)).toString("utf8");
  const forged = text.replace(
    /("text":"\d+)(\d)/,
    (_all, head: string, digit: string) => head + String((Number(digit) + 1) % 10),
  );
  return { ...envelope, payload: encodeBase64(Buffer.from(forged, "utf8")) };
};

/** What the next round would look like if the cheat could write it: order and time are right, so only the signature can refuse it. */
const nextPayload = (envelope: DsseEnvelope, changes: { value?: bigint } = {}): Uint8Array => {
  const observation = decodeOnchainObservation(payloadBytes(envelope));
  return encodeOnchainObservation({
    ...observation,
    round: observation.round + 1,
    observedAt: observation.observedAt + 1,
    ...changes,
  });
};

const signByStranger = (bundle: Bundle): Bundle => {
  const key = createSigningKey("ed25519");
  const { payloadType } = bundle.envelope;
  const envelope = signEnvelope(payloadType, payloadBytes(bundle.envelope), [key]);
  return { ...bundle, envelope, keys: [...bundle.keys, key.record] };
};

const attackOffChain = async (what: Attack, targets: RefusalTargets): Promise<string | null> => {
  const newer = open(targets.newer);
  switch (what) {
    case "tampered envelope": {
      const forged = { ...newer, envelope: forgeStatement(newer.envelope) };
      return (await targets.verify(serializeBundle(forged), null)).code;
    }
    case "unknown signer":
      return (await targets.verify(serializeBundle(signByStranger(newer)), null)).code;
    case "replay of an older round":
      return (await targets.verify(serializeBundle(open(targets.older)), targets.known)).code;
    default:
      return what satisfies never;
  }
};

const attackOnChain = async (what: Attack, targets: RefusalTargets): Promise<string | null> => {
  const newer = onchainOf(open(targets.newer));
  switch (what) {
    case "tampered envelope":
      return targets.offer(nextPayload(newer, { value: 1n }), signatureOf(newer));
    case "unknown signer": {
      const payload = nextPayload(newer);
      const key = createSigningKey("secp256k1-keccak256");
      const signed = signEnvelope(newer.payloadType, payload, [key]);
      return targets.offer(payload, signatureOf(signed));
    }
    case "replay of an older round": {
      const older = onchainOf(open(targets.older));
      return targets.offer(payloadBytes(older), signatureOf(older));
    }
    default:
      return what satisfies never;
  }
};

const ATTACKS: readonly Attack[] = [
  "tampered envelope",
  "unknown signer",
  "replay of an older round",
];

/**
 * Try every attack in both places and give each refusal as it comes.
 * Throws `DEMO_UNEXPECTED` when one of them is not refused.
 */
export async function* attemptAttacks(targets: RefusalTargets): AsyncGenerator<DemoRefusal> {
  for (const what of ATTACKS) {
    for (const where of ["off chain", "on chain"] as const) {
      const attack = where === "off chain" ? attackOffChain : attackOnChain;
      const code = await attack(what, targets);
      if (code === null)
        throw fabricError("DEMO_UNEXPECTED", {
          expected: `a refusal of: ${what}, ${where}`,
          actual: "acceptance",
        });
      yield { what, where, code };
    }
  }
}
