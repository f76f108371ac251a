import { z } from "zod";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import type { QuorumFeed } from "../coordinator/quorum-feed.ts";
import type { FollowedFeed } from "../coordinator/quorum-follower.ts";
import type { StatementBook } from "../coordinator/statement-book.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { type Digest, digestSchema } from "../core/ids.ts";
import { parseGroupPlan } from "../crypto/frost/group-plan.ts";
import {
  type GroupRecord,
  groupEpochSchema,
  groupRecordSchema,
} from "../crypto/frost/group-record.ts";
import { commitmentListSchema } from "../crypto/frost/signing-messages.ts";
import { signedMessageSchema } from "../crypto/frost/signed-message.ts";
import { evidenceSchema } from "../envelope/bundle.ts";

const MAX_MEMBERS = 32;
/** Signatures that are tried for one statement. */
const MAX_COMMITMENTS = 4;
const messages = z.array(signedMessageSchema).max(MAX_MEMBERS);
const schemas = {
  join: z.strictObject({
    plan: z.unknown(),
    evidence: z.array(evidenceSchema).min(1).max(MAX_MEMBERS),
  }),
  deal: z.strictObject({ ceremony: digestSchema, joins: messages }),
  receive: z.strictObject({ ceremony: digestSchema, joins: messages, deals: messages }),
  finish: z.strictObject({ record: groupRecordSchema }),
  commit: z.strictObject({ epoch: groupEpochSchema, digest: digestSchema }),
  share: z.strictObject({
    epoch: groupEpochSchema,
    statement: z.string().min(2).max(262_144),
    commitments: commitmentListSchema,
  }),
} as const;

const invalid = (reason: string) => fabricError("QUORUM_MESSAGE_INVALID", { reason });
const unplanned = (reason: string) => fabricError("FROST_PLAN_INVALID", { reason });

const read = <Step extends keyof typeof schemas>(
  step: Step,
  body: string,
): z.output<(typeof schemas)[Step]> => {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw invalid(`the step ${step} is no JSON`);
  }
  const parsed = schemas[step].safeParse(json);
  if (parsed.success) return parsed.data as z.output<(typeof schemas)[Step]>;
  throw invalid(`${step}: ${z.prettifyError(parsed.error).slice(0, 200)}`);
};

/** Newest record of a feed's group; null while there is none. */
export const heldGroup = async (
  cryptlet: LoadedCryptlet,
  feed: string,
): Promise<GroupRecord | null> =>
  (await cryptlet.groups.list()).find(({ group }) => group === feed)?.record ?? null;

/**
 * This host's part in a feed's group. Whoever asks: a key is made once, by exactly the members and with the threshold of
 * this host's configuration; what is signed was endorsed before. All the rest the enclave judges.
 */
export const createGroupPart = (
  quorum: QuorumFeed,
  cryptlet: LoadedCryptlet,
  book: Pick<StatementBook, "find">,
): NonNullable<FollowedFeed["group"]> => {
  const { feed, members, threshold } = quorum;
  const group: string = feed;
  /** Statement of the newest commitments, and how many there were. */
  let newest = { digest: "", count: 0 };

  /** Nonces are few: there are some for each statement that this host endorsed, and none for whoever asks. */
  const countCommitment = async (digest: Digest): Promise<void> => {
    if (!(await book.find(feed, digest))) throw invalid("this host did not endorse the statement");
    newest = { digest, count: newest.digest === digest ? newest.count + 1 : 1 };
    if (newest.count > MAX_COMMITMENTS) throw invalid("it was committed to often enough");
  };

  const checkPlan = async (input: unknown) => {
    const plan = parseGroupPlan(input);
    if (plan.group !== group || plan.threshold !== threshold || plan.reshare !== null)
      throw unplanned("it is not what this host is configured for");
    const fits =
      plan.members.length === members.length &&
      plan.members.every((key, index) =>
        members[index]?.keys.some(({ keyid }) => keyid === key.keyid),
      );
    if (!fits) throw unplanned("its members are not those of this host's configuration");
    if (await heldGroup(cryptlet, group)) throw unplanned("the group has a key already");
    return plan;
  };

  return async (step, body, call): Promise<string> => {
    const { groups } = cryptlet;
    switch (step) {
      case "join": {
        const { plan, evidence } = read("join", body);
        return JSON.stringify(await groups.join({ plan: await checkPlan(plan), evidence }, call));
      }
      case "deal":
        return JSON.stringify(await groups.deal(read("deal", body), call));
      case "receive":
        return JSON.stringify(await groups.receive(read("receive", body), call));
      case "finish":
        await groups.finish(read("finish", body), call);
        return "{}";
      case "commit": {
        const { epoch, digest } = read("commit", body);
        await countCommitment(digest);
        const [commitment] = await groups.commit({ group, epoch, count: 1 }, call);
        return JSON.stringify(commitment ?? {});
      }
      case "share": {
        const { epoch, statement, commitments } = read("share", body);
        // The enclave stands by the statement already, or gives no share.
        const proposal = { statement, runId: null, latest: null };
        return JSON.stringify(
          await groups.signShare({ group, epoch, proposal, commitments }, call),
        );
      }
    }
  };
};
