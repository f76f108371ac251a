import * as z from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import {
  digestSchema,
  feedHashSchema,
  feedIdSchema,
  type CryptletId,
  type FabricId,
  type FeedHash,
  type FeedId,
} from "../core/ids.ts";
import { canonicalJson } from "./canonical-json.ts";
import { computeFeedHash } from "./feed-hash.ts";
import type { Observation } from "./observation.ts";
import type { OnchainObservation } from "./observation-solabi.ts";
import { parseStrictJson } from "./strict-json.ts";

/** Most members of a batch: a proof has at most eight hashes, and a member's place is one byte on chain. */
export const MAX_BATCH_MEMBERS = 256;
/** `aggregation.method` of the statement that is a batch. */
export const BATCH_METHOD = "batch";

/** A feed's place in a batch, and what it says there. */
export interface BatchMember {
  readonly feed: FeedId;
  readonly feedHash: FeedHash;
  /** Its newest observation when the batch was made; null while it has none that counts. */
  readonly observation: OnchainObservation | null;
  /** Among those whose values are written out for storage; the others stand under the root alone. */
  readonly listed: boolean;
}

const observedSchema = z.strictObject({
  round: z.int().min(1).max(0xffff_ffff),
  value: z
    .string()
    .max(80)
    .regex(/^(?:0|-?[1-9]\d*)$/, "an integer in the feed's decimals"),
  observedAt: z.int().min(0).max(253_402_300_799),
  validUntil: z.int().min(0).max(253_402_300_799),
  statementDigest: digestSchema,
});

const memberSchema = z.strictObject({
  feed: feedIdSchema,
  feedHash: feedHashSchema,
  listed: z.boolean(),
  observation: observedSchema.nullable(),
});

/** Characters of one member's text in the statement. */
const MAX_MEMBER_TEXT = 1_024;

const refuse = (reason: string): never => {
  throw fabricError("STATEMENT_MALFORMED", { reason });
};

/**
 * On-chain name of a batch: a feed hash whose parameters are its members in their order. Another member, or the same
 * ones in another order, is another batch.
 */
export const computeBatchHash = (batch: {
  readonly fabric: FabricId;
  readonly cryptlet: CryptletId;
  readonly feed: FeedId;
  readonly members: readonly FeedHash[];
}): FeedHash => {
  const { fabric, cryptlet, feed, members } = batch;
  return computeFeedHash({ fabric, cryptlet, feed, parameters: { batch: members } });
};

/** A batch as the value of its statement: one field per member, named by its place. */
export const toBatchValue = (members: readonly BatchMember[]): Observation["value"] => ({
  kind: "record",
  fields: Object.fromEntries(
    members.map(({ feed, feedHash, listed, observation }, place) => {
      const { feedHash: _, ...facts } = observation ?? { feedHash };
      const text = {
        feed,
        feedHash,
        listed,
        observation:
          observation === null ? null : { ...facts, value: observation.value.toString() },
      };
      return [String(place), { type: "string" as const, value: canonicalJson(text) }];
    }),
  ),
});

/** One member of the text that a batch's statement holds. Throws `STATEMENT_MALFORMED`. */
export const readBatchMember = (text: string): BatchMember => {
  const parsed = memberSchema.safeParse(
    parseStrictJson(text, { limit: MAX_MEMBER_TEXT, what: "a member of the batch" }),
  );
  if (!parsed.success) return refuse(z.prettifyError(parsed.error).slice(0, 500));
  const { feed, feedHash, listed, observation } = parsed.data;
  if (listed && observation === null) return refuse(`${feed} is listed without an observation`);
  return {
    feed,
    feedHash,
    listed,
    observation:
      observation === null ? null : { ...observation, feedHash, value: BigInt(observation.value) },
  };
};

/** Whether a statement is a batch. */
export const isBatch = (observation: Observation): boolean =>
  observation.value.kind === "record" && observation.aggregation.method === BATCH_METHOD;

/**
 * The members of a verified batch statement in their order. Throws `STATEMENT_MALFORMED`, also when the members are not
 * those that the batch's name was made of.
 */
export const readBatchMembers = (observation: Observation): readonly BatchMember[] => {
  const { value, subject, cryptlet } = observation;
  if (value.kind !== "record" || !isBatch(observation)) return refuse("it is no batch");
  const count = Object.keys(value.fields).length;
  if (count < 1 || count > MAX_BATCH_MEMBERS) return refuse(`a batch of ${count} members`);
  const members = Array.from({ length: count }, (_, place) => {
    const field = Object.hasOwn(value.fields, String(place)) ? value.fields[place] : undefined;
    return field?.type === "string" ? readBatchMember(field.value) : refuse(`no member ${place}`);
  });
  const name = computeBatchHash({
    fabric: subject.fabric,
    cryptlet: cryptlet.id,
    feed: subject.feed,
    members: members.map(({ feedHash }) => feedHash),
  });
  if (name !== subject.feedHash) return refuse("its members are not those of its name");
  return members;
};
