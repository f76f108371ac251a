import { digestOf } from "../crypto/hashes.ts";

const encoder = new TextEncoder();

/**
 * Members in the order in which they should lead `name`: rendezvous hashing (Thaler and Ravishankar 1998). Every host
 * comes to the same order by itself, and a member that leaves moves only what it led.
 */
export const rankMembers = (name: string, members: readonly string[]): readonly string[] =>
  members
    .map((id) => ({ id, weight: digestOf(encoder.encode(`${name}\n${id}`)) }))
    .toSorted((a, b) => (a.weight < b.weight ? -1 : a.weight > b.weight ? 1 : 0))
    .map(({ id }) => id);

/** Feeds share so many leases: their number does not grow with the feeds. */
const SHARDS = 16;

/** Name of the lease that a feed's leader holds: feeds of the same members and shard have one leader. */
export const leaseNameOf = (feed: string, members: readonly string[]): string => {
  const group = digestOf(encoder.encode(members.toSorted().join("\n"))).slice(7, 23);
  const shard = Number.parseInt(digestOf(encoder.encode(feed)).slice(7, 15), 16) % SHARDS;
  return `${group}-${shard}`;
};
