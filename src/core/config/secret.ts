import { inspect } from "node:util";

const HIDDEN = "[secret]";

/**
 * A value that never prints: not in JSON, logs, templates or `inspect`, and a structured clone of it is empty.
 * Only `reveal()` gives it, where it is used.
 * @example
 * ```ts
 * `${secret}`; // "[secret]"
 * request.headers.authorization = `Bearer ${secret.reveal()}`;
 * ```
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.toPrimitive](): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}
