import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  constant,
  END,
  F32,
  F64,
  FIRST_OWN,
  I32,
  I64,
  probeModule,
  type TestFunction,
} from "../../../test/support/wasm-code.ts";
import { runWasm } from "../../../test/support/wasm-run.ts";
import { admitModule } from "./admit-module.ts";
import { INSTRUCTIONS_PER_TICK } from "./wasm-interpreter.ts";

// @types/node knows a part of this global only.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => WebAssembly.Module;
  readonly Memory: new (size: { initial: number; maximum: number }) => { buffer: ArrayBuffer };
  readonly Instance: new (
    module: WebAssembly.Module,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
};

const BLOCK = 0x40;
const wall = { host_call: () => 0, host_take: () => undefined, host_return: () => undefined };

/** Runs `cryptlet_handle` of a module as it is and as it was admitted; gives both memories. */
const runBoth = (bytes: Uint8Array<ArrayBuffer>) => {
  const call = (exports: Readonly<Record<string, unknown>>): string => {
    try {
      return String((exports["cryptlet_handle"] as (a: number, b: number) => number)(7, 9));
    } catch (error) {
      return (error as Error).name;
    }
  };
  const plain = new WebAssembly.Instance(new WebAssembly.Module(bytes), { cryptlet: wall });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  let used = 0;
  let fuel: { value: number } | undefined;
  const meter = (word: number) => {
    expect(word).toBe(0);
    if (!fuel) throw new Error("no fuel");
    used += 1_000_000 - fuel.value;
    fuel.value = 1_000_000;
  };
  const admitted = new WebAssembly.Instance(new WebAssembly.Module(admitModule(bytes).bytes), {
    cryptlet: wall,
    fabric: { memory, meter },
  });
  fuel = admitted.exports["fuel"] as { value: number };
  const before = call(plain.exports);
  const after = call(admitted.exports);
  return {
    before: [before, (plain.exports["memory"] as { buffer: ArrayBuffer }).buffer] as const,
    after: [after, memory.buffer] as const,
    used: used + 1_000_000 - fuel.value,
    depth: (admitted.exports["depth"] as { value: number }).value,
  };
};

/** Code that leaves nothing on the stack and, in the end, writes its locals to memory: 2 to 5 are i32, i64, f32, f64. */
const LOCALS = [
  [1, I32],
  [1, I64],
  [1, F32],
  [1, F64],
] as const;
const STORES = [
  ...constant(0).concat(0x20, 2, 0x36, 2, 0),
  ...constant(8).concat(0x20, 3, 0x37, 3, 0),
  ...constant(16).concat(0x20, 4, 0x38, 2, 0),
  ...constant(24).concat(0x20, 5, 0x39, 3, 0),
];

const get = (local: number) => [0x20, local];
const i32 = fc.letrec<{ value: number[] }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }).map(constant),
    fc.constant(get(2)),
    fc.constant(get(0)),
    fc
      .tuple(
        tie("value"),
        tie("value"),
        fc.constantFrom(0x46, 0x48, 0x6a, 0x6b, 0x6c, 0x6d, 0x70, 0x74, 0x77),
      )
      .map(([a, b, op]) => [...a, ...b, op]),
    fc.tuple(tie("value"), fc.constantFrom(0x45, 0x67, 0xc0)).map(([a, op]) => [...a, op]),
    tie("value").map((a) => [...a, 0x10, FIRST_OWN]),
  ),
})).value;
// Without copysign (0xa6): it would make the sign of a NaN visible, which the pass settles and plain V8 leaves open.
const f64 = fc.letrec<{ value: number[] }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc
      .double({ noNaN: true })
      .map((value) => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)]),
    fc.constant(get(5)),
    i32.map((a) => [...a, 0xb7]),
    fc
      .tuple(tie("value"), tie("value"), fc.constantFrom(0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5))
      .map(([a, b, op]) => [...a, ...b, op]),
    fc.tuple(tie("value"), fc.constantFrom(0x99, 0x9a, 0x9b, 0x9f)).map(([a, op]) => [...a, op]),
  ),
})).value;
const statement = fc.letrec<{ one: number[]; many: number[] }>((tie) => ({
  many: fc.array(tie("one"), { maxLength: 4 }).map((parts) => parts.flat()),
  one: fc.oneof(
    { depthSize: "small" },
    i32.map((value) => [...value, 0x21, 2]),
    i32.map((value) => [...value, 0xac, 0x21, 3]),
    f64.map((value) => [...value, 0x21, 5]),
    f64.map((value) => [...value, 0xb6, 0x21, 4]),
    fc
      .tuple(i32, tie("many"), tie("many"))
      .map(([c, a, b]) => [...c, 0x04, BLOCK, ...a, 0x05, ...b, END]),
    fc.tuple(i32, tie("many")).map(([c, a]) => [0x02, BLOCK, ...c, 0x0d, 0, ...a, END]),
    // A loop that runs while its own local counts down from at most three.
    fc
      .tuple(fc.integer({ min: 0, max: 3 }), tie("many"))
      .map(([n, a]) => [
        ...constant(n),
        0x21,
        6,
        0x03,
        BLOCK,
        ...a,
        0x20,
        6,
        ...constant(1),
        0x6b,
        0x22,
        6,
        ...constant(0),
        0x4a,
        0x0d,
        0,
        END,
      ]),
  ),
})).many;

const HELPER: TestFunction = {
  parameters: [I32],
  results: [I32],
  code: [
    0x20,
    0,
    ...constant(3),
    0x6c,
    0x20,
    0,
    0x04,
    I32,
    ...constant(1),
    0x05,
    ...constant(2),
    END,
    0x6a,
  ],
};

test("an admitted module does what it did before, and the same fuel is taken each time", () => {
  fc.assert(
    fc.property(statement, (code) => {
      const bytes = probeModule({
        locals: [...LOCALS, [1, I32]],
        handle: [...code, ...STORES],
        more: [HELPER],
      });
      const { before, after, used, depth } = runBoth(bytes);
      expect(after[0]).toBe(before[0]);
      const nanFree = (buffer: ArrayBuffer) => [
        new Int32Array(buffer, 0, 1)[0],
        new BigInt64Array(buffer, 8, 1)[0],
        new Float32Array(buffer, 16, 1)[0],
        new Float64Array(buffer, 24, 1)[0],
      ];
      expect(nanFree(after[1])).toEqual(nanFree(before[1]));
      expect(used).toBeGreaterThan(0);
      if (after[0] === "0") expect(depth).toBe(0);
      expect(runBoth(bytes).used).toBe(used);
    }),
    { numRuns: 300 },
  );
});

const bitsOf = async (type: "f32" | "f64", code: readonly number[]): Promise<string> => {
  const single = type === "f32";
  const stored = [...constant(OUT), ...code, single ? 0xbc : 0xbd];
  const asHex = single ? [0x36, 2, 0] : [0x37, 3, 0];
  const asked: string[] = [];
  // Every byte of the number as a character above U+0080 would not be text, so it goes through as digits: 16 letters.
  const digits = Array.from({ length: single ? 8 : 16 }, (_, place) => [
    ...constant(OUT + 16 + place),
    ...constant(OUT + (place >> 1)),
    0x2d,
    0,
    0,
    ...constant(place % 2 === 0 ? 4 : 0),
    0x76,
    ...constant(15),
    0x71,
    ...constant(0x61),
    0x6a,
    0x3a,
    0,
    0,
  ]).flat();
  const call = [...constant(OUT + 16), ...constant(single ? 8 : 16), 0x10, 0, 0x1a];
  await runWasm(probeModule({ handle: [...stored, ...asHex, ...digits, ...call] }), {
    answer: (request) => {
      asked.push(request);
      return "null";
    },
  });
  const letters = asked[0] ?? "";
  const hex = letters.replaceAll(/[a-p]/g, (letter) =>
    ((letter.codePointAt(0) ?? 0) - 97).toString(16),
  );
  return Buffer.from([...Buffer.from(hex, "hex")].toReversed()).toString("hex");
};
const OUT = 8_192;
const f32Const = (bits: number) => [0x43, ...new Uint8Array(Uint32Array.of(bits).buffer)];
const f64Const = (bits: bigint) => [0x44, ...new Uint8Array(BigUint64Array.of(bits).buffer)];
const ZERO = f64Const(0n);
const ODD_NAN = f64Const(0xfff4_0000_dead_beefn);

test.each<[string, "f32" | "f64", readonly number[], string]>([
  ["0 / 0", "f64", [...ZERO, ...ZERO, 0xa3], "7ff8000000000000"],
  ["the square root of -1", "f64", [...f64Const(0xbff0_0000_0000_0000n), 0x9f], "7ff8000000000000"],
  [
    "a payload plus one",
    "f64",
    [...ODD_NAN, ...f64Const(0x3ff0_0000_0000_0000n), 0xa0],
    "7ff8000000000000",
  ],
  ["the smaller of a payload and one", "f64", [...ODD_NAN, ...ZERO, 0xa4], "7ff8000000000000"],
  ["a payload made single", "f32", [...ODD_NAN, 0xb6], "7fc00000"],
  ["a payload made double", "f64", [...f32Const(0xffa1_2345), 0xbb], "7ff8000000000000"],
  [
    "infinity minus infinity",
    "f32",
    [...f32Const(0x7f80_0000), ...f32Const(0x7f80_0000), 0x93],
    "7fc00000",
  ],
  ["a payload rounded", "f32", [...f32Const(0xffe0_0001), 0x8d], "7fc00000"],
  ["a payload as it was written", "f64", [...ODD_NAN], "fff40000deadbeef"],
  ["a payload without its sign", "f64", [...ODD_NAN, 0x99], "7ff40000deadbeef"],
  [
    "a payload with the sign of one",
    "f64",
    [...ODD_NAN, ...f64Const(0x3ff0_0000_0000_0000n), 0xa6],
    "7ff40000deadbeef",
  ],
  ["one and a half", "f32", [...f32Const(0x3fc0_0000), ...f32Const(0), 0x92], "3fc00000"],
])("bits of %s", async (_name, type, code, expected) => {
  expect(await bitsOf(type, code)).toBe(expected);
});

test("a tick is so many instructions: a loop of them takes what it must", async () => {
  const rounds = 400_000;
  const perRound = 10;
  // The body: ten instructions with its jump and the constant of its end.
  const loop = [
    ...constant(rounds),
    0x21,
    2,
    0x03,
    BLOCK,
    0x01,
    0x01,
    0x01,
    0x20,
    2,
    ...constant(1),
    0x6b,
    0x22,
    2,
    0x0d,
    0,
    END,
  ];
  const { fuel } = await runWasm(probeModule({ locals: [[1, I32]], handle: loop }));
  const least = (rounds * (perRound - 2)) / INSTRUCTIONS_PER_TICK;
  expect(fuel).toBeGreaterThanOrEqual(least);
  expect(fuel).toBeLessThanOrEqual((rounds * perRound) / INSTRUCTIONS_PER_TICK + 1);
});
