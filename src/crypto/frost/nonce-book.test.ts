import { secp256k1 } from "@noble/curves/secp256k1.js";
import { expect, test } from "vitest";
import { bytesToHex } from "../bytes.ts";
import { wordOf } from "./ecrecover-challenge.ts";
import { createNonceBook } from "./nonce-book.ts";

const { Point } = secp256k1;
const member = { index: 2, share: wordOf(123n) };

test("a pair is given once, and its public half is that of its secret one", () => {
  const book = createNonceBook(member);
  const [pair] = book.make(1);
  if (!pair) throw new Error("no pair");
  expect(book.holds(pair.id)).toBe(true);
  const taken = book.take(pair.id);
  expect(book.holds(pair.id)).toBe(false);
  expect(() => book.take(pair.id)).toThrow(
    expect.objectContaining({ code: "FROST_NONCE_UNKNOWN" }),
  );
  for (const half of ["hiding", "binding"] as const)
    expect(Point.BASE.multiply(Point.Fn.fromBytes(taken[half])).toHex()).toBe(
      taken.commitments[half],
    );
});

test("no two nonces are alike, of one share or two", () => {
  const books = [createNonceBook(member), createNonceBook(member)];
  const nonces = books.flatMap((book) =>
    book
      .make(20)
      .flatMap(({ id, hiding, binding }) => [id, bytesToHex(hiding), bytesToHex(binding)]),
  );
  expect(new Set(nonces).size).toBe(nonces.length);
});

test("it holds so many and no more, and none after it was cleared", () => {
  const book = createNonceBook(member, 3);
  const [first] = book.make(2);
  expect(() => book.make(4)).toThrow(expect.objectContaining({ code: "FROST_NONCES_FULL" }));
  if (!first) throw new Error("no pair");
  const [oldest, next] = [first, book.make(1)[0]];
  // Commitments that nobody used never keep the member from signing.
  const [, newest] = book.make(2);
  expect([oldest, next, newest].map((pair) => book.holds(pair?.id ?? ""))).toEqual([
    false,
    true,
    true,
  ]);
  book.clear();
  expect([...first.hiding, ...first.binding].every((byte) => byte === 0)).toBe(true);
  expect(book.holds(first.id)).toBe(false);
  expect(book.make(3)).toHaveLength(3);
});
