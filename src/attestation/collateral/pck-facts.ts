import { fabricError } from "../../core/errors/fabric-error.ts";
import { parseQuote } from "../dcap/parse-quote.ts";
import { readPckExtension } from "../dcap/pck-extension.ts";
import { parsePemChain } from "../x509/pem-chain.ts";

/** What a quote says that its collateral is looked up by. Nothing is verified. */
export interface PckFacts {
  /** 6 bytes in lower-case hex. */
  readonly fmspc: string;
  /** Which of Intel's authorities issued the platform's certificate. */
  readonly ca: "platform" | "processor";
}

/** Facts of a quote that carries its PCK chain. Throws `QUOTE_MALFORMED`, `CERTIFICATE_INVALID`. */
export const readPckFacts = (bytes: Uint8Array): PckFacts => {
  const [leaf, issuer] = parsePemChain(parseQuote(bytes).auth.pckChain);
  if (leaf === undefined || issuer === undefined)
    throw fabricError("CERTIFICATE_INVALID", { reason: "a quote without a PCK chain" });
  return {
    fmspc: readPckExtension(leaf).fmspc,
    ca: issuer.name.includes("Platform") ? "platform" : "processor",
  };
};
