import type { CryptletId, FabricId, FeedHash, FeedId } from "../core/ids.ts";
import { bytesToPrefixedHex } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/hashes.ts";
import { canonicalJson } from "./canonical-json.ts";

const WORD = 32;
const encoder = new TextEncoder();

/** `abi.encode` of strings (Solidity ABI, dynamic types): offsets, then length and padded bytes of each. */
const abiEncodeStrings = (texts: readonly string[]): Uint8Array => {
  const parts = texts.map((text) => encoder.encode(text));
  const sizes = parts.map((part) => WORD + Math.ceil(part.length / WORD) * WORD);
  const head = WORD * parts.length;
  const bytes = new Uint8Array(head + sizes.reduce((sum, size) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let at = head;
  for (const [index, part] of parts.entries()) {
    view.setUint32(index * WORD + 28, at);
    view.setUint32(at + 28, part.length);
    bytes.set(part, at + WORD);
    at += sizes[index] ?? 0;
  }
  return bytes;
};

/**
 * Name of a feed on every chain: `keccak256(abi.encode(string fabric, string cryptlet, string feed, string parameters))`
 * with the parameters as canonical JSON (RFC 8785). Other parameters are another feed.
 * Throws `JSON_MALFORMED` for parameters that JSON cannot say.
 * @example
 * ```ts
 * import { computeFeedHash } from "cryptlet-fabric/envelope";
 *
 * type Feed = Parameters<typeof computeFeedHash>[0];
 * const feed = { fabric: "demo", cryptlet: "gold-price", feed: "xau-usd", parameters: null } as Feed;
 * console.log(computeFeedHash(feed).length); // 66
 * ```
 */
export const computeFeedHash = (feed: {
  readonly fabric: FabricId;
  readonly cryptlet: CryptletId;
  readonly feed: FeedId;
  /** Any JSON value; `null` where the feed takes none. */
  readonly parameters: unknown;
}): FeedHash => {
  const texts = [feed.fabric, feed.cryptlet, feed.feed, canonicalJson(feed.parameters)];
  return bytesToPrefixedHex(keccak256(abiEncodeStrings(texts))) as FeedHash;
};
