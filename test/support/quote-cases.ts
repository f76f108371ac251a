import { readdirSync } from "node:fs";
import { z } from "zod";
import {
  type DcapCollateral,
  dcapCollateralSchema,
} from "../../src/attestation/collateral/collateral.ts";
import { haveSharedEvidence, readSharedEvidence, sharedEvidencePath } from "./shared-evidence.ts";

const readJson = (...parts: readonly string[]): unknown =>
  JSON.parse(new TextDecoder().decode(readSharedEvidence(...parts))) as unknown;

const answer = z.object({
  ok: z.boolean(),
  status: z.string().optional(),
  advisories: z.array(z.string()).optional(),
  fmspc: z.string().optional(),
  code: z.string().optional(),
});
const expectation = z.object({
  name: z.string(),
  verifyAt: z.iso.datetime(),
  expected: answer.extend({ withAllowDebug: answer.optional() }),
  phalaJs039: z.object({
    ok: z.boolean(),
    status: z.string().optional(),
    message: z.string().optional(),
  }),
});

/** A quote with the collateral of its day and what a strict verifier must answer. */
export interface QuoteCase {
  readonly folder: string;
  readonly quote: Uint8Array;
  readonly collateral: DcapCollateral;
  /** ms since epoch. */
  readonly at: number;
  readonly expected: z.infer<typeof expectation>["expected"];
  readonly phala: z.infer<typeof expectation>["phalaJs039"];
}

/** One shared case by its folder's name. */
export const readQuoteCase = (folder: string): QuoteCase => {
  const { verifyAt, expected, phalaJs039 } = expectation.parse(
    readJson("cases", folder, "expected.json"),
  );
  return {
    folder,
    quote: readSharedEvidence("cases", folder, "quote.bin"),
    collateral: dcapCollateralSchema.parse(readJson("cases", folder, "collateral.json")),
    at: Date.parse(verifyAt),
    expected,
    phala: phalaJs039,
  };
};

/** Every shared case; none where the folder is missing, which is noted under the suite's name. */
export const readQuoteCases = (suite: string): readonly QuoteCase[] =>
  haveSharedEvidence(suite) ? readdirSync(sharedEvidencePath("cases")).map(readQuoteCase) : [];
