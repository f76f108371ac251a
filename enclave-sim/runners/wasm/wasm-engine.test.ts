import { describe, expect, test } from "vitest";
import {
  constant,
  END,
  HOST,
  I32,
  I64,
  OUTCOME_AT,
  probeModule,
  RETURN_OUTCOME,
} from "../../../test/support/wasm-code.ts";
import { runWasm, WASM_LIMITS } from "../../../test/support/wasm-run.ts";
import { createWasmEngine } from "./wasm-engine.ts";

const DROP = 0x1a;
const host = { call: () => '{"ok":null}', cancelled: () => false };
const RUN = { triggerText: "{}", seed: "00".repeat(32), at: 1 };

const PROBE = [
  { results: [I32], code: constant(1) },
  { parameters: [I32], results: [I32], code: constant(4_096) },
];
const EXPORTS = [
  ["memory", 2, 0],
  ["cryptlet_abi", 0, 3],
  ["cryptlet_alloc", 0, 4],
  ["cryptlet_handle", 0, 5],
] as const;

/** `_initialize` counts a global and a word of memory up; `handle` traps unless both are at one, and counts on. */
const counting = probeModule({
  globals: [
    [I32, 1, ...constant(0), END],
    [I64, 1, 0x42, 0, END],
  ],
  functions: [
    ...PROBE,
    {
      parameters: [I32, I32],
      results: [I32],
      code: [
        0x23,
        0,
        ...constant(64),
        0x28,
        2,
        0,
        0x6a,
        ...constant(2),
        0x47,
        0x04,
        0x40,
        0x00,
        END,
        0x10,
        6,
        ...RETURN_OUTCOME,
        ...constant(0),
      ],
    },
    {
      code: [
        0x23,
        0,
        ...constant(1),
        0x6a,
        0x24,
        0,
        0x42,
        5,
        0x24,
        1,
        ...constant(64),
        ...constant(64),
        0x28,
        2,
        0,
        ...constant(1),
        0x6a,
        0x36,
        2,
        0,
      ],
    },
  ],
  exports: [...EXPORTS, ["_initialize", 0, 6]],
});

describe("a snapshot", () => {
  test("holds memory and globals after the start, and every run begins from it", async () => {
    const engine = createWasmEngine({ limits: WASM_LIMITS, host });
    const snapshot = await engine.build(counting, "probe");
    expect(snapshot).toMatchObject({ lane: "wasm", globals: [1, 5n, 1] });
    // What a worker gets is a clone.
    const clone = structuredClone(snapshot);
    for (let run = 0; run < 3; run += 1) {
      const result = await (await engine.restore(clone)).run(RUN);
      expect(result).toHaveProperty("text");
    }
  });

  test("is the same whenever it is built, whatever the limits are", async () => {
    const build = async (memoryBytes: number) => {
      const limits = { ...WASM_LIMITS, memoryBytes };
      const snapshot = await createWasmEngine({ limits, host }).build(counting, "probe");
      if (snapshot.lane !== "wasm") throw new Error("another lane");
      const { module: _compiled, ...measured } = snapshot;
      return measured;
    };
    expect(await build(4_194_304)).toEqual(await build(8_388_608));
  });

  test("is left out for a module that has nothing to start", async () => {
    const engine = createWasmEngine({ limits: WASM_LIMITS, host });
    const snapshot = await engine.build(probeModule(), "probe");
    expect(snapshot).toMatchObject({ memory: null, globals: [] });
  });
});

describe("the wall", () => {
  test("carries the trigger in, calls and answers across, and the outcome out", async () => {
    const echo = probeModule({
      functions: [
        ...PROBE,
        {
          parameters: [I32, I32],
          results: [I32],
          locals: [[1, I32]],
          // Asks with the trigger's text, takes the answer to 8192 and returns it.
          code: [
            0x20,
            0,
            0x20,
            1,
            0x10,
            HOST.call,
            0x21,
            2,
            ...constant(8_192),
            0x10,
            HOST.take,
            ...constant(8_192),
            0x20,
            2,
            0x10,
            HOST.return,
            ...constant(0),
          ],
        },
      ],
    });
    const asked: string[] = [];
    const answer = (request: string) => {
      asked.push(request);
      return "grüße \u{1F600}";
    };
    const { text } = await runWasm(echo, { answer, run: { triggerText: "günther" } });
    expect(asked).toEqual(["günther"]);
    expect(text).toBe("grüße \u{1F600}");
  });

  test("an answer of no bytes can be taken", async () => {
    const handle = [
      ...constant(OUTCOME_AT),
      ...constant(4),
      0x10,
      HOST.call,
      DROP,
      ...constant(0),
      0x10,
      HOST.take,
    ];
    expect(await runWasm(probeModule({ handle }), { answer: () => "" })).toHaveProperty("text");
  });
});

/** Imports one function of WASI, calls it and gives eight bytes at 16,384 to the host as text of its own bytes. */
const wasi = (
  name: string,
  parameters: readonly number[],
  results: readonly number[],
  values: readonly number[],
): Uint8Array<ArrayBuffer> => {
  // The wall's three functions keep their places, so the import comes last and everything else moves by one.
  const imports = [
    { from: "cryptlet", name: "host_call", parameters: [I32, I32], results: [I32] },
    { from: "cryptlet", name: "host_take", parameters: [I32] },
    { from: "cryptlet", name: "host_return", parameters: [I32, I32] },
    { from: "wasi_snapshot_preview1", name, parameters, results },
  ];
  const letter = (place: number, shift: number) => [
    ...constant(16_400 + place * 2 + (shift === 0 ? 1 : 0)),
    ...constant(16_384 + place),
    0x2d,
    0,
    0,
    ...constant(shift),
    0x76,
    ...constant(15),
    0x71,
    ...constant(0x61),
    0x6a,
    0x3a,
    0,
    0,
  ];
  const letters = Array.from({ length: 8 }, (_, at) => [...letter(at, 4), ...letter(at, 0)]).flat();
  return probeModule({
    imports,
    functions: [
      ...PROBE,
      {
        parameters: [I32, I32],
        results: [I32],
        code: [
          ...values,
          0x10,
          3,
          ...(results.length > 0 ? [DROP] : []),
          ...letters,
          ...constant(16_400),
          ...constant(16),
          0x10,
          HOST.return,
          ...constant(0),
        ],
      },
    ],
    exports: EXPORTS.map(
      ([export_, kind, index]) => [export_, kind, kind === 0 ? index + 1 : index] as const,
    ),
  });
};
const bytesOf = (text = "") =>
  Buffer.from(
    text.replaceAll(/[a-p]/g, (letter) => ((letter.codePointAt(0) ?? 0) - 97).toString(16)),
    "hex",
  );

describe("what is left of WASI", () => {
  test("the clock is the trigger's time", async () => {
    const clock = wasi(
      "clock_time_get",
      [I32, I64, I32],
      [I32],
      [...constant(0), 0x42, 0, ...constant(16_384)],
    );
    const { text } = await runWasm(clock, { run: { at: 1_700_000_000_123 } });
    expect(bytesOf(text).readBigUInt64LE()).toBe(1_700_000_000_123_000_000n);
  });

  test("entropy is the run's seed and nothing else", async () => {
    const random = wasi("random_get", [I32, I32], [I32], [...constant(16_384), ...constant(8)]);
    const draw = async (seed: string) =>
      bytesOf((await runWasm(random, { run: { seed } })).text).toString("hex");
    expect(await draw("11".repeat(32))).toBe(await draw("11".repeat(32)));
    expect(await draw("11".repeat(32))).not.toBe(await draw("12".repeat(32)));
  });

  test("there are no arguments and no variables", async () => {
    for (const name of ["args_sizes_get", "environ_sizes_get"]) {
      const sizes = wasi(name, [I32, I32], [I32], [...constant(16_384), ...constant(16_388)]);
      expect(bytesOf((await runWasm(sizes)).text)).toEqual(Buffer.alloc(8));
    }
  });

  test("output goes nowhere, and its buffers must lie in memory", async () => {
    const write = (buffers: number, count: number) =>
      wasi(
        "fd_write",
        [I32, I32, I32, I32],
        [I32],
        [...constant(1), ...constant(buffers), ...constant(count), ...constant(16_384)],
      );
    expect(await runWasm(write(0, 1))).toHaveProperty("text");
    for (const [buffers, count] of [
      [65_532, 1],
      [0, -1],
      [-8, 1],
    ] as const)
      expect(await runWasm(write(buffers, count))).not.toHaveProperty("text", "written");
    expect(await runWasm(write(65_532, 1))).toMatchObject({ code: "GUEST_CRASHED" });
  });

  test("who exits without an outcome has failed", async () => {
    const exit = wasi("proc_exit", [I32], [], constant(3));
    expect(await runWasm(exit)).toMatchObject({ code: "GUEST_THREW" });
  });
});

/** Gives its trigger to the host as a call, and the answer back as its outcome. */
const asking = probeModule({
  functions: [
    ...PROBE,
    {
      parameters: [I32, I32],
      results: [I32],
      code: [
        0x20,
        0,
        0x20,
        1,
        0x10,
        HOST.call,
        0x21,
        1,
        ...constant(8_192),
        0x10,
        HOST.take,
        ...constant(8_192),
        0x20,
        1,
        0x10,
        HOST.return,
        ...constant(0),
      ],
    },
  ],
  exports: EXPORTS,
});

test("pure functions are answered beside the guest and cost fuel; the host hears of the others only", async () => {
  const pure = await runWasm(asking, { run: { triggerText: '{"op":"pure.sha256","text":"abc"}' } });
  expect(pure.text).toBe(
    '{"ok":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}',
  );
  const other = await runWasm(asking, { run: { triggerText: '{"op":"time.now"}' } });
  expect(other.text).toBe('{"ok":null}');
  expect(pure.fuel).toBeGreaterThan(other.fuel);
});
