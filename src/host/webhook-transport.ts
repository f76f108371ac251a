import { isIP, type LookupFunction } from "node:net";
import { rootCertificates } from "node:tls";
import { Agent, request } from "undici";
import { isPublicAddress } from "../../enclave-sim/capabilities/http/public-address.ts";
import {
  resolveHost,
  systemResolver,
  type Resolver,
} from "../../enclave-sim/capabilities/http/resolve-host.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { systemCode } from "../core/errors/system-code.ts";
import { withinSignal } from "../core/within-signal.ts";
import { parseWebhookUrl } from "./webhook-url.ts";

// undici follows no redirect by itself, and its Agent takes the addresses that were judged here; the enclave's own
// connections would do as well, but hold one Cryptlet's manifest and its TLS facts.

/** Bytes of an answer's body that are taken off the wire before the connection is dropped; none is kept. */
const MAX_ANSWER_BYTES = 65_536;
/** Connections that are kept, over all webhooks. */
const MAX_AGENTS = 256;
const KEEP_ALIVE_MS = 10_000;

/** What an endpoint answered. */
export interface WebhookReply {
  readonly status: number;
  /** What `retry-after` asks for, ms; null where it asks for nothing readable. */
  readonly retryAfterMs: number | null;
}

/** Where calls go out. */
export interface WebhookTransport {
  /** Throws `WEBHOOK_URL_REFUSED`, `HTTP_NAME_UNKNOWN`, `HTTP_PRIVATE_ADDRESS` for an address that nothing may go to. */
  check(url: string, options: { readonly signal?: AbortSignal }): Promise<void>;
  /** Sends one call. Throws as `check` does, and `WEBHOOK_UNREACHABLE`; an abort of `signal` counts as such. */
  send(
    webhook: string,
    call: {
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array;
    },
    options: { readonly signal: AbortSignal },
  ): Promise<WebhookReply>;
  close(): Promise<void>;
}

/** Gives the judged addresses whatever name is looked up: a second answer of the name server changes nothing. */
const pinnedLookup = (addresses: readonly string[]): LookupFunction => {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, done) => {
    const [first] = all;
    if (options.all === true) done(null, all);
    else done(null, first?.address ?? "", first?.family ?? 0);
  };
};

/** Seconds, as RFC 9110 section 10.2.3 has them; a date is left aside. */
const retryAfter = (value: string | readonly string[] | undefined): number | null =>
  typeof value === "string" && /^\d{1,6}$/.test(value) ? Number(value) * 1_000 : null;

const reasonOf = (error: unknown): string => {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return systemCode(error) ?? (error instanceof Error ? error.name : "unknown");
};

export const createWebhookTransport = (settings: {
  readonly allowPrivateAddresses: boolean;
  /** PEM of authorities besides the public ones; null: those alone. */
  readonly caPem: string | null;
  readonly resolver?: Resolver;
}): WebhookTransport => {
  const { allowPrivateAddresses, caPem, resolver = systemResolver } = settings;
  const agents = new Map<string, { readonly addresses: string; readonly agent: Agent }>();
  const ca = caPem === null ? {} : { ca: [...rootCertificates, caPem] };

  const resolve = async (url: URL): Promise<readonly string[]> => {
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const addresses = await resolveHost(host, { allowPrivateAddresses, resolver });
    if (url.protocol === "http:" && addresses.some(isPublicAddress))
      throw fabricError("WEBHOOK_URL_REFUSED", {
        reason: "http is allowed to private addresses alone",
      });
    return addresses;
  };

  const drop = (webhook: string): void => {
    const known = agents.get(webhook);
    agents.delete(webhook);
    known?.agent.destroy().catch(() => {});
  };
  const agentFor = (webhook: string, addresses: readonly string[]): Agent => {
    const key = addresses.join(",");
    const known = agents.get(webhook);
    if (known?.addresses === key) return known.agent;
    drop(webhook);
    const [oldest] = agents.keys();
    if (agents.size >= MAX_AGENTS && oldest !== undefined) drop(oldest);
    const agent = new Agent({
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: 16_384,
      connections: 4,
      connect: { lookup: pinnedLookup(addresses), ...ca },
    });
    agents.set(webhook, { addresses: key, agent });
    return agent;
  };

  return {
    async check(text, { signal }) {
      await withinSignal(resolve(parseWebhookUrl(text, allowPrivateAddresses)), signal);
    },
    async send(webhook, { url: text, headers, body }, { signal }) {
      const url = parseWebhookUrl(text, allowPrivateAddresses);
      try {
        const addresses = await withinSignal(resolve(url), signal);
        const answer = await request(url, {
          method: "POST",
          dispatcher: agentFor(webhook, addresses),
          headers,
          body,
          signal,
        });
        const reply = {
          status: answer.statusCode,
          retryAfterMs: retryAfter(answer.headers["retry-after"]),
        };
        // An answer stands when its head is here; what follows it is read for the connection's sake.
        await answer.body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch(() => {});
        return reply;
      } catch (error) {
        if (isFabricError(error)) throw error;
        const reason = signal.aborted ? "no answer in time" : reasonOf(error);
        throw fabricError("WEBHOOK_UNREACHABLE", { webhook, reason }, { cause: error });
      }
    },
    async close() {
      const open = [...agents.values()];
      agents.clear();
      await Promise.all(open.map(({ agent }) => agent.destroy().catch(() => {})));
    },
  };
};
