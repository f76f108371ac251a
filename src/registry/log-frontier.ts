import { concatBytes } from "../crypto/bytes.ts";
import { SHA256_LENGTH, sha256 } from "../crypto/hashes.ts";

const NODE = Uint8Array.of(0x01);

/**
 * The right edge of a log's tree (RFC 6962): roots of its whole subtrees, largest first, at most one per power of two.
 * All that is needed to add leaves and to know the root, in some hundred bytes.
 */
export interface LogFrontier {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

/** A log without entries. */
export const emptyFrontier: LogFrontier = { size: 0, hashes: [] };

/** How many hashes a frontier of this size has: ones of the binary number. */
const hashesOf = (size: number): number => size.toString(2).replaceAll("0", "").length;

/** Whether a frontier can be one. */
export const isFrontier = ({ size, hashes }: LogFrontier): boolean =>
  hashes.length === hashesOf(size) && hashes.every(({ length }) => length === SHA256_LENGTH);

const join = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(concatBytes(NODE, left, right));

/** The frontier with more leaves' hashes. */
export const extendFrontier = (
  { size, hashes }: LogFrontier,
  leaves: readonly Uint8Array[],
): LogFrontier => {
  const edge = [...hashes];
  let count = size;
  for (const leaf of leaves) {
    let carried = leaf;
    // Each whole subtree of the size that is carried moves up with it.
    for (let rest = count; rest % 2 === 1; rest = Math.floor(rest / 2))
      carried = join(edge.pop() ?? carried, carried);
    edge.push(carried);
    count += 1;
  }
  return { size: count, hashes: edge };
};

/** Root of the tree. */
export const frontierRoot = ({ hashes }: LogFrontier): Uint8Array =>
  hashes.length === 0
    ? sha256(new Uint8Array())
    : hashes.reduceRight((right, left) => join(left, right));
