import type { HostCall, PureCall } from "./abi.ts";
import { guestError, throwAbiError } from "./guest-error.ts";

/** The wall as a function: JSON text of a `HostCall` in, JSON text of a `HostAnswer` out. Blocks. */
export type HostCaller = (requestJson: string) => string;

/** The enclave's own: the global function that it leaves to the guest. */
export const guestHostCall: HostCaller = (requestJson) => {
  const call: unknown = Reflect.get(globalThis, "__hostCall");
  if (typeof call !== "function")
    throw guestError("HOST_CALL_REFUSED", { reason: "there is no enclave around this code" });
  return String(call(requestJson));
};

/** One call; throws the enclave's error under its own code. */
export const askHost = (hostCall: HostCaller, call: HostCall | PureCall): unknown => {
  const answer: unknown = JSON.parse(hostCall(JSON.stringify(call)));
  if (typeof answer === "object" && answer !== null) {
    if ("error" in answer) throwAbiError(answer.error);
    if ("ok" in answer) return answer.ok;
  }
  throw guestError("HOST_CALL_REFUSED", { reason: "neither ok nor error" });
};
