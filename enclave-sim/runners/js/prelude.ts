/**
 * Evaluated in the engine before the bundle, and so part of the measured snapshot. Its value is the function that
 * begins a run: it seeds `Math.random` (xoshiro128**, Blackman and Vigna, https://prng.di.unimi.it), because every
 * instance begins from the same snapshot and would otherwise draw the same numbers.
 */
export const PRELUDE = `(() => {
  "use strict";
  let a = 1, b = 2, c = 3, d = 4;
  const rotate = (x, k) => (x << k) | (x >>> (32 - k));
  const imul = Math.imul;
  const next = () => {
    const result = imul(rotate(imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a; d ^= b; b ^= c; a ^= d; c ^= t; d = rotate(d, 11);
    return result;
  };
  const random = () => (next() * 67108864 + (next() >>> 6)) / 288230376151711744;
  Object.defineProperty(Math, "random", { value: random, writable: true, configurable: true });
  delete globalThis.SharedArrayBuffer;
  return (s0, s1, s2, s3) => { a = s0 | 0; b = s1 | 0; c = s2 | 0; d = s3 | 1; };
})()`;
