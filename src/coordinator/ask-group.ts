import type { Bus } from "../bus/bus.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { FabricId } from "../core/ids.ts";
import type { FollowedFeed } from "./quorum-follower.ts";
import {
  encodeMessage,
  groupAnswerSchema,
  type GroupStep,
  memberSubject,
  parseAnswer,
} from "./quorum-messages.ts";

/**
 * Asks one host, this one among them, for one step of a feed's group; gives JSON text. Nothing of the answer is trusted.
 * Throws `BUS_*`, `QUORUM_MESSAGE_INVALID` and what the member refuses with.
 */
export type AskGroup = (
  feed: Pick<FollowedFeed, "feed" | "group" | "timeoutMs">,
  member: string,
  step: GroupStep,
  content: object,
  signal: AbortSignal,
) => Promise<string>;

export const createAskGroup =
  ({
    bus,
    fabric,
    self,
  }: {
    readonly bus: Bus;
    readonly fabric: FabricId;
    readonly self: string;
  }): AskGroup =>
  async (feed, member, step, content, signal) => {
    const body = JSON.stringify(content);
    if (member === self) {
      if (!feed.group)
        throw fabricError("QUORUM_MESSAGE_INVALID", { reason: "the feed has no group" });
      return await feed.group(step, body, { signal });
    }
    const request = encodeMessage({ kind: "group", feed: feed.feed, step, body });
    const options = { timeoutMs: feed.timeoutMs, signal };
    const answer = await bus.request(memberSubject(fabric, member), request, options);
    return parseAnswer(answer, groupAnswerSchema).body;
  };
