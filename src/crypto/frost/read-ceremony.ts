import type { z } from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Digest } from "../../core/ids.ts";
import { digestOf } from "../hashes.ts";
import type { KeyRecord } from "../key-record.ts";
import { type DealContent, dealSchema, type JoinContent, joinSchema } from "./ceremony-messages.ts";
import type { CeremonyRoles } from "./ceremony-roles.ts";
import { findDealingFault } from "./dealing.ts";
import {
  type GroupMessageKind,
  messageDigest,
  readMessage,
  type SignedMessage,
} from "./signed-message.ts";

/** A message that was checked, with what it says. */
export interface Read<Content> {
  readonly content: Content;
  readonly message: SignedMessage;
}

/** One message of each wanted sender, in their order. */
const collect = <Content extends { readonly ceremony: Digest }>(
  messages: readonly unknown[],
  task: {
    readonly kind: GroupMessageKind;
    readonly schema: z.ZodType<Content>;
    readonly ceremony: Digest;
    readonly wanted: readonly KeyRecord[];
    /** Who may speak besides; what they say is passed over. */
    readonly known: readonly KeyRecord[];
  },
): readonly Read<Content>[] => {
  const { kind, schema, ceremony, wanted, known } = task;
  const found = new Map<string, Read<Content>>();
  for (const each of messages.slice(0, 2 * known.length)) {
    const read = readMessage(each, { kind, schema, senders: known });
    const { keyid } = read.message;
    if (read.content.ceremony !== ceremony)
      throw fabricError("FROST_MESSAGE_INVALID", { kind, reason: "it is of another ceremony" });
    const other = found.get(keyid);
    if (other && other.message.payload !== read.message.payload)
      throw fabricError("FROST_EQUIVOCATION", { member: keyid, what: `two ${kind} messages` });
    found.set(keyid, read);
  }
  const all = wanted.flatMap(({ keyid }) => found.get(keyid) ?? []);
  if (all.length < wanted.length)
    throw fabricError("FROST_MESSAGE_MISSING", {
      missing: wanted.length - all.length,
      wanted: wanted.length,
      kind,
    });
  return all;
};

const bad = (kind: GroupMessageKind, reason: string) =>
  fabricError("FROST_MESSAGE_INVALID", { kind, reason });

const listDigest = (what: string, messages: readonly SignedMessage[]): Digest =>
  digestOf(
    new TextEncoder().encode(
      [`cryptlet/frost/${what}/v1`, ...messages.map(messageDigest)].join("\0"),
    ),
  );

/** What all new members said at step 0, and one digest of it. Throws `FROST_*`. */
export const readJoins = (
  { plan, ceremony, dealers, participants }: CeremonyRoles,
  messages: readonly unknown[],
): { readonly joins: readonly Read<JoinContent>[]; readonly digest: Digest } => {
  const task = { kind: "join", schema: joinSchema, ceremony } as const;
  const joins = collect(messages, { ...task, wanted: plan.members, known: participants });
  for (const [at, { content }] of joins.entries()) {
    if (content.index !== at + 1) throw bad("join", `member ${at + 1} gives another index`);
    const named = content.channels.map(({ dealer }) => dealer);
    if (named.join() !== dealers.map(({ index }) => index).join())
      throw bad("join", `member ${at + 1} does not have one channel for each dealer`);
  }
  return {
    joins,
    digest: listDigest(
      "joins",
      joins.map(({ message }) => message),
    ),
  };
};

/**
 * The dealings of all dealers, each right as far as all can see. Throws `FROST_DEALING_BAD` (names the dealer; its signed
 * message is the proof) and other `FROST_*`.
 */
export const readDeals = (
  { plan, ceremony, dealers, participants }: CeremonyRoles,
  joinsDigest: Digest,
  messages: readonly unknown[],
): readonly Read<DealContent>[] => {
  const wanted = dealers.map(({ key }) => key);
  const task = { kind: "deal", schema: dealSchema, ceremony } as const;
  const deals = collect(messages, { ...task, wanted, known: participants });
  for (const [at, { content }] of deals.entries()) {
    const dealer = dealers[at];
    if (!dealer || content.dealer !== dealer.index) throw bad("deal", "it gives another index");
    if (content.joins !== joinsDigest) throw bad("deal", "it was made for other joins");
    const reason = findDealFault({ plan, ceremony, dealer }, content);
    if (reason !== null) throw fabricError("FROST_DEALING_BAD", { member: dealer.index, reason });
  }
  return deals;
};

/** What is wrong with a dealing for all to see; null when nothing is. */
export const findDealFault = (
  {
    plan,
    ceremony,
    dealer,
  }: Pick<CeremonyRoles, "plan" | "ceremony"> & {
    readonly dealer: CeremonyRoles["dealers"][number];
  },
  content: DealContent,
): string | null => {
  if (content.shares.map(({ to }) => to).join() !== plan.members.map((_, i) => i + 1).join())
    return "it does not deal to each member once";
  const members = plan.members.length;
  const context = { ceremony, dealer: dealer.index, threshold: plan.threshold, members };
  return findDealingFault(content, context, dealer.constant);
};

/** Digest over the plan and every message, in the order of indices: what the members confirm. */
export const transcriptOf = (
  ceremony: Digest,
  joinsDigest: Digest,
  deals: readonly Read<DealContent>[],
): Digest => {
  const parts = [
    ceremony,
    joinsDigest,
    listDigest(
      "deals",
      deals.map(({ message }) => message),
    ),
  ];
  return digestOf(new TextEncoder().encode(["cryptlet/frost/transcript/v1", ...parts].join("\0")));
};
