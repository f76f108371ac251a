import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import type { FeedHash } from "../../core/ids.ts";
import { bytesToPrefixedHex } from "../../crypto/bytes.ts";
import type { EvidenceAppraiser } from "../../envelope/appraiser.ts";
import { decodeOnchainObservation } from "../../envelope/observation-solabi.ts";
import { trustPolicySchema, type TrustPolicy } from "../../envelope/trust-policy.ts";
import { verifyBundle } from "../../envelope/verify-bundle.ts";
import type { FabricClient } from "../fabric-client.ts";
import { readOnchainForm, SIGNATURE_LENGTHS, type OnchainForm } from "../onchain-form.ts";

/** Where updates come from and which of them count. */
export interface FeedUpdateOptions {
  /** The fabric that is asked for the newest round and its bundle; what it says is verified. */
  readonly client: {
    readonly feeds: Pick<FabricClient["feeds"], "get" | "latest">;
    readonly envelopes: Pick<FabricClient["envelopes"], "bundle">;
  };
  /** Feeds of the fabric, by their ids, that may be put on chain. No other is. */
  readonly feeds: readonly string[];
  /** Whom to believe: every bundle is verified before it leaves this process. */
  readonly trust: TrustPolicy;
  /** Judges evidence where the policy asks for it: `createEvidenceAppraiser`. */
  readonly appraise?: EvidenceAppraiser;
  /** ms since epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/** A verified observation in the form for contracts. */
export interface FeedUpdate {
  readonly feed: string;
  readonly form: OnchainForm;
  /** The sources' time, s since epoch. */
  readonly observedAt: number;
}

/** Newest verified observations of the feeds that were told. */
export interface FeedUpdates {
  /** Throws `FEED_UPDATE_REFUSED` and what the client throws. */
  newest(
    feed: string,
    options: {
      /** Name on chain that the observation must have. */
      readonly feedHash?: FeedHash;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<FeedUpdate>;
  /** Which of the told feeds has this name on chain, as the fabric says; null when none has. */
  named(feedHash: FeedHash, signal: AbortSignal | undefined): Promise<string | null>;
}

/** Steps that must have been taken, and well, whatever the policy lets pass. */
const NEEDED = [
  "signature",
  "signer",
  "onchain-signature",
  "onchain-signer",
  "forms-agree",
] as const;

const refuse = (feed: string, reason: string) =>
  fabricError("FEED_UPDATE_REFUSED", { feed, reason });

/** @see FeedUpdates */
export const createFeedUpdates = (options: FeedUpdateOptions): FeedUpdates => {
  const { client, feeds, appraise, now = Date.now } = options;
  const trust = trustPolicySchema.parse(options.trust);
  const hashes = new Map<string, string>();
  return {
    newest: async (feed, { feedHash, signal }) => {
      const call = signal ? { signal } : {};
      const round = await client.feeds.latest(feed, call);
      const bundle = await client.envelopes.bundle(round.envelopeDigest, call);
      const report = await verifyBundle(JSON.stringify(bundle) ?? "", {
        trust,
        at: now(),
        ...(appraise ? { appraise } : {}),
      });
      if (!report.ok) throw refuse(feed, report.code ?? "it does not verify");
      for (const step of NEEDED)
        if (report.steps.find((one) => one.step === step)?.status !== "ok")
          throw refuse(feed, `${step} was not checked`);
      let form: OnchainForm;
      try {
        form = readOnchainForm(bundle);
      } catch (error) {
        throw refuse(feed, isFabricError(error) ? error.code : "it has no form for contracts");
      }
      const said = decodeOnchainObservation(form.payload);
      // The fabric is not believed: it could answer with a sound bundle of another feed, or give a feed another's hash.
      if (report.observation?.subject.feed !== feed || (feedHash && said.feedHash !== feedHash))
        throw refuse(feed, "it is about another feed");
      return { feed, form, observedAt: said.observedAt };
    },
    named: async (feedHash, signal) => {
      for (const feed of feeds) {
        let hash = hashes.get(feed);
        if (hash === undefined) {
          ({ hash } = await client.feeds.get(feed, signal ? { signal } : {}));
          hashes.set(feed, hash);
        }
        if (hash === feedHash) return feed;
      }
      return null;
    },
  };
};

/** Values of `abi.encode(bytes payload, bytes[] signatures)`: what a gateway answers and an oracle takes. */
export const gatewayValues = ({
  payload,
  signatures,
}: OnchainForm): readonly [string, string[]] => {
  const all = signatures.map(({ bytes }) => bytes);
  // A group's signature stands alone, so that it goes only where no list does.
  const single = all.filter(({ length }) => length === SIGNATURE_LENGTHS.list);
  const chosen = single.length > 0 ? single : all.slice(0, 1);
  return [bytesToPrefixedHex(payload), chosen.map(bytesToPrefixedHex)];
};
