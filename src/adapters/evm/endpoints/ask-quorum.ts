import { toQuantity, type RpcAnswer, type RpcOptions } from "../evm-rpc.ts";
import { anyKey, blockPlace, minedPlace, type AnswerKey } from "./answer-keys.ts";
import { isClaim, judge, noteHeights, type EndpointGroup } from "./endpoint-group.ts";
import type { Votes } from "./gather.ts";
import type { QuestionKind } from "./question-kinds.ts";
import {
  isFeeHistory,
  reduceEstimate,
  reduceHistory,
  reduceVouched,
  vouchedFor,
} from "./reduce-votes.ts";

interface Question {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly options: RpcOptions;
}

const BLOCK_BY_NUMBER = "eth_getBlockByNumber";
const nothing: RpcAnswer = { ok: true, result: null };
/** Of a transaction that some have seen mined, what those say that have not. */
const agreedAnswer = ({ agreed }: Votes): RpcAnswer | null =>
  (agreed.find(({ answer }) => minedPlace(answer) === null) ?? agreed[0])?.answer ?? null;

const askVouched = async (
  group: EndpointGroup,
  { method, params, options }: Question,
  key: AnswerKey,
): Promise<RpcAnswer> => {
  const isHead = method === "eth_blockNumber";
  const votes = await group.collect(method, params, key, options);
  if (isHead) {
    noteHeights(votes);
    group.rollCall();
  }
  const answer = reduceVouched(votes.votes, group.quorum) ?? agreedAnswer(votes);
  if (answer) return answer;
  throw group.undecided(method, votes);
};

/**
 * One says it, too few others know of it: are they behind, or is it made up? True when each of the others stands before
 * the place that is spoken of.
 */
const areBehind = async (
  group: EndpointGroup,
  { votes }: Votes,
  place: { readonly number: bigint },
  options: RpcOptions,
): Promise<boolean> => {
  await group.askHeight(options);
  return votes.every((vote) => isClaim(vote) || BigInt(vote.endpoint.height() ?? 0) < place.number);
};

/** A block by number or hash, a receipt, a transaction. */
const askFact = async (
  group: EndpointGroup,
  { method, params, options }: Question,
  key: AnswerKey,
): Promise<RpcAnswer> => {
  let votes = await group.collect(method, params, key, options);
  for (let isSecond = false; ; isSecond = true) {
    const answer = agreedAnswer(votes);
    if (answer) {
      judge(votes);
      if (method === BLOCK_BY_NUMBER) group.examine(answer);
      return answer;
    }
    const [claim, ...others] = votes.votes.filter(isClaim);
    const isOne = claim !== undefined && others.every((vote) => vote.key === claim.key);
    if (votes.votes.length < group.quorum || !isOne) throw group.undecided(method, votes);
    const place = minedPlace(claim.answer) ?? blockPlace(claim.answer);
    // A transaction that waits, and that too few have heard of.
    if (!place) return nothing;
    if (await areBehind(group, votes, place, options)) return nothing;
    if (isSecond) throw group.undecided(method, votes);
    // A block may have come between the two questions.
    votes = await group.collect(method, params, key, options);
  }
};

/** `latest`, `safe` and `finalized`: the newest that a quorum has reached. */
const askBlock = async (
  group: EndpointGroup,
  { params, options }: Question,
  key: AnswerKey,
): Promise<RpcAnswer> => {
  const isHead = params[0] === "latest";
  const votes = await group.collect(BLOCK_BY_NUMBER, params, key, options);
  if (isHead) {
    noteHeights(votes);
    group.rollCall();
  }
  const agreed = agreedAnswer(votes);
  if (agreed) {
    group.examine(agreed);
    return agreed;
  }
  const numbers = votes.votes.flatMap(({ answer }) => blockPlace(answer)?.number ?? []);
  const number = vouchedFor(numbers, group.quorum);
  if (number === null) throw group.undecided(BLOCK_BY_NUMBER, votes);
  const byNumber = [toQuantity(number), ...params.slice(1)];
  return await askFact(group, { method: BLOCK_BY_NUMBER, params: byNumber, options }, key);
};

const isNumber = (block: unknown): boolean => typeof block === "string" && block.startsWith("0x");

/** A call or a read; when the answers differ because of the heights, about one block that a quorum has. */
const askSame = async (
  group: EndpointGroup,
  { method, params, options }: Question,
  key: AnswerKey,
  pin: number | null,
): Promise<RpcAnswer> => {
  let votes = await group.collect(method, params, key, options);
  const mayDiffer = pin !== null && !isNumber(params[pin]) && votes.votes.length >= group.quorum;
  if (votes.agreed.length === 0 && mayDiffer) {
    const block = toQuantity(await group.askHeight(options));
    const pinned = [...params.slice(0, pin), block, ...params.slice(pin + 1)];
    votes = await group.collect(method, pinned, key, options);
    judge(votes);
  }
  const answer = agreedAnswer(votes);
  if (answer) return answer;
  throw group.undecided(method, votes);
};

const historyKey: AnswerKey = (answer) =>
  isFeeHistory(answer) || !answer.ok ? anyKey(answer) : null;

const askReduced = async (
  group: EndpointGroup,
  { method, params, options }: Question,
  key: AnswerKey,
  reduce: typeof reduceEstimate,
): Promise<RpcAnswer> => {
  const votes = await group.collect(method, params, key, options);
  const answer = agreedAnswer(votes) ?? reduce(votes.votes, group.quorum);
  if (answer) return answer;
  throw group.undecided(method, votes);
};

/** Puts one question to a group by its kind. Throws what `undecided` says and the signal's reason. */
export const askQuorum = async (
  group: EndpointGroup,
  question: Question,
  kind: Exclude<QuestionKind, { kind: "broadcast" }>,
): Promise<RpcAnswer> => {
  switch (kind.kind) {
    case "any": {
      const { method, params, options } = question;
      const votes = await group.collect(method, params, anyKey, { ...options, quorum: 1 });
      const answer = agreedAnswer(votes);
      if (answer) return answer;
      throw group.undecided(method, votes);
    }
    case "vouched":
      return await askVouched(group, question, kind.key);
    case "fact":
      return await askFact(group, question, kind.key);
    case "block":
      return await askBlock(group, question, kind.key);
    case "same":
      return await askSame(group, question, kind.key, kind.pin);
    case "estimate":
      return await askReduced(group, question, kind.key, reduceEstimate);
    case "history":
      return await askReduced(group, question, historyKey, reduceHistory);
    default:
      return kind satisfies never;
  }
};
