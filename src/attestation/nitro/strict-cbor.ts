import { decode, Tokenizer } from "cborg";
import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";

/** What CBOR becomes here: no tags, floats, undefined or big numbers above 2^53. Maps keep the type of their keys. */
export type CborValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | ReadonlyMap<CborValue, CborValue>;

/** Containers inside each other: an attestation document has three. */
const MAX_DEPTH = 4;
/** Values in one text; an attestation document has about eighty. */
const MAX_VALUES = 512;

const OPTIONS = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  useMaps: true,
  rejectDuplicateMapKeys: true,
};

export const cborFault = (what: string, reason: string) =>
  fabricError("EVIDENCE_MALFORMED", { what, reason });

/**
 * Walks the tokens without recursion before anything is built, so that neither depth nor a length that the bytes do not
 * back costs memory or stack.
 */
const checkShape = (bytes: Uint8Array, what: string): void => {
  const tokens = new Tokenizer(bytes, OPTIONS);
  const open: number[] = [];
  let values = 0;
  do {
    if (tokens.done()) throw cborFault(what, "it ends inside a value");
    const { type, value } = tokens.next() as { type: { name: string }; value: unknown };
    values++;
    if (values > MAX_VALUES) throw cborFault(what, `more than ${MAX_VALUES} values`);
    const top = open.length - 1;
    if (top >= 0) open[top] = (open[top] ?? 0) - 1;
    switch (type.name) {
      case "array":
      case "map": {
        const count = Number(value) * (type.name === "map" ? 2 : 1);
        if (!Number.isSafeInteger(count) || count > bytes.length)
          throw cborFault(what, "a container that is longer than the bytes");
        if (open.length === MAX_DEPTH) throw cborFault(what, `nesting deeper than ${MAX_DEPTH}`);
        open.push(count);
        break;
      }
      case "tag":
      case "float":
      case "undefined":
      case "break":
        throw cborFault(what, `a value of type ${type.name}`);
      default:
        break;
    }
    while (open.at(-1) === 0) open.pop();
  } while (open.length > 0);
  if (!tokens.done()) throw cborFault(what, "bytes behind its end");
};

/**
 * Read exactly one CBOR value (RFC 8949): definite lengths, shortest integers and lengths, no key twice, no tags, bounded
 * depth and count, nothing behind it. Throws `EVIDENCE_MALFORMED`.
 */
export const parseStrictCbor = (bytes: Uint8Array, what: string): CborValue => {
  try {
    checkShape(bytes, what);
    return decode(bytes, OPTIONS) as CborValue;
  } catch (error) {
    if (isFabricError(error)) throw error;
    throw cborFault(
      what,
      error instanceof Error ? error.message.slice(0, 200) : "it does not parse",
    );
  }
};
