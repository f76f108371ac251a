import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { admitModule } from "../../enclave-sim/runners/wasm/admit-module.ts";
import {
  constant,
  END,
  FIRST_OWN,
  HOST,
  I32,
  probeModule,
  section,
  type TestModule,
  uleb,
  wasmBytes,
} from "../support/wasm-code.ts";
import { runWasm } from "../support/wasm-run.ts";

// @types/node knows a part of this global only.
declare const WebAssembly: {
  readonly Module: {
    new (bytes: Uint8Array): WebAssembly.Module;
    imports(
      module: WebAssembly.Module,
    ): readonly { readonly module: string; readonly name: string }[];
  };
};

// Modules that try to get out, or to be read in two ways.

const BLOCK = 0x40;
const DROP = 0x1a;
const expectRefused = (bytes: Uint8Array) => {
  let code = "admitted";
  try {
    admitModule(bytes);
  } catch (error) {
    ({ code } = error as { code: string });
  }
  expect(code).toBe("WASM_REFUSED");
};

test("the probe itself is admitted and answers", async () => {
  const { text, fuel } = await runWasm(probeModule());
  expect(text).toContain("CRYPTLET_FAILED");
  expect(fuel).toBeGreaterThan(0);
});

describe("what is not admitted", () => {
  const importing = (from: string, name: string): TestModule => ({
    imports: [{ from, name }],
  });
  test.each([
    ["env", "abort"],
    ["cryptlet", "host_call2"],
    ["cryptlet ", "host_call"],
    ["cryptlet\0", "host_call"],
    ["Cryptlet", "host_call"],
    ["fabric", "meter"],
    ["fabric", "memory"],
    ["wasi_snapshot_preview1", "path_open"],
    ["wasi_snapshot_preview1", "sock_accept"],
    ["wasi_snapshot_preview1", "poll_oneoff"],
    ["wasi_unstable", "fd_write"],
    ["go", "syscall/js.valueGet"],
    ["env", "invoke_ii"],
    ["", ""],
    ["__proto__", "toString"],
    ["constructor", "constructor"],
  ])("an import of %j %j", (from, name) => {
    expectRefused(probeModule(importing(from, name)));
  });

  test("a known import under another type", () => {
    expectRefused(
      probeModule({
        imports: [{ from: "cryptlet", name: "host_call", parameters: [0x7e, I32], results: [I32] }],
      }),
    );
  });

  test("imports of memories, tables and globals", () => {
    for (const [kind, ...type] of [
      [1, 0x70, 0, 1],
      [2, 0, 1],
      [3, I32, 1],
    ]) {
      const name = [...uleb(8), ...Buffer.from("cryptlet"), ...uleb(1), 0x6d];
      const bytes = [
        0,
        0x61,
        0x73,
        0x6d,
        1,
        0,
        0,
        0,
        ...section(2, [1, ...name, kind ?? 0, ...type]),
      ];
      expectRefused(Uint8Array.from(bytes));
    }
  });

  test.each<[string, TestModule]>([
    ["a start function", { start: 3 }],
    ["no memory", { memory: null }],
    ["two memories", { memory: [2, 0, 1, 0, 1] }],
    ["a shared memory", { memory: [1, 3, 1, 2] }],
    ["a memory of 64 bits", { memory: [1, 4, 1] }],
    ["a memory whose largest size is below its smallest", { memory: [1, 1, 2, 1] }],
    ["a table of references to the host", { table: [1, 0x6f, 0, 1] }],
    ["two tables", { table: [2, 0x70, 0, 1, 0x70, 0, 1] }],
    ["a table too large", { table: [1, 0x70, 0, ...uleb(200_000)] }],
    ["a global of another kind", { globals: [[0x6f, 0, 0xd0, 0x6f, END]] }],
    ["a global that reads a global", { globals: [[I32, 0, 0x23, 0, END]] }],
    [
      "a global that calculates",
      { globals: [[I32, 0, ...constant(1), ...constant(1), 0x6a, END]] },
    ],
    ["a passive data segment", { data: [[1, 1, 0]] }],
    ["data at a place that is calculated", { data: [[0, 0x23, 0, END, 1, 0]] }],
    ["a passive element segment", { elements: [[1, 0, 1, 3]] }],
    ["an element that is no function", { elements: [[0, ...constant(0), END, 1, 99]] }],
    ["elements without a table", { elements: [[0, ...constant(0), END, 1, 3]] }],
    [
      "no exported memory",
      {
        exports: [
          ["cryptlet_abi", 0, 3],
          ["cryptlet_alloc", 0, 4],
          ["cryptlet_handle", 0, 5],
        ],
      },
    ],
    [
      "an export of another type",
      {
        exports: [
          ["memory", 2, 0],
          ["cryptlet_abi", 0, 4],
          ["cryptlet_alloc", 0, 4],
          ["cryptlet_handle", 0, 5],
        ],
      },
    ],
    [
      "an export that is no function",
      {
        exports: [
          ["memory", 2, 0],
          ["cryptlet_abi", 2, 0],
          ["cryptlet_alloc", 0, 4],
          ["cryptlet_handle", 0, 5],
        ],
      },
    ],
    [
      "the host's own function as an export",
      {
        exports: [
          ["memory", 2, 0],
          ["cryptlet_abi", 0, HOST.take],
          ["cryptlet_alloc", 0, 4],
          ["cryptlet_handle", 0, 5],
        ],
      },
    ],
    [
      "an export twice",
      {
        exports: [
          ["memory", 2, 0],
          ["cryptlet_abi", 0, 3],
          ["cryptlet_abi", 0, 3],
          ["cryptlet_alloc", 0, 4],
          ["cryptlet_handle", 0, 5],
        ],
      },
    ],
  ])("%s", (_name, change) => {
    expectRefused(probeModule(change));
  });

  test.each([
    ["vectors", [0xfd, 12, ...Array.from({ length: 16 }, () => 0), DROP]],
    ["relaxed vectors", [0xfd, 0x80, 0x02]],
    ["atomics", [0xfe, 0x03, 0x00]],
    ["exceptions", [0x06, BLOCK, END]],
    ["throw", [0x08, 0]],
    ["tail calls", [0x12, FIRST_OWN]],
    ["references", [0xd0, 0x70, DROP]],
    ["a table's entry", [...constant(0), 0x25, 0, DROP]],
    ["table.grow", [0xd0, 0x70, ...constant(1), 0xfc, 15, 0, DROP]],
    ["memory.init", [...constant(0), ...constant(0), ...constant(0), 0xfc, 8, 0, 0]],
    ["a memory that is not there", [...constant(0), 0x28, 0x42, 1, 0, DROP]],
    ["the pass's own fuel as a global", [0x23, 0, DROP]],
    ["the fuel as a target", [...constant(2_000_000_000), 0x24, 0]],
    ["the pass's own locals", [0x20, 2, DROP]],
    ["the pass's own functions", [0x10, FIRST_OWN]],
    ["a label outside of the function", [0x0c, 1]],
    ["an unknown instruction", [0xff]],
    ["an instruction of five bytes beyond 32 bits", [0x10, 0xff, 0xff, 0xff, 0xff, 0x1f]],
    ["a constant that is too long", [0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, DROP]],
    ["wrong types", [0x42, 1, 0x24, 0]],
    ["an else without an if", [0x05]],
    ["one end too many", [END, END]],
    ["a nest of 20,000 blocks", Array.from({ length: 20_000 }, () => [0x02, BLOCK]).flat()],
  ])("code with %s", (_name, handle) => {
    expectRefused(probeModule({ handle }));
  });

  test("sections twice, out of order, unknown, or with a length that lies", () => {
    const good = [...probeModule()];
    const importAgain = section(2, [1, 3, 0x65, 0x6e, 0x76, 1, 0x61, 0, 0]);
    expectRefused(Uint8Array.from([...good, ...importAgain]));
    expectRefused(Uint8Array.from([...good.slice(0, 8), ...importAgain, ...good.slice(8)]));
    expectRefused(Uint8Array.from([...good, ...section(13, [0])]));
    expectRefused(Uint8Array.from([...good, 0, 0x80, 0x80, 0x80, 0x80, 0x10]));
    expectRefused(Uint8Array.from([...good, 0]));
    expectRefused(Uint8Array.from([...good.slice(0, 4), 2, ...good.slice(5)]));
    // A type section that says it is one byte longer than its types.
    expectRefused(wasmBytes({ behind: [] }).slice(0, 8));
  });

  test("custom sections say nothing, wherever they stand and whatever they hold", () => {
    const good = [...probeModule()];
    const custom = section(0, [...uleb(4), ...Buffer.from("name"), ...section(2, [1, 2, 3])]);
    const forged = section(0, [...uleb(18), ...Buffer.from("cryptlet.admission"), 0x7b, 0x7d]);
    const with2 = Uint8Array.from([
      ...good.slice(0, 8),
      ...custom,
      ...forged,
      ...good.slice(8),
      ...custom,
    ]);
    expect(Buffer.compare(admitModule(with2).bytes, admitModule(probeModule()).bytes)).toBe(0);
  });

  test("padded numbers mean what they mean, and give the same module", () => {
    const padded = probeModule({ handle: [0x41, 0x80, 0x80, 0x80, 0x80, 0x00, DROP] });
    expect(admitModule(padded).admission.profile).toBe("core");
    const bytes = [...probeModule()];
    // The count of types, written with five bytes, goes beyond its section's end.
    expectRefused(
      Uint8Array.from([...bytes.slice(0, 10), 0x86, 0x80, 0x80, 0x80, 0x00, ...bytes.slice(11)]),
    );
  });

  test("modules of 20 MB", () => {
    expectRefused(new Uint8Array(20_000_000));
  });
});

describe("mutated modules", () => {
  const seed = [
    ...probeModule({
      globals: [[I32, 1, ...constant(5), END]],
      table: [1, 0x70, 0, 2],
      elements: [[0, ...constant(0), END, 1, FIRST_OWN]],
      handle: [
        ...constant(3),
        0x04,
        BLOCK,
        0x23,
        0,
        0x24,
        0,
        0x05,
        0x01,
        END,
        ...constant(0),
        0x11,
        6,
        0,
      ],
      more: [{ locals: [[2, 0x7c]], code: [0x20, 0, 0x20, 1, 0xa0, 0x21, 0] }],
    }),
  ];
  const KNOWN = new Set([
    "cryptlet.host_call",
    "cryptlet.host_take",
    "cryptlet.host_return",
    "fabric.meter",
    "fabric.memory",
  ]);
  const importsOf = (bytes: Uint8Array): string[] =>
    WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map(
      (entry) => `${entry.module}.${entry.name}`,
    );

  /** Either a refusal with its code, or a module that imports nothing but the wall. */
  const expectJudged = (bytes: Uint8Array) => {
    try {
      const admitted = admitModule(bytes);
      for (const name of importsOf(admitted.bytes))
        if (!name.startsWith("wasi_snapshot_preview1.")) expect([...KNOWN]).toContain(name);
      // The same bytes give the same bytes.
      expect(Buffer.compare(admitModule(bytes).bytes, admitted.bytes)).toBe(0);
      return true;
    } catch (error) {
      expect((error as { code?: string }).code).toBe("WASM_REFUSED");
      return false;
    }
  };

  test("are refused with their code or import nothing new", () => {
    expect(expectJudged(Uint8Array.from(seed))).toBe(true);
    const place = fc.nat(seed.length - 1);
    const change = fc.oneof(
      fc.record({
        at: place,
        take: fc.constant(1),
        put: fc.array(fc.nat(255), { maxLength: 1, minLength: 1 }),
      }),
      fc.record({ at: place, take: fc.nat(4), put: fc.array(fc.nat(255), { maxLength: 6 }) }),
    );
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = [...seed];
        for (const { at, take, put } of changes) bytes.splice(at, take, ...put);
        expectJudged(Uint8Array.from(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  test("every cut and every flip of a bit", () => {
    for (let at = 0; at < seed.length; at += 1) {
      expectJudged(Uint8Array.from(seed.slice(0, at)));
      for (let bit = 0; bit < 8; bit += 1)
        expectJudged(
          Uint8Array.from(seed, (byte, index) => (index === at ? byte ^ (1 << bit) : byte)),
        );
    }
  });

  test("noise behind the header", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expectJudged(Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...noise]));
      }),
      { numRuns: 2_000 },
    );
  });

  test("what is admitted runs to an end, whatever it does", async () => {
    const places = fc.array(fc.record({ at: fc.nat(seed.length - 1), put: fc.nat(255) }), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(places, async (changes) => {
        const bytes = Uint8Array.from(seed);
        for (const { at, put } of changes) bytes[at] = put;
        const limits = { maxFuel: 20 };
        const once = () =>
          runWasm(bytes, { limits }).catch((error: { code: string }) => ({ code: error.code }));
        const first = await once();
        expect(await once()).toEqual(first);
      }),
      { numRuns: 400 },
    );
  });
});
