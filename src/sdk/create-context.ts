import { guestError } from "./guest-error.ts";
import type { HttpAnswer, HttpRequest, TriggerInput } from "./abi.ts";
import type { GetOptions, GuestLog, HttpCalls, RunContext } from "./context.ts";
import type { GuestFeed } from "./define-cryptlet.ts";
import { askHost, type HostCaller } from "./host-call.ts";

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
    now: () => {
      const now = askHost(hostCall, { op: "time.now" });
      if (typeof now !== "number" || !Number.isSafeInteger(now))
        throw guestError("HOST_CALL_REFUSED", { reason: "time.now gave no whole number" });
      return now;
    },
    random: (length) => bytesOfHex(askHost(hostCall, { op: "random.bytes", length }), length),
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
