import { randomBytes } from "node:crypto";

import type { CryptletPackage } from "../../../enclave-sim/host/enclave.ts";
import { parseAppraisalPolicy } from "../../attestation/appraisal-policy.ts";
import { createEvidenceAppraiser } from "../../attestation/evidence-appraiser.ts";
import { HARDWARE_ANCHORS } from "../../attestation/hardware-anchors.ts";
import { createSimulatedAnchor } from "../../attestation/simulated-anchor.ts";
import type { FeedAnswer } from "../../client/answers.ts";
import type { FabricClient } from "../../client/fabric-client.ts";
import type { ErrorCode } from "../../core/errors/catalogue.ts";
import { isFabricError } from "../../core/errors/fabric-error.ts";
import { parseBundle, type Bundle } from "../../envelope/bundle.ts";
import { trustPolicySchema } from "../../envelope/trust-policy.ts";
import type { VerificationReport } from "../../envelope/verification-report.ts";
import { verifyBundle } from "../../envelope/verify-bundle.ts";
import type { PackageStatement } from "../../registry/package-statement.ts";
import { toJsonText } from "../output.ts";

type Manifest = CryptletPackage["manifest"];

/** Feeds that are asked for; a host may run one package for very many. */
const MAX_FEEDS = 64;

/** Newest round of a feed, as the verifier read it out of the signed bundle. */
export interface LatestValue {
  readonly feed: string;
  /** Feed of the manifest; null where nothing tells which. */
  readonly manifestFeed: string | null;
  readonly feedHash: string;
  readonly round: number;
  /** Text for people; null where the bundle did not hold and nothing of it is shown. */
  readonly value: string | null;
  readonly observedAt: number | null;
  readonly validUntil: number | null;
  readonly mode: "LIVE" | "EMULATED" | null;
  readonly simulated: boolean | null;
  /** Code of the first step that failed; null when all held. */
  readonly failed: ErrorCode | null;
  /** Contracts that have it, by its receipts. */
  readonly contracts: readonly { readonly chainId: number; readonly address: string }[];
}

/** Which feed of the manifest a fabric's feed is: by its name, or by what the manifest alone says so. */
const manifestFeedOf = (feed: FeedAnswer, manifest: Manifest): string | null => {
  if (manifest.feeds.some(({ id }) => id === feed.id)) return feed.id;
  const alike = manifest.feeds.filter(
    ({ kind, description }) => kind === feed.kind && description === feed.description,
  );
  return alike.length === 1 ? (alike[0]?.id ?? null) : null;
};

/**
 * Checks a bundle as a stranger would who knows the release: signed by a key that evidence binds to this measurement.
 * A simulated platform's root is its host's own word, which every answer then says.
 */
const createCheck = async (
  client: FabricClient,
  { name, measurement }: PackageStatement,
  at: number,
  signal: AbortSignal,
): Promise<(text: string) => Promise<VerificationReport>> => {
  const nonce = randomBytes(32).toString("hex");
  const { evidence } = await client.attestation({ nonce, cryptlet: name }, { signal });
  const simulated = evidence.filter((piece) => piece.simulated);
  const anchors = [
    ...HARDWARE_ANCHORS,
    ...simulated.map(({ platformRoot }) =>
      createSimulatedAnchor({ name: "the host's own simulator", certificate: platformRoot }),
    ),
  ];
  const policy = parseAppraisalPolicy({
    id: "show",
    allowSimulated: true,
    allowDebug: true,
    tees: ["sgx", "tdx", "nitro", "sev-snp"],
    tcb: { accept: ["UpToDate", "OutOfDate"] },
    anyOf: [{ measurements: [measurement] }],
  });
  const appraise = createEvidenceAppraiser(policy, { anchors });
  const trust = trustPolicySchema.parse({
    id: "show",
    keys: [],
    attested: {
      scope: { fabrics: null, cryptlets: [name], feeds: null },
      measurements: [measurement],
    },
    threshold: 1,
    requireEvidence: true,
    allowSimulated: true,
    allowEmulated: true,
    maxAgeMs: null,
    clockSkewMs: 60_000,
  });
  return (text) => verifyBundle(text, { trust, at, appraise });
};

const valueText = (report: VerificationReport): string | null => {
  const value = report.observation?.value;
  if (!value) return null;
  if (value.kind === "decimal") return `${value.text} ${value.unit}`;
  return toJsonText(
    Object.fromEntries(Object.entries(value.fields).map(([name, field]) => [name, field.value])),
  );
};

const contractsOf = (bundle: Bundle): LatestValue["contracts"] =>
  bundle.receipts.flatMap(({ chainId, contract }) =>
    /^[1-9]\d{0,15}$/.test(chainId) && /^0x[0-9a-fA-F]{40}$/.test(contract)
      ? [{ chainId: Number(chainId), address: contract.toLowerCase() }]
      : [],
  );

/** The feeds that a host publishes with this package, each with its newest round. Throws the client's errors. */
export const readLatestValues = async (
  client: FabricClient,
  release: { readonly statement: PackageStatement; readonly manifest: Manifest },
  { at, signal }: { readonly at: number; readonly signal: AbortSignal },
): Promise<readonly LatestValue[]> => {
  const { statement, manifest } = release;
  const feeds = (await client.feeds.list({ signal })).filter(
    ({ cryptlet, latestRound }) => cryptlet === statement.name && latestRound > 0,
  );
  if (feeds.length === 0) return [];
  const check = await createCheck(client, statement, at, signal);
  const values: LatestValue[] = [];
  for (const feed of feeds.slice(0, MAX_FEEDS)) {
    const { envelopeDigest, round } = await client.feeds.latest(feed.id, { signal });
    const text = toJsonText(await client.envelopes.bundle(envelopeDigest, { signal }));
    const report = await check(text);
    const { observation } = report;
    // A bundle that holds must be the one that was asked for.
    const other =
      observation !== null &&
      (observation.subject.feed !== feed.id || observation.subject.round !== round);
    // A value that is only too old was signed all the same.
    const holds = !other && (report.ok || isOnlyStale(report));
    const shown = holds ? observation : null;
    values.push({
      feed: feed.id,
      manifestFeed: manifestFeedOf(feed, manifest),
      feedHash: feed.hash,
      round,
      value: holds ? valueText(report) : null,
      observedAt: shown?.observedAt ?? null,
      validUntil: shown?.validUntil ?? null,
      mode: holds ? report.mode : null,
      simulated: holds ? report.simulated : null,
      failed: other ? "CLIENT_ANSWER_INVALID" : report.code,
      contracts: holds ? contractsOf(parseBundle(text)) : [],
    });
  }
  return values;
};

const isOnlyStale = ({ steps }: VerificationReport): boolean =>
  steps.every(({ status, step }) => status !== "failed" || step === "freshness");

/** Null where the host cannot be asked, with the reason in words. */
export const tryLatestValues = async (
  read: () => Promise<readonly LatestValue[]>,
): Promise<{ readonly values: readonly LatestValue[] | null; readonly reason: string | null }> => {
  try {
    return { values: await read(), reason: null };
  } catch (error) {
    if (isFabricError(error)) return { values: null, reason: `${error.code} ${error.message}` };
    throw error;
  }
};
