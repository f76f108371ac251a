import * as z from "zod";
import { addressSchema, feedHashSchema, type Address, type FeedHash } from "../../core/ids.ts";
import type { ChainPort, Hex } from "./chain-port.ts";
import { selectorOf } from "./selectors.ts";

/** What an oracle is asked for: a feed, at most so many seconds old. */
export interface OracleRequest {
  readonly oracle: Address;
  readonly feedHash: FeedHash;
  readonly maxAgeSec: bigint;
  /** What the update costs, wei, where the request says so. */
  readonly fee: bigint;
}

/** What a contract asks of its caller's client by reverting. */
export type ChainRequest =
  | {
      /** EIP-3668 */
      readonly kind: "lookup";
      readonly sender: Address;
      readonly feedHash: FeedHash;
      readonly callback: Hex;
      readonly extraData: Hex;
    }
  /** ERC-7412 */
  | { readonly kind: "oracle"; readonly requests: readonly OracleRequest[] }
  | { readonly kind: "fee"; readonly wei: bigint }
  /** It asks, for something that is not ours or not in the form of its standard. */
  | { readonly kind: "strange"; readonly reason: string };

/** Longest refusal that is read, in characters of hex, and how deep `Errors` may hold each other. */
const MAX_CHARACTERS = 262_144;
const MAX_DEPTH = 4;
const MAX_REQUESTS = 32;

const OBSERVATION = "observation(bytes32)";
const LOOKUP = "OffchainLookup(address,string[],bytes,bytes4,bytes)";
const ORACLE = "OracleDataRequired(address,bytes)";
const ORACLE_WITH_FEE = "OracleDataRequired(address,bytes,uint256)";
const ERRORS = "Errors(bytes[])";
const FEE = "FeeRequired(uint256)";

const hex = z
  .string()
  .max(MAX_CHARACTERS)
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/)
  .transform((text) => text.toLowerCase() as Hex);
const selector = hex.refine((text) => text.length === 10);
const uint = z.bigint().min(0n);
const lookupSchema = z.tuple([addressSchema, z.unknown(), hex, selector, hex]);
const oracleSchema = z.tuple([addressSchema, hex]);
const oracleWithFeeSchema = z.tuple([addressSchema, hex, uint]);
const querySchema = z.tuple([feedHashSchema, uint]);

const strange = (reason: string): ChainRequest => ({ kind: "strange", reason });
const argumentsOf = (data: Hex): Hex => `0x${data.slice(10)}`;

const readLookup = (port: ChainPort, data: Hex): ChainRequest => {
  const types = ["address", "string[]", "bytes", "bytes4", "bytes"];
  const [sender, , callData, callback, extraData] = lookupSchema.parse([
    ...port.decode(types, argumentsOf(data)),
  ]);
  // The one question that a fabric answers; the contract's own gateways are never asked.
  if (callData.slice(0, 10) !== selectorOf(OBSERVATION) || callData.length !== 74)
    return strange("its lookup is no question about a feed");
  const feedHash = feedHashSchema.parse(`0x${callData.slice(10)}`);
  return { kind: "lookup", sender, feedHash, callback, extraData };
};

const readOracle = (port: ChainPort, data: Hex, withFee: boolean): ChainRequest => {
  const decoded = port.decode(
    withFee ? ["address", "bytes", "uint256"] : ["address", "bytes"],
    argumentsOf(data),
  );
  const [oracle, query, fee] = withFee
    ? oracleWithFeeSchema.parse([...decoded])
    : ([...oracleSchema.parse([...decoded]), 0n] as const);
  if (query.length !== 130) return strange("its query is no question about a feed");
  const [feedHash, maxAgeSec] = querySchema.parse([...port.decode(["bytes32", "uint256"], query)]);
  return { kind: "oracle", requests: [{ oracle, feedHash, maxAgeSec, fee }] };
};

const readErrors = (port: ChainPort, data: Hex, depth: number): ChainRequest => {
  if (depth >= MAX_DEPTH) return strange(`its errors hold each other more than ${MAX_DEPTH} deep`);
  const [inner] = port.decode(["bytes[]"], argumentsOf(data));
  const all = z.array(hex).min(1).max(MAX_REQUESTS).parse(inner);
  const requests: OracleRequest[] = [];
  for (const one of all) {
    const request = readAt(port, one, depth + 1);
    // One that is no request is a plain fault of the call: no update mends it.
    if (request?.kind !== "oracle") return strange("one of its errors is no request");
    requests.push(...request.requests);
    if (requests.length > MAX_REQUESTS)
      return strange(`it asks for more than ${MAX_REQUESTS} feeds`);
  }
  return { kind: "oracle", requests };
};

const readAt = (port: ChainPort, data: Hex, depth: number): ChainRequest | null => {
  switch (data.slice(0, 10)) {
    case selectorOf(LOOKUP):
      return readLookup(port, data);
    case selectorOf(ORACLE):
      return readOracle(port, data, false);
    case selectorOf(ORACLE_WITH_FEE):
      return readOracle(port, data, true);
    case selectorOf(ERRORS):
      return readErrors(port, data, depth);
    case selectorOf(FEE):
      return {
        kind: "fee",
        wei: z.tuple([uint]).parse([...port.decode(["uint256"], argumentsOf(data))])[0],
      };
    default:
      return null;
  }
};

/**
 * Read what a contract reverted with; null where it asks for nothing. The bytes are a stranger's: whatever is not exactly
 * a request in the form of its standard, about a feed, is `strange`.
 */
export const readChainRequest = (port: ChainPort, data: Hex): ChainRequest | null => {
  if (data.length > MAX_CHARACTERS) return null;
  try {
    return readAt(port, data.toLowerCase() as Hex, 0);
  } catch {
    return strange("its request cannot be decoded");
  }
};
