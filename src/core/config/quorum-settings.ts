import { z } from "zod";
import { addressSchema, digestSchema } from "../ids.ts";

/** Most hosts that one quorum may have. */
const MAX_MEMBERS = 31;
/** Most signatures that a round may need: a bundle carries two keys and a piece of evidence for each. */
const MAX_SIGNERS = 16;

const memberIdSchema = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/,
    "lower-case letters, digits and inner hyphens, 1 to 32 characters",
  );
const duration = (least: number, most: number) => z.int().min(least).max(most);

/** A public key as `cryptlet member show` prints it. The host checks it as every other key record. */
const memberKeySchema = z.strictObject({
  keyid: digestSchema,
  suite: z.string().min(1).max(64),
  publicKey: z.string().min(1).max(200),
  address: addressSchema.optional(),
});

/** Hosts that sign rounds together. `file` resolves paths. */
export const quorumSchema = <File extends z.ZodType>(file: File) =>
  z.strictObject({
    host: memberIdSchema.describe("id of this host among the members"),
    members: z
      .array(
        z.strictObject({
          id: memberIdSchema,
          keys: z
            .array(memberKeySchema)
            .min(1)
            .max(64)
            .describe("keys of its enclaves, as `cryptlet member show` prints them on that host"),
          platformRoot: file
            .nullable()
            .default(null)
            .describe("PEM file of its simulated platform's root; null: the vendors' roots alone"),
        }),
      )
      .min(1)
      .max(MAX_MEMBERS)
      .describe("every host of the quorum, this one included"),
    appraisal: file.describe(
      "JSON file with the appraisal policy that each member's evidence must pass before it counts",
    ),
    leaseMs: duration(500, 600_000)
      .default(10_000)
      .describe("a leader that was not heard of for so long is replaced"),
    deliverAfterMs: duration(100, 3_600_000)
      .default(15_000)
      .describe(
        "a round that another host made waits so long for that host to put it on chain, and once more for each member that is first",
      ),
  });

/** What the members of one feed agreed on; every one of them needs the same. */
export const feedQuorumSchema = z.strictObject({
  members: z
    .array(memberIdSchema)
    .min(1)
    .max(MAX_MEMBERS)
    .describe("ids of the hosts that sign this feed"),
  threshold: z
    .int()
    .min(1)
    .max(MAX_SIGNERS)
    .describe("how many of them must sign each round: more than half"),
  tolerancePpm: z
    .int()
    .min(1)
    .max(1_000_000)
    .nullable()
    .default(null)
    .describe(
      "how far the leader's value may be from a member's own, in parts per million; null: they must be equal",
    ),
  windowMs: duration(1_000, 86_400_000)
    .default(60_000)
    .describe("how far the leader's times may be from a member's own"),
  timeoutMs: duration(100, 600_000)
    .default(10_000)
    .describe("how long a leader waits for the members' signatures"),
  group: z
    .boolean()
    .default(false)
    .describe(
      "true: the members' enclaves make one key together (FROST) and sign with it besides, which costs a contract one check",
    ),
});

/** The resolved agreement about one feed. */
export type FeedQuorum = z.output<typeof feedQuorumSchema>;
