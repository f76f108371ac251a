// What a Cryptlet in AssemblyScript imports from "cryptlet": the wall (enclave-sim/protocol/cryptlet.wit), strict JSON that
// keeps numbers as text, and fixed-point decimals. The main file exports `run`:
//
//     import { call, Json } from "cryptlet";
//     export function run(trigger: Json): string { … }

@external("cryptlet", "host_call")
declare function host_call(request: usize, length: i32): i32;
@external("cryptlet", "host_take")
declare function host_take(to: usize): void;
@external("cryptlet", "host_return")
declare function host_return(outcome: usize, length: i32): void;

/** One host call; the answer as JSON. Traps where the enclave answers none. */
export function call(request: string): Json {
  const bytes = String.UTF8.encode(request);
  const length = host_call(changetype<usize>(bytes), bytes.byteLength);
  const answer = new ArrayBuffer(length);
  host_take(changetype<usize>(answer));
  const parsed = Json.parse(String.UTF8.decode(answer));
  if (parsed === null) throw new Error("the enclave answered no JSON");
  return parsed;
}

/** For the entry that the builder writes. An instance serves one run, so nothing is given back. */
export function allocate(length: i32): usize {
  return heap.alloc(length);
}

/** For the entry that the builder writes. */
export function handle(pointer: usize, length: i32, run: (trigger: Json) => string): i32 {
  const trigger = Json.parse(String.UTF8.decodeUnsafe(pointer, length));
  if (trigger === null) return 1;
  const outcome = String.UTF8.encode(run(trigger));
  host_return(changetype<usize>(outcome), outcome.byteLength);
  return 0;
}

export enum Kind {
  Null,
  False,
  True,
  Number,
  Text,
  List,
  Object,
}

/** Most containers around a value. */
const MAX_DEPTH = 32;

/** JSON (RFC 8259) read strictly: numbers stay text, a key stands once in an object, at most 32 containers around a value. */
export class Json {
  /** A number as it was written, a text after unescaping. */
  text: string = "";
  keys: string[] = [];
  items: Json[] = [];

  constructor(public kind: Kind) {}

  /** Null for what is not JSON. */
  static parse(text: string): Json | null {
    const reader = new Reader(text);
    const value = reader.value(0);
    reader.blanks();
    return reader.failed || reader.at != text.length ? null : value;
  }

  /** A member; null where there is none. */
  field(name: string): Json | null {
    if (this.kind != Kind.Object) return null;
    const at = this.keys.indexOf(name);
    return at < 0 ? null : this.items[at];
  }

  /** An item; null where there is none. */
  item(index: i32): Json | null {
    return this.kind == Kind.List && index < this.items.length ? this.items[index] : null;
  }

  says(words: string): bool {
    return this.kind == Kind.Text && this.text == words;
  }

  /** A whole number; zero for what is none. */
  integer(): i64 {
    return this.kind == Kind.Number ? I64.parseInt(this.text) : 0;
  }

  /** JSON text. */
  toJson(): string {
    switch (this.kind) {
      case Kind.Null:
        return "null";
      case Kind.False:
        return "false";
      case Kind.True:
        return "true";
      case Kind.Number:
        return this.text;
      case Kind.Text:
        return quote(this.text);
      default: {
        const object = this.kind == Kind.Object;
        const parts: string[] = [];
        for (let at = 0; at < this.items.length; at++)
          parts.push((object ? quote(this.keys[at]) + ":" : "") + this.items[at].toJson());
        return (object ? "{" : "[") + parts.join(",") + (object ? "}" : "]");
      }
    }
  }
}

/** Member of a value that may be missing itself, so that paths can be walked without asking at each step. */
export function fieldOf(value: Json | null, name: string): Json | null {
  return value === null ? null : value.field(name);
}
/** @see fieldOf */
export function itemOf(value: Json | null, index: i32): Json | null {
  return value === null ? null : value.item(index);
}

/** A text as JSON, quotes and all. */
export function quote(text: string): string {
  let out = '"';
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit == 0x22 || unit == 0x5c) out += "\\" + text.charAt(at);
    else if (unit < 0x20) out += "\\u00" + (unit < 16 ? "0" : "1") + "0123456789abcdef".charAt(unit & 15);
    else out += text.charAt(at);
  }
  return out + '"';
}

class Reader {
  at: i32 = 0;
  failed: bool = false;

  constructor(private text: string) {}

  private peek(): i32 {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : -1;
  }

  private fail(): Json {
    this.failed = true;
    this.at = this.text.length;
    return new Json(Kind.Null);
  }

  blanks(): void {
    for (;;) {
      const unit = this.peek();
      if (unit != 0x20 && unit != 0x09 && unit != 0x0a && unit != 0x0d) return;
      this.at++;
    }
  }

  private skip(expected: i32): bool {
    this.blanks();
    if (this.peek() != expected) return false;
    this.at++;
    return true;
  }

  private word(word: string): bool {
    if (this.text.substr(this.at, word.length) != word) return false;
    this.at += word.length;
    return true;
  }

  value(depth: i32): Json {
    if (depth > MAX_DEPTH || this.failed) return this.fail();
    this.blanks();
    const unit = this.peek();
    if (unit == 0x22) {
      this.at++;
      const value = new Json(Kind.Text);
      value.text = this.string();
      return value;
    }
    if (unit == 0x7b || unit == 0x5b) return this.container(unit == 0x7b, depth + 1);
    if (this.word("null")) return new Json(Kind.Null);
    if (this.word("true")) return new Json(Kind.True);
    if (this.word("false")) return new Json(Kind.False);
    return this.number();
  }

  private container(object: bool, depth: i32): Json {
    const value = new Json(object ? Kind.Object : Kind.List);
    const last = object ? 0x7d : 0x5d;
    this.at++;
    if (this.skip(last)) return value;
    do {
      if (object) {
        if (!this.skip(0x22)) return this.fail();
        const key = this.string();
        if (value.keys.includes(key) || !this.skip(0x3a)) return this.fail();
        value.keys.push(key);
      }
      value.items.push(this.value(depth));
    } while (this.skip(0x2c));
    return this.skip(last) && !this.failed ? value : this.fail();
  }

  private digits(): bool {
    const start = this.at;
    while (this.peek() >= 0x30 && this.peek() <= 0x39) this.at++;
    return this.at > start;
  }

  private number(): Json {
    const start = this.at;
    if (this.peek() == 0x2d) this.at++;
    if (this.peek() == 0x30) this.at++;
    else if (!this.digits()) return this.fail();
    if (this.peek() == 0x2e) {
      this.at++;
      if (!this.digits()) return this.fail();
    }
    if (this.peek() == 0x65 || this.peek() == 0x45) {
      this.at++;
      if (this.peek() == 0x2b || this.peek() == 0x2d) this.at++;
      if (!this.digits()) return this.fail();
    }
    const value = new Json(Kind.Number);
    value.text = this.text.substring(start, this.at);
    return value;
  }

  /** Behind the opening quote. */
  private string(): string {
    let out = "";
    let start = this.at;
    while (this.peek() != 0x22) {
      const unit = this.peek();
      if (unit < 0x20) {
        this.fail();
        return "";
      }
      if (unit != 0x5c) {
        this.at++;
        continue;
      }
      out += this.text.substring(start, this.at);
      this.at++;
      out += this.escape();
      if (this.failed) return "";
      start = this.at;
    }
    out += this.text.substring(start, this.at);
    this.at++;
    return out;
  }

  private escape(): string {
    const unit = this.peek();
    this.at++;
    switch (unit) {
      case 0x22:
        return '"';
      case 0x5c:
        return "\\";
      case 0x2f:
        return "/";
      case 0x62:
        return "\b";
      case 0x66:
        return "\f";
      case 0x6e:
        return "\n";
      case 0x72:
        return "\r";
      case 0x74:
        return "\t";
      case 0x75:
        return this.unicode();
      default:
        this.fail();
        return "";
    }
  }

  private unicode(): string {
    let value = 0;
    for (let count = 0; count < 4; count++) {
      const unit = this.peek();
      let digit = -1;
      if (unit >= 0x30 && unit <= 0x39) digit = unit - 0x30;
      else if (unit >= 0x61 && unit <= 0x66) digit = unit - 0x57;
      else if (unit >= 0x41 && unit <= 0x46) digit = unit - 0x37;
      if (digit < 0) {
        this.fail();
        return "";
      }
      value = value * 16 + digit;
      this.at++;
    }
    return String.fromCharCode(value);
  }
}

/** A number of 8 decimals, at most 10^9 in size when it was read, so that sums and multiples by 50 fit into 64 bits. */
export class Fixed {
  /** `units`: count of 10^-8. */
  constructor(public units: i64) {}

  /** Reads `-?[0-9]{1,9}(\.[0-9]{1,18})?` and rounds half to even; null for anything else. */
  static parse(text: string): Fixed | null {
    const negative = text.startsWith("-");
    let at = negative ? 1 : 0;
    const point = text.indexOf(".");
    const end = point < 0 ? text.length : point;
    if (end - at < 1 || end - at > 9) return null;
    if (point >= 0 && (text.length - point < 2 || text.length - point > 19)) return null;
    let units: i64 = 0;
    for (; at < end; at++) {
      const digit = digitAt(text, at);
      if (digit < 0) return null;
      units = units * 10 + digit;
    }
    let rest: i64 = 0;
    for (let place = 1; place <= 18; place++) {
      const digit = point < 0 || point + place >= text.length ? 0 : digitAt(text, point + place);
      if (digit < 0) return null;
      if (place <= 8) units = units * 10 + digit;
      else rest = rest * 10 + digit;
    }
    const half: i64 = 5_000_000_000;
    if (rest > half || (rest == half && units % 2 != 0)) units++;
    return new Fixed(negative ? -units : units);
  }

  /** (a + b) / 2, halves to even; for numbers that are not negative. */
  static middle(a: Fixed, b: Fixed): Fixed {
    const sum = a.units + b.units;
    const half = sum / 2;
    return new Fixed(sum % 2 != 0 && half % 2 != 0 ? half + 1 : half);
  }

  /** Middle value, or the middle of the two middle ones; zero for no values. */
  static median(values: Fixed[]): Fixed {
    if (values.length == 0) return new Fixed(0);
    const ordered = values.slice(0);
    ordered.sort((a, b) => (a.units < b.units ? -1 : a.units > b.units ? 1 : 0));
    return Fixed.middle(ordered[(ordered.length - 1) >> 1], ordered[ordered.length >> 1]);
  }

  /** Exactly 8 decimals. */
  toText(): string {
    const size = this.units < 0 ? -this.units : this.units;
    const digits = size.toString().padStart(9, "0");
    const cut = digits.length - 8;
    return (this.units < 0 ? "-" : "") + digits.substring(0, cut) + "." + digits.substring(cut);
  }
}

function digitAt(text: string, at: i32): i64 {
  const unit = text.charCodeAt(at);
  return unit >= 0x30 && unit <= 0x39 ? unit - 0x30 : -1;
}
