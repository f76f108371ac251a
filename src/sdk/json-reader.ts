import { guestError } from "./guest-error.ts";
import { Fixed } from "./fixed.ts";
import { JsonNumber, parseJsonText, type JsonValue } from "./json-text.ts";

/** Digits before the point that a price may have; far above any market, far below what a contract's int256 holds. */
const MAX_PRICE_DIGITS = 30;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/;

/**
 * Walks through an answer and names the path of the first thing that is not as expected.
 * Methods throw `SOURCE_SHAPE`; prices also `PRICE_NOT_A_NUMBER`, and `price` `PRICE_NOT_POSITIVE`.
 * @example
 * ```ts
 * readJson(answer.body).field("result").field("PAXGUSD").field("b").item(0).price("text");
 * ```
 */
export class JsonReader {
  readonly value: JsonValue;
  /** For messages: `$.result.b[0]`. */
  readonly path: string;

  constructor(value: JsonValue, path = "$") {
    this.value = value;
    this.path = path;
  }

  private refuse(expected: string): Error {
    return guestError("SOURCE_SHAPE", {
      path: this.path.slice(0, 128),
      reason: `expected ${expected}, found ${kindOf(this.value)}`,
    });
  }

  object(): ReadonlyMap<string, JsonValue> {
    if (!(this.value instanceof Map)) throw this.refuse("an object");
    return this.value;
  }

  /** A member that must be there. */
  field(name: string): JsonReader {
    const value = this.object().get(name);
    if (value === undefined)
      throw guestError("SOURCE_SHAPE", {
        path: `${this.path}.${name}`.slice(0, 128),
        reason: "missing",
      });
    return new JsonReader(value, `${this.path}.${name}`);
  }

  /** A member, or null where it is missing or null. */
  optionalField(name: string): JsonReader | null {
    const value = this.object().get(name);
    return value === undefined || value === null
      ? null
      : new JsonReader(value, `${this.path}.${name}`);
  }

  items(): readonly JsonReader[] {
    if (!Array.isArray(this.value)) throw this.refuse("a list");
    return this.value.map((item: JsonValue, at) => new JsonReader(item, `${this.path}[${at}]`));
  }

  /** An element that must be there. */
  item(index: number): JsonReader {
    const items = this.items();
    const item = items[index];
    if (!item) throw this.refuse(`a list of at least ${index + 1}`);
    return item;
  }

  text(): string {
    if (typeof this.value !== "string") throw this.refuse("text");
    return this.value;
  }

  /** Number text as written. */
  number(): string {
    if (!(this.value instanceof JsonNumber)) throw this.refuse("a number");
    return this.value.text;
  }

  boolean(): boolean {
    if (typeof this.value !== "boolean") throw this.refuse("true or false");
    return this.value;
  }

  /** ms since epoch from a whole JSON number of that unit. */
  epoch(unit: "ms" | "s"): number {
    const text = this.number();
    const time = Number(text) * (unit === "s" ? 1_000 : 1);
    if (!/^\d{1,14}$/.test(text) || time > 253_402_300_799_999)
      throw this.refuse(`a time in ${unit}`);
    return time;
  }

  /** ms since epoch from RFC 3339 text. */
  isoTime(): number {
    const text = this.text();
    const time = ISO_TIME.test(text) ? Date.parse(normalIso(text)) : Number.NaN;
    if (!Number.isSafeInteger(time) || time < 0) throw this.refuse("a time as in RFC 3339");
    return time;
  }

  /** A price above zero, in the JSON type that the provider documents. */
  price(type: "text" | "number"): Fixed {
    return this.readPrice(type, false);
  }

  /**
   * A price of any sign, for markets where it falls to zero and below: electricity, interest rates, spreads.
   * @example
   * ```ts
   * readJson('{"price":-12.50}').field("price").signedPrice("number").toText(2); // "-12.50"
   * ```
   */
  signedPrice(type: "text" | "number"): Fixed {
    return this.readPrice(type, true);
  }

  private readPrice(type: "text" | "number", signed: boolean): Fixed {
    const text = this.value instanceof JsonNumber ? this.value.text : this.value;
    if (typeof text !== "string") throw this.refuse(`a price as ${type}`);
    const found = typeof this.value === "string" ? "text" : "number";
    const price = parsePrice(text, this.path, signed);
    if (found !== type) throw this.refuse(`a price as ${type}`);
    return price;
  }
}

/**
 * Reader over the root of strictly parsed JSON text. Throws `JSON_INVALID`, `JSON_DUPLICATE_KEY`.
 * @example
 * ```ts
 * import { readJson } from "cryptlet-fabric/sdk";
 *
 * console.log(typeof readJson('{"price":-12.5}')); // object
 * ```
 */
export const readJson = (text: string): JsonReader => new JsonReader(parseJsonText(text));

const parsePrice = (text: string, path: string, signed: boolean): Fixed => {
  let price: Fixed;
  try {
    price = Fixed.parse(text);
  } catch (cause) {
    throw guestError("PRICE_NOT_A_NUMBER", { path: path.slice(0, 128) }, { cause });
  }
  if (!signed && !price.isPositive())
    throw guestError("PRICE_NOT_POSITIVE", { path: path.slice(0, 128) });
  if (price.absolute().toText(0).length > MAX_PRICE_DIGITS)
    throw guestError("PRICE_NOT_A_NUMBER", { path: path.slice(0, 128) });
  return price;
};

/** Engines agree on three digits of a second and a colon in the offset only (ECMA-262 section 21.4.1.32). */
const normalIso = (text: string): string =>
  text
    .replace(/\.(\d+)/, (_, digits: string) => `.${digits.slice(0, 3).padEnd(3, "0")}`)
    .replace(/([+-]\d\d)(\d\d)$/, "$1:$2");

const kindOf = (value: JsonValue): string => {
  if (value === null) return "null";
  if (value instanceof Map) return "an object";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof JsonNumber) return "a number";
  return typeof value === "string" ? "text" : "true or false";
};
