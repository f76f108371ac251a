import { connect } from "node:tls";
import type { SourceMode } from "../sdk/abi.ts";

/** Longest wait for one provider's TLS handshake, in ms. */
const PROBE_TIMEOUT_MS = 2_500;

/** True when `host` completes a TLS handshake on port 443 with a certificate that the system's roots accept. */
const reaches = (host: string, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port: 443, servername: host, timeout: PROBE_TIMEOUT_MS });
    const end = (answer: boolean) => {
      signal.removeEventListener("abort", refuse);
      socket.destroy();
      resolve(answer);
    };
    const refuse = () => end(false);
    signal.addEventListener("abort", refuse, { once: true });
    socket.once("secureConnect", () => end(socket.authorized));
    socket.once("error", refuse);
    socket.once("timeout", refuse);
  });

/**
 * Decide once, at start, how **all** sources of a fabric are reached, so that live and emulated answers never meet
 * in one aggregate. `auto` is live when at least `needed` of the `hosts` complete a TLS handshake.
 * Hosts that begin with a wildcard belong to tenants and are not probed.
 */
export const decideProviderMode = async (
  configured: "auto" | "live" | "emulated",
  hosts: readonly string[],
  needed: number,
  options?: {
    signal?: AbortSignal;
    reaches?: (host: string, signal: AbortSignal) => Promise<boolean>;
  },
): Promise<SourceMode> => {
  if (configured !== "auto") return configured === "live" ? "LIVE" : "EMULATED";
  const probe = options?.reaches ?? reaches;
  const limit = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  const signal = options?.signal ? AbortSignal.any([options.signal, limit]) : limit;
  const answers = await Promise.all(
    hosts.filter((host) => !host.startsWith("*.")).map((host) => probe(host, signal)),
  );
  return answers.filter(Boolean).length >= Math.max(1, needed) ? "LIVE" : "EMULATED";
};
