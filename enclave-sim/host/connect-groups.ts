import type {
  CryptletGroups,
  GroupCall,
  GroupCalls,
  GroupCounter,
  GroupOperation,
} from "./group-calls.ts";

interface Call {
  readonly signal?: AbortSignal;
}

/** The host's end: posts each call, and has the counter remember how far shares went before anybody hears of it. */
export const connectGroups = (
  post: (call: GroupCall, options?: Call) => Promise<GroupCalls[GroupOperation]["answer"]>,
  advance: (counter: GroupCounter) => Promise<void>,
): CryptletGroups => {
  const ask = async <Operation extends GroupOperation>(
    operation: Operation,
    request: GroupCalls[Operation]["request"],
    options?: Call,
  ): Promise<GroupCalls[Operation]["answer"]> =>
    // One message form for all: the operation decides which answer comes.
    post({ operation, request } as GroupCall, options);
  return {
    list: () => ask("list", {}),
    join: (request, options) => ask("join", request, options),
    deal: (request, options) => ask("deal", request, options),
    receive: (request, options) => ask("receive", request, options),
    finish: async (request, options) => {
      const { counter, ...finished } = await ask("finish", request, options);
      await advance(counter);
      return finished;
    },
    abandon: async (request, options) => {
      await ask("abandon", request, options);
    },
    attest: (request, options) => ask("attest", request, options),
    commit: (request, options) => ask("commit", request, options),
    signShare: (request, options) => ask("signShare", request, options),
  };
};
