import type { FaultKind } from "./fault.ts";

/** Providers that the emulator stands in for, under their real host names. */
export const PROVIDERS = [
  "swissquote",
  "gold-api",
  "kraken",
  "coinbase",
  "bitfinex",
  "salesforce",
  "hubspot",
  "dynamics",
] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** A request as a provider sees it. */
export interface ProviderRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** `authorization` header, empty when there is none. */
  readonly authorization: string;
  readonly body: string;
}

/** What a provider answers. */
export interface ProviderAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
}

/** One emulated provider. */
export interface Provider {
  readonly name: ProviderName;
  /** Host names; `*.` stands for one label. */
  readonly hosts: readonly string[];
  /** Answers one request; a price fault decides how prices are written. */
  readonly answer: (request: ProviderRequest, fault: FaultKind | null) => ProviderAnswer;
}

/** What every emulated provider answers to a path that it does not have. */
export const notFound: ProviderAnswer = { status: 404, body: '{"message":"Not Found"}' };
