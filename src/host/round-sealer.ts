import type {
  LoadedCryptlet,
  RunReport,
  SignedObservation,
} from "../../enclave-sim/host/enclave.ts";
import type { FeedId } from "../core/ids.ts";
import type { GroupRecord } from "../crypto/frost/group-record.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import type { Evidence } from "../envelope/bundle.ts";
import { latestRound } from "../store/rounds.ts";
import type { Store } from "../store/store.ts";

/** A round that may be committed: signed by as many as it takes. */
export interface SealedRound {
  readonly signed: SignedObservation;
  /** Of every signer. */
  readonly keys: readonly KeyRecord[];
  /** Of every signer whose evidence is at hand; the first is this host's own. */
  readonly evidence: readonly [Evidence, ...Evidence[]];
  /** The group that signed besides. */
  readonly group?: GroupRecord;
  /** Rounds before it may be missing: they found no quorum. */
  readonly mayLeaveGap: boolean;
}

/** Makes a finished run the feed's next round: signs it alone, or gathers the signatures of others. */
export interface RoundSealer {
  /** Throws what the enclave refuses with, and `QUORUM_NOT_REACHED`, `QUORUM_NOT_LED` where several sign. */
  seal(report: RunReport, options: { readonly signal?: AbortSignal }): Promise<SealedRound>;
}

/** Evidence as it is stored once for all the envelopes that stand on it: one piece, or the list of them. */
export const evidenceToKeep = ({
  evidence: [first, ...more],
}: Pick<SealedRound, "evidence">): Evidence | readonly Evidence[] =>
  more.length === 0 ? first : [first, ...more];

/** A host that signs alone is the only one, and always the first. */
export const OWN_EPOCH = 1;

/** This host's enclave signs alone. */
export const createOwnSealer = (parts: {
  readonly feed: FeedId;
  readonly cryptlet: LoadedCryptlet;
  readonly store: Store;
  /** What stands behind the Cryptlet's keys now. */
  readonly evidence: () => Evidence;
}): RoundSealer => ({
  seal: async (report, call) => {
    const previous = await latestRound(parts.store.db, parts.feed);
    const signed = await parts.cryptlet.sign(
      {
        runId: report.runId,
        feed: parts.feed,
        round: (previous?.round ?? 0) + 1,
        epoch: OWN_EPOCH,
        previous: previous?.envelopeDigest ?? null,
      },
      call,
    );
    return {
      signed,
      keys: parts.cryptlet.keys,
      evidence: [parts.evidence()],
      mayLeaveGap: false,
    };
  },
});
