import { z } from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { addressSchema, feedHashSchema, feedIdSchema } from "../../core/ids.ts";
import { keccak256 } from "../../crypto/hashes.ts";
import { bytesToHex } from "../../crypto/bytes.ts";

const deployedFeedSchema = z.strictObject({
  /** Id of the feed in the manifest. */
  feed: feedIdSchema,
  /** Name of the feed in every signed message; other parameters, or another fabric, are another hash. */
  feedHash: feedHashSchema,
  /** EIP-155 id. */
  chainId: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
  /** The feed's own contract. */
  address: addressSchema,
});

/** Where a feed of a manifest can be read. */
export type DeployedFeed = z.input<typeof deployedFeedSchema>;
/** The same, checked. */
export type KnownFeed = z.output<typeof deployedFeedSchema>;

/** Most addresses in one header. */
const MAX_ADDRESSES = 1_024;

/**
 * What a header says about addresses goes into source: nothing but addresses gets there, and one feed has one contract
 * on a chain. Throws `INTERFACE_ADDRESSES_INVALID`.
 */
export const checkDeployedFeeds = (addresses: readonly DeployedFeed[]): readonly KnownFeed[] => {
  const parsed = z.array(deployedFeedSchema).max(MAX_ADDRESSES).safeParse(addresses);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw fabricError("INTERFACE_ADDRESSES_INVALID", {
      reason: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not addresses"}`,
    });
  }
  const seen = new Set<string>();
  for (const { feed, chainId } of parsed.data) {
    const place = `${feed} on chain ${chainId}`;
    if (seen.has(place))
      throw fabricError("INTERFACE_ADDRESSES_INVALID", { reason: `${place} has two addresses` });
    seen.add(place);
  }
  return parsed.data.toSorted(
    (a, b) => a.chainId - b.chainId || (a.address < b.address ? -1 : Number(a.address > b.address)),
  );
};

/** An address with the capital letters of EIP-55, without which solc takes no literal. */
export const checksumAddress = (address: string): string => {
  const digits = address.slice(2).toLowerCase();
  const hash = bytesToHex(keccak256(new TextEncoder().encode(digits)));
  const letters = Array.from(digits, (digit, index) =>
    Number.parseInt(hash[index] ?? "0", 16) >= 8 ? digit.toUpperCase() : digit,
  );
  return `0x${letters.join("")}`;
};
