import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import { systemClock, type Clock } from "../core/clock.ts";
import { createCertificateAuthority, type CertificateAuthority } from "./certificate-authority.ts";
import { startControlServer } from "./control-server.ts";
import {
  createCrmProviders,
  DEMO_RECORDS,
  EMULATOR_CREDENTIALS,
  type EmulatorCredentials,
} from "./crm-providers.ts";
import { sendFault, sendJson, type FaultKind } from "./fault.ts";
import { createGoldProviders } from "./gold-providers.ts";
import { listen } from "./listen.ts";
import {
  createPriceSeries,
  createPriceWalk,
  priceText,
  readPriceSeries,
  type PriceProcess,
} from "./price-process.ts";
import type { Provider, ProviderName } from "./provider.ts";
import { readSmallBody } from "./small-body.ts";

export interface ProviderEmulatorOptions {
  /** Decides the walk of the price; the same seed gives the same prices. */
  readonly seed?: string;
  /** Decimal text, USD per troy ounce; `4228.00` when left out. */
  readonly startPrice?: string;
  /** Largest change of the walk in millionths a second; 0 holds the price still. 20 when left out. */
  readonly maxStepPpm?: number;
  /** A `Date,Price` file to play instead of the walk, from a date on, one row every `stepMs`. */
  readonly series?: { readonly file: string; readonly from?: string; readonly stepMs?: number };
  /** 0 or left out: a free port. */
  readonly port?: number;
  readonly controlPort?: number;
  readonly credentials?: EmulatorCredentials;
  readonly clock?: Clock;
}

/** Runs until `close`. `address`, `port` and `caPem` are what an enclave in emulated mode is configured with. */
export interface ProviderEmulator {
  readonly address: string;
  readonly port: number;
  /** The only authority that has to be trusted; made at the start, gone at the end. */
  readonly caPem: string;
  /** URL of the control endpoint. */
  readonly control: string;
  /** Host names that are served; `*.` stands for one label. */
  readonly hosts: readonly string[];
  /** Common price now, USD per troy ounce with 6 decimals. */
  price(): string;
  /** Throws `DECIMAL_INVALID`, `PRICE_REFUSED`. */
  setPrice(text: string): void;
  /** Makes a provider misbehave from its next request on; null ends it. */
  fail(provider: ProviderName, kind: FaultKind | null): void;
  /** Sets one field of a provider's record; `json` is JSON text, for example `"\"AA-\""`. */
  setField(provider: keyof typeof DEMO_RECORDS, field: string, json: string): void;
  /** How many requests a provider got so far. */
  requests(provider: ProviderName): number;
  close(): Promise<void>;
}

const DEFAULT_PRICE = "4228.00";
const DEFAULT_STEP_PPM = 20;
const DEFAULT_SERIES_STEP_MS = 5_000;

/**
 * Serves the real shapes of the gold and CRM providers over real TLS under their real host names, from one price that
 * a seed or a recorded series decides. Throws `SERIES_UNREADABLE`, `DECIMAL_INVALID`, `PRICE_REFUSED`.
 * @example
 * ```ts
 * const emulator = await startProviderEmulator({ seed: "demo" });
 * emulator.setPrice("4300.00");
 * emulator.fail("kraken", "never-ending");
 * ```
 */
export const startProviderEmulator = async (
  options: ProviderEmulatorOptions = {},
): Promise<ProviderEmulator> => {
  const clock = options.clock ?? systemClock;
  const price = await createPrice(options, clock);
  const [authority, stranger] = await Promise.all([
    createCertificateAuthority(clock.now()),
    createCertificateAuthority(clock.now()),
  ]);
  const overrides = new Map<string, string>();
  const providers = [
    ...createGoldProviders({ price, clock }),
    ...createCrmProviders({
      clock,
      credentials: options.credentials ?? EMULATOR_CREDENTIALS,
      field: (provider, name) => {
        const fields: Readonly<Record<string, string>> = DEMO_RECORDS[provider].fields;
        return (
          overrides.get(`${provider} ${name}`) ??
          (Object.hasOwn(fields, name) ? fields[name] : undefined)
        );
      },
    }),
  ];
  const state: EmulatorState = {
    providers,
    faults: new Map(),
    counts: new Map(),
    sockets: new Map(),
  };
  const server = createServer({
    SNICallback: (name, callback) => {
      callback(null, contextOf(state, name, { authority, stranger }));
    },
  });
  server.on("request", (request, response) => {
    void serve(state, request, response);
  });
  server.on("secureConnection", (socket) => remember(state, socket));
  // A refused handshake or a cut connection is what faults are for.
  server.on("tlsClientError", () => {});
  const bound = await listen(server, options.port ?? 0);
  const controls = {
    price: () => priceText(price.now(), 6),
    setPrice: (text: string) => price.set(text),
    fail: (provider: ProviderName, kind: FaultKind | null) => {
      if (kind === null) state.faults.delete(provider);
      else state.faults.set(provider, kind);
      // The next request shall shake hands anew: a certificate is shown only then.
      for (const socket of state.sockets.get(provider) ?? []) socket.destroy();
    },
    faults: () => Object.fromEntries(state.faults),
  };
  const control = await startControlServer(controls, options.controlPort ?? 0);
  return {
    address: "127.0.0.1",
    port: bound.port,
    caPem: authority.certificatePem,
    control: control.url,
    hosts: providers.flatMap(({ hosts }) => hosts),
    price: controls.price,
    setPrice: controls.setPrice,
    fail: controls.fail,
    setField: (provider, field, json) => {
      overrides.set(`${provider} ${field}`, json);
    },
    requests: (provider) => state.counts.get(provider) ?? 0,
    close: async () => {
      await Promise.all([bound.close(), control.close()]);
    },
  };
};

interface EmulatorState {
  readonly providers: readonly Provider[];
  readonly faults: Map<ProviderName, FaultKind>;
  readonly counts: Map<ProviderName, number>;
  readonly sockets: Map<ProviderName, Set<TLSSocket>>;
}

const createPrice = async (
  options: ProviderEmulatorOptions,
  clock: Clock,
): Promise<PriceProcess> => {
  const { series } = options;
  if (series) {
    const prices = await readPriceSeries(series.file, series.from ?? null);
    return createPriceSeries({ clock, prices, stepMs: series.stepMs ?? DEFAULT_SERIES_STEP_MS });
  }
  return createPriceWalk({
    clock,
    seed: options.seed ?? "cryptlet",
    startPrice: options.startPrice ?? DEFAULT_PRICE,
    maxStepPpm: options.maxStepPpm ?? DEFAULT_STEP_PPM,
  });
};

const providerOf = (state: EmulatorState, host: string): Provider | undefined =>
  state.providers.find(({ hosts }) =>
    hosts.some((pattern) =>
      pattern.startsWith("*.")
        ? host.slice(host.indexOf(".")) === pattern.slice(1)
        : pattern === host,
    ),
  );

const contextOf = (
  state: EmulatorState,
  name: string,
  { authority, stranger }: { authority: CertificateAuthority; stranger: CertificateAuthority },
) => {
  const provider = providerOf(state, name);
  const fault = provider ? state.faults.get(provider.name) : undefined;
  if (fault === "unknown-authority") return stranger.contextFor(name);
  return authority.contextFor(fault === "wrong-certificate" ? "somebody-else.example" : name);
};

const remember = (state: EmulatorState, socket: TLSSocket): void => {
  const { servername } = socket as TLSSocket & { servername?: string | false };
  const provider = typeof servername === "string" ? providerOf(state, servername) : undefined;
  if (!provider) return;
  const known = state.sockets.get(provider.name) ?? new Set();
  state.sockets.set(provider.name, known.add(socket));
  socket.once("close", () => known.delete(socket));
  socket.on("error", () => {});
};

const serve = async (
  state: EmulatorState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const host = (request.headers.host ?? "").replace(/:\d+$/, "");
  const provider = providerOf(state, host);
  const url = `https://${host}${request.url ?? "/"}`;
  if (!provider || !URL.canParse(url)) {
    sendJson(response, 421, '{"message":"no such provider here"}');
    return;
  }
  state.counts.set(provider.name, (state.counts.get(provider.name) ?? 0) + 1);
  const { pathname, searchParams } = new URL(url);
  const fault = state.faults.get(provider.name) ?? null;
  const answer = provider.answer(
    {
      method: request.method ?? "GET",
      host,
      path: pathname,
      query: searchParams,
      authorization: request.headers.authorization ?? "",
      body: await readSmallBody(request),
    },
    fault,
  );
  if (fault !== null && sendFault(response, fault, { url, body: answer.body })) return;
  sendJson(response, answer.status, answer.body, answer.headers);
};
