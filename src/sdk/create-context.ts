import { guestError } from "./guest-error.ts";
import type {
  CallAnswer,
  ChainAnswer,
  HttpAnswer,
  HttpRequest,
  Json,
  TriggerInput,
} from "./abi.ts";
import type {
  ChainCalls,
  GetOptions,
  GuestLog,
  GuestState,
  HttpCalls,
  RunContext,
} from "./context.ts";
import type { GuestFeed } from "./define-cryptlet.ts";
import { askHost, type HostCaller } from "./host-call.ts";
import { createPure } from "./pure.ts";

/** Builds the context of one run over the wall. */
export const createContext = <Parameters>(run: {
  readonly trigger: TriggerInput;
  readonly feed: GuestFeed;
  readonly parameters: Parameters;
  readonly hostCall: HostCaller;
}): RunContext<Parameters> => {
  const { trigger, feed, parameters, hostCall } = run;
  return {
    trigger,
    feed,
    parameters,
    http: createHttp(hostCall),
    log: createLog(hostCall),
    state: createState(hostCall),
    chain: createChain(hostCall),
    pure: createPure(hostCall),
    now: () => {
      const now = askHost(hostCall, { op: "time.now" });
      if (typeof now !== "number" || !Number.isSafeInteger(now))
        throw guestError("HOST_CALL_REFUSED", { reason: "time.now gave no whole number" });
      return now;
    },
    random: (length) => bytesOfHex(askHost(hostCall, { op: "random.bytes", length }), length),
    secret: (name) => {
      // Anything else would be sent as it stands.
      if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(name)) throw guestError("HTTP_SECRET_UNKNOWN", { name });
      return `{{secret:${name}}}`;
    },
    configuration: () => askHost(hostCall, { op: "configuration" }) as Json,
    call: (cryptlet, calledFeed, calledParameters, { id = cryptlet } = {}) =>
      askHost(hostCall, {
        op: "call",
        id,
        cryptlet,
        feed: calledFeed,
        parameters: calledParameters,
      }) as CallAnswer,
  };
};

const createHttp = (hostCall: HostCaller): HttpCalls => {
  const all = (requests: readonly HttpRequest[]): readonly HttpAnswer[] => {
    const answers = askHost(hostCall, { op: "http.all", requests });
    if (!Array.isArray(answers) || answers.length !== requests.length)
      throw guestError("HOST_CALL_REFUSED", { reason: "http.all gave another count of answers" });
    return answers as readonly HttpAnswer[];
  };
  const get = (url: string, options: GetOptions = {}): HttpAnswer => {
    const id = options.id ?? /^https:\/\/([^/:?#]+)/.exec(url)?.[1] ?? "request";
    const [answer] = all([{ ...options, id, method: "GET", url }]);
    if (!answer) throw guestError("HOST_CALL_REFUSED", { reason: "http.all gave no answer" });
    return answer;
  };
  return { all, get };
};

const createState = (hostCall: HostCaller): GuestState => ({
  get: (key) => askHost(hostCall, { op: "state.get", key }) as string | null,
  put: (key, value) => {
    askHost(hostCall, { op: "state.put", key, value });
  },
  delete: (key) => {
    askHost(hostCall, { op: "state.delete", key });
  },
  list: (
    prefix = "",
    { after = null, limit = 256 }: { after?: string | null; limit?: number } = {},
  ) => askHost(hostCall, { op: "state.list", prefix, after, limit }) as readonly string[],
});

const createChain = (hostCall: HostCaller): ChainCalls => ({
  read: (chain, queries, { id = chain, block = "latest" } = {}) =>
    askHost(hostCall, { op: "chain.read", id, chain, block, queries }) as ChainAnswer,
});

const createLog = (hostCall: HostCaller): GuestLog => {
  const at = (level: keyof GuestLog) => (message: string) => {
    askHost(hostCall, { op: "log", level, message: message.slice(0, 4_000) });
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
};

const bytesOfHex = (hex: unknown, length: number): Uint8Array => {
  if (typeof hex !== "string" || hex.length !== length * 2 || !/^[0-9a-f]*$/.test(hex))
    throw guestError("HOST_CALL_REFUSED", { reason: "random.bytes gave no hex of that length" });
  return Uint8Array.from({ length }, (_, at) => Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16));
};
