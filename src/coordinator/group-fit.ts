import type { GroupStatement } from "../crypto/frost/group-record.ts";
import type { QuorumFeed } from "./quorum-feed.ts";

type Agreed = Pick<QuorumFeed, "feed" | "members" | "threshold">;
type GroupMember = GroupStatement["members"][number];

/** Which host of the configuration a key of the group is named for. */
export const ownerOf = ({ members }: Pick<QuorumFeed, "members">, keyid: string): string | null =>
  members.find(({ keys }) => keys.some((key) => key.keyid === keyid))?.id ?? null;

/** Members of a group that the configuration still names, each host once. */
export const stayingIn = (
  feed: Pick<QuorumFeed, "members">,
  { members }: Pick<GroupStatement, "members">,
): readonly GroupMember[] => {
  const seen = new Set<string>();
  return members.filter(({ key }) => {
    const owner = ownerOf(feed, key.keyid);
    if (owner === null || seen.has(owner)) return false;
    seen.add(owner);
    return true;
  });
};

/** Whether a group is what the configuration asks for: these hosts, each with one share, and this threshold. */
export const isGroupOf = (feed: Agreed, statement: GroupStatement): boolean =>
  statement.group === feed.feed &&
  statement.threshold === feed.threshold &&
  statement.members.length === feed.members.length &&
  stayingIn(feed, statement).length === feed.members.length;

/**
 * Whether a group can become the configured one by a resharing: enough of its members stay to deal. A record that one
 * member makes up never passes, because a threshold is 2 at least and each of those that stay signed the record.
 */
export const canBecome = (feed: Agreed, statement: GroupStatement): boolean =>
  statement.group === feed.feed && stayingIn(feed, statement).length >= statement.threshold;
