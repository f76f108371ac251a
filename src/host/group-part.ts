import { z } from "zod";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import type { QuorumFeed } from "../coordinator/quorum-feed.ts";
import type { FollowedFeed } from "../coordinator/quorum-follower.ts";
import type { StatementBook } from "../coordinator/statement-book.ts";
import { canBecome, isGroupOf, stayingIn } from "../coordinator/group-fit.ts";
import type { Clock } from "../core/clock.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { type Digest, digestSchema } from "../core/ids.ts";
import { ceremonyOf, parseGroupPlan } from "../crypto/frost/group-plan.ts";
import {
  type GroupRecord,
  groupEpochSchema,
  groupRecordSchema,
} from "../crypto/frost/group-record.ts";
import { verifyGroupRecord } from "../crypto/frost/verify-group-record.ts";
import { commitmentListSchema } from "../crypto/frost/signing-messages.ts";
import { signedMessageSchema } from "../crypto/frost/signed-message.ts";
import { evidenceSchema } from "../envelope/bundle.ts";

const MAX_MEMBERS = 32;
/** Signatures that are tried for one statement. */
const MAX_COMMITMENTS = 4;
const messages = z.array(signedMessageSchema).max(MAX_MEMBERS);
const schemas = {
  held: z.strictObject({}),
  join: z.strictObject({
    plan: z.unknown(),
    evidence: z.array(evidenceSchema).min(1).max(MAX_MEMBERS),
  }),
  deal: z.strictObject({ ceremony: digestSchema, joins: messages }),
  receive: z.strictObject({ ceremony: digestSchema, joins: messages, deals: messages }),
  finish: z.strictObject({
    record: groupRecordSchema,
    evidence: z.array(evidenceSchema).max(MAX_MEMBERS).optional(),
  }),
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
 * This host's part in a feed's group. Whoever asks: a key is made once, and gets new shares only for exactly the members
 * and the threshold of this host's configuration, dealt by members that stay; what is signed was endorsed before. All
 * the rest the enclave judges.
 */
export const createGroupPart = (
  quorum: QuorumFeed,
  cryptlet: LoadedCryptlet,
  book: Pick<StatementBook, "find">,
  clock: Pick<Clock, "monotonic">,
): NonNullable<FollowedFeed["group"]> => {
  const { feed, members, threshold } = quorum;
  const group: string = feed;
  /** Statement of the newest commitments, and how many there were. */
  let newest = { digest: "", count: 0 };
  /** Ceremonies that this host takes part in, and which one it confirmed. */
  let joined: Digest | null = null;
  let confirmed: Digest | null = null;
  /** Each step of a coordinator takes `timeoutMs` at most. Of what was confirmed before a restart nobody knows when. */
  const patience = (): number => clock.monotonic() + 3 * quorum.timeoutMs;
  let giveUpAt = patience();

  /** Nonces are few: there are some for each statement that this host endorsed, and none for whoever asks. */
  const countCommitment = async (digest: Digest): Promise<void> => {
    if (!(await book.find(feed, digest))) throw invalid("this host did not endorse the statement");
    newest = { digest, count: newest.digest === digest ? newest.count + 1 : 1 };
    if (newest.count > MAX_COMMITMENTS) throw invalid("it was committed to often enough");
  };

  const checkPlan = async (input: unknown) => {
    const plan = parseGroupPlan(input);
    if (plan.group !== group || plan.threshold !== threshold)
      throw unplanned("it is not what this host is configured for");
    const fits =
      plan.members.length === members.length &&
      plan.members.every((key, index) =>
        members[index]?.keys.some(({ keyid }) => keyid === key.keyid),
      );
    if (!fits) throw unplanned("its members are not those of this host's configuration");
    const held = await heldGroup(cryptlet, group);
    if (held && isGroupOf(quorum, verifyGroupRecord(held)))
      throw unplanned("the group is what it should be already");
    if (plan.reshare === null) {
      if (held) throw unplanned("the group has a key already");
      return plan;
    }
    const before = verifyGroupRecord(plan.reshare.record);
    const staying = new Set(stayingIn(quorum, before).map(({ index }) => index));
    if (!canBecome(quorum, before) || plan.reshare.dealers.some((index) => !staying.has(index)))
      throw unplanned("its dealers are not members of this host's configuration");
    return plan;
  };

  /**
   * A plan that is begun ends the one before it: no ceremony is open for ever. What this host confirmed is left alone
   * until whoever coordinated it has surely given up, because the record may be on its way.
   */
  const joinGroup = async (
    request: Parameters<typeof cryptlet.groups.join>[0],
    call: { readonly signal: AbortSignal },
  ) => {
    const { groups } = cryptlet;
    const ceremony = ceremonyOf(request.plan);
    if (joined !== null && joined !== ceremony && joined !== confirmed)
      await groups.abandon({ ceremony: joined }, call);
    joined = ceremony;
    try {
      return await groups.join(request, call);
    } catch (error) {
      if (!isFabricError(error, "FROST_CEREMONY_ORDER") || clock.monotonic() < giveUpAt)
        throw error;
      const pending = digestSchema.safeParse(error.arguments["ceremony"]);
      if (!pending.success || pending.data === ceremony) throw error;
      await groups.abandon({ ceremony: pending.data }, call);
      return await groups.join(request, call);
    }
  };

  return async (step, body, call): Promise<string> => {
    const { groups } = cryptlet;
    switch (step) {
      case "held":
        read("held", body);
        return JSON.stringify(await heldGroup(cryptlet, group));
      case "join": {
        const { plan, evidence } = read("join", body);
        return JSON.stringify(await joinGroup({ plan: await checkPlan(plan), evidence }, call));
      }
      case "deal":
        return JSON.stringify(await groups.deal(read("deal", body), call));
      case "receive": {
        const request = read("receive", body);
        giveUpAt = patience();
        confirmed = request.ceremony;
        try {
          const answer = await groups.receive(request, call);
          if (answer.kind !== "confirm") confirmed = null;
          return JSON.stringify(answer);
        } catch (error) {
          confirmed = null;
          throw error;
        }
      }
      case "finish": {
        const { record, evidence } = read("finish", body);
        await groups.finish({ record, ...(evidence ? { evidence } : {}) }, call);
        return "{}";
      }
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
