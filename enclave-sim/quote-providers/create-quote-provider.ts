import type { SimulatedTee } from "../platform/tcb-encoding.ts";
import { createConfigfsTsmQuoteProvider } from "./configfs-tsm-quote-provider.ts";
import { createGramineQuoteProvider } from "./gramine-quote-provider.ts";
import { createNitroQuoteProvider } from "./nitro-quote-provider.ts";
import type { QuoteProvider } from "./quote-provider.ts";

/** Where the evidence of an enclave comes from. All but `sim` were never tried on hardware. */
export type EvidenceSource =
  | {
      readonly provider: "sim";
      readonly tee: SimulatedTee;
      /** The quote is of the host, whose key vouches for its Cryptlets. */
      readonly layered: boolean;
    }
  | HardwareSource;

/** A real machine's evidence: always of the whole host, so in two layers. */
export type HardwareSource =
  | { readonly provider: "configfs-tsm"; readonly directory: string }
  | { readonly provider: "gramine"; readonly directory: string }
  | { readonly provider: "nitro"; readonly socket: string };

/** One simulated SGX quote per Cryptlet. */
export const DEFAULT_SOURCE: EvidenceSource = { provider: "sim", tee: "sgx", layered: false };

/** The driver of a machine's own quotes. */
export const createQuoteProvider = (source: HardwareSource): QuoteProvider => {
  switch (source.provider) {
    case "configfs-tsm":
      return createConfigfsTsmQuoteProvider(source.directory);
    case "gramine":
      return createGramineQuoteProvider(source.directory);
    case "nitro":
      return createNitroQuoteProvider(source.socket);
  }
};
