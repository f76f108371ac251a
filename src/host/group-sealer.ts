import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { isGroupOf } from "../coordinator/group-fit.ts";
import type { GroupSession } from "../coordinator/group-session.ts";
import type { FollowedFeed } from "../coordinator/quorum-follower.ts";
import { systemClock } from "../core/clock.ts";
import { toWire } from "../core/errors/wire.ts";
import type { Log } from "../core/log.ts";
import { encodeBase64 } from "../crypto/base64.ts";
import type { GroupRecord } from "../crypto/frost/group-record.ts";
import { verifyGroupRecord } from "../crypto/frost/verify-group-record.ts";
import { heldGroup } from "./group-part.ts";
import type { QuorumSealerParts } from "./quorum-sealer.ts";

/** Pause after a ceremony that failed, ms: a member is away, and rounds do not wait for it. */
const RETRY_MS = 30_000;

/**
 * Signs with the members' group, whose key the first leader makes with all of them; after members or threshold changed in
 * the configuration, a leader has it shared anew, and the old shares sign until then. Never an error: without the group
 * the list of single signatures is a round as before.
 */
export const createGroupSealer = (parts: {
  readonly feed: FollowedFeed;
  readonly cryptlet: LoadedCryptlet;
  readonly session: GroupSession;
  readonly log: Log;
}): QuorumSealerParts["signAsGroup"] => {
  const { feed, cryptlet, session, log } = parts;
  let retryAt = 0;
  let ceremony: Promise<void> | null = null;

  const make = async (signal: AbortSignal): Promise<void> => {
    try {
      await session.keep(feed, { signal });
    } catch (error) {
      retryAt = systemClock.monotonic() + RETRY_MS;
      const { code, message } = toWire(error);
      log.warn("the group is not what it should be yet; it is tried again", {
        feed: feed.feed,
        code,
        reason: message,
      });
    }
    ceremony = null;
  };
  const record = async (signal: AbortSignal): Promise<GroupRecord | null> => {
    const held = await heldGroup(cryptlet, feed.feed);
    const fits = held !== null && isGroupOf(feed, verifyGroupRecord(held));
    if (fits || ceremony || systemClock.monotonic() < retryAt) return held;
    ceremony = make(signal);
    await ceremony;
    return await heldGroup(cryptlet, feed.feed);
  };

  return async (statement, members, signal) => {
    if (!feed.group || statement.onchain === null) return null;
    const group = await record(signal);
    if (!group) return null;
    const signature = await session.sign(feed, group, statement, { members, signal });
    if (!signature) return null;
    const { keyid } = verifyGroupRecord(group).key;
    return { signature: { keyid, sig: encodeBase64(signature) }, record: group };
  };
};
