import { describe, expect, test } from "vitest";
import { admitModule } from "../../enclave-sim/runners/wasm/admit-module.ts";
import {
  constant,
  END,
  FIRST_OWN,
  HOST,
  I32,
  OUTCOME_AT,
  probeModule,
  RETURN_OUTCOME,
  uleb,
} from "../support/wasm-code.ts";
import { runWasm } from "../support/wasm-run.ts";

// Modules that are admitted and try to take more than they have.

const BLOCK = 0x40;
const DROP = 0x1a;
const LOOP_FOR_EVER = [0x03, BLOCK, 0x0c, 0, END];
const callsOf = (options: Parameters<typeof runWasm>[1] = {}) => {
  const asked: string[] = [];
  const answer = (request: string) => {
    asked.push(request);
    return '{"ok":null}';
  };
  return { asked, options: { ...options, answer } };
};

describe("what is admitted and gets no further", () => {
  test("an endless loop uses up its fuel, the same amount each time", async () => {
    const bytes = probeModule({ handle: LOOP_FOR_EVER });
    const first = await runWasm(bytes, { limits: { maxFuel: 50 } });
    expect(first).toMatchObject({ code: "RUN_FUEL", fuel: 51 });
    expect(await runWasm(bytes, { limits: { maxFuel: 50 } })).toEqual(first);
  });

  test("an endless loop is stopped by word from outside", async () => {
    let asked = 0;
    const cancelled = () => (asked += 1) > 3;
    const end = await runWasm(probeModule({ handle: LOOP_FOR_EVER }), { cancelled });
    expect(end).toMatchObject({ code: "INTERRUPTED" });
  });

  test("a loop that jumps out of a block and into the next round", async () => {
    const handle = [0x03, BLOCK, 0x02, BLOCK, ...constant(1), 0x0d, 0, END, 0x0c, 0, END];
    expect(await runWasm(probeModule({ handle }))).toMatchObject({ code: "RUN_FUEL" });
  });

  test("a loop with nothing in it but a table of jumps to itself", async () => {
    const targets = Array.from({ length: 60_000 }, () => 0);
    const handle = [0x03, BLOCK, ...constant(7), 0x0e, ...uleb(targets.length), ...targets, 0, END];
    expect(await runWasm(probeModule({ handle }))).toMatchObject({ code: "RUN_FUEL" });
  });

  test("a table of jumps that is larger than the engine takes", () => {
    const targets = Array.from({ length: 70_000 }, () => 0);
    const handle = [...constant(0), 0x0e, ...uleb(targets.length), ...targets, 0];
    expect(() => admitModule(probeModule({ handle }))).toThrow(
      expect.objectContaining({ code: "WASM_REFUSED" }) as Error,
    );
  });

  test("recursion without end, at the same depth each time and long before the engine's own limit", async () => {
    const more = [{ code: [0x10, FIRST_OWN] }];
    const bytes = probeModule({ handle: [0x10, FIRST_OWN], more });
    const first = await runWasm(bytes);
    expect(first).toMatchObject({ code: "RUN_STACK" });
    expect(await runWasm(bytes)).toEqual(first);
  });

  test("recursion of fat frames through a table", async () => {
    const bytes = probeModule({
      table: [1, 0x70, 0, 1],
      elements: [[0, ...constant(0), END, 1, FIRST_OWN]],
      handle: [0x10, FIRST_OWN],
      // Type 6 is the first own function's: () -> ().
      more: [{ locals: [[5_000, 0x7e]], code: [...constant(0), 0x11, 6, 0] }],
    });
    expect(await runWasm(bytes)).toMatchObject({ code: "RUN_STACK" });
  });

  test("memory without end", async () => {
    const handle = [0x03, BLOCK, ...constant(1), 0x40, 0, DROP, 0x0c, 0, END];
    expect(await runWasm(probeModule({ handle }))).toMatchObject({ code: "RUN_FUEL" });
    const trapping = [
      0x03,
      BLOCK,
      ...constant(1),
      0x40,
      0,
      0x41,
      0x7f,
      0x46,
      0x04,
      BLOCK,
      0x00,
      END,
      0x0c,
      0,
      END,
    ];
    expect(await runWasm(probeModule({ handle: trapping }))).toMatchObject({ code: "RUN_MEMORY" });
  });

  test("more memory at the start than the limit", async () => {
    const memory = [1, 0, ...uleb(1_000)];
    await expect(runWasm(probeModule({ memory }))).rejects.toMatchObject({
      code: "CRYPTLET_INIT_FAILED",
    });
  });

  test("a module that bounds itself is not given more, and a bound of its own lifts no limit", async () => {
    const grow = [...constant(63), 0x40, 0, 0x41, 0x7f, 0x46, 0x04, BLOCK, 0x00, END];
    for (const memory of [
      [1, 1, 1, 2],
      [1, 1, 1, ...uleb(65_536)],
    ]) {
      const end = await runWasm(probeModule({ memory, handle: grow }), {
        limits: { memoryBytes: 1_048_576 },
      });
      expect(end).toMatchObject({ code: "RUN_MEMORY" });
    }
  });

  test("filling all of its memory again and again costs what it moves", async () => {
    const fill = [...constant(0), ...constant(0), ...constant(65_536), 0xfc, 11, 0];
    const bytes = probeModule({ handle: [0x03, BLOCK, ...fill, 0x0c, 0, END] });
    expect(await runWasm(bytes, { limits: { maxFuel: 100 } })).toMatchObject({ code: "RUN_FUEL" });
    const far = [...constant(0), ...constant(0), 0x41, 0x7f, 0xfc, 11, 0];
    expect(
      await runWasm(probeModule({ handle: far }), { limits: { maxFuel: 10_000 } }),
    ).toMatchObject({ code: "GUEST_CRASHED" });
  });

  test("data beyond the memory does not start", async () => {
    for (const at of [65_535, -1])
      await expect(
        runWasm(probeModule({ data: [[0, ...constant(at), END, 2, 1, 2]] })),
      ).rejects.toMatchObject({ code: "CRYPTLET_INIT_FAILED" });
  });

  test("pointers and lengths outside of memory reach nothing", async () => {
    const call = (pointer: number, length: number) => [
      ...constant(pointer),
      ...constant(length),
      0x10,
      HOST.call,
      DROP,
    ];
    for (const [pointer, length] of [
      [65_536, 1],
      [-1, 1],
      [0, -1],
      [65_535, 2],
      [-1, -1],
    ] as const) {
      const { asked, options } = callsOf();
      const bytes = probeModule({ handle: call(pointer, length) });
      expect(await runWasm(bytes, options)).toMatchObject({ code: "GUEST_CRASHED" });
      expect(asked).toEqual([]);
    }
    const taking = [...call(OUTCOME_AT, 10), ...constant(65_530), 0x10, HOST.take];
    expect(await runWasm(probeModule({ handle: taking }))).toMatchObject({ code: "GUEST_CRASHED" });
    const returning = [...constant(60_000), ...constant(6_000), 0x10, HOST.return];
    expect(await runWasm(probeModule({ handle: returning }))).toMatchObject({
      code: "GUEST_CRASHED",
    });
  });

  test("host_take before a call, and twice", async () => {
    const take = [...constant(0), 0x10, HOST.take];
    expect(await runWasm(probeModule({ handle: take }))).toMatchObject({ code: "GUEST_CRASHED" });
    const call = [...constant(OUTCOME_AT), ...constant(10), 0x10, HOST.call, DROP];
    expect(await runWasm(probeModule({ handle: [...call, ...take, ...take] }))).toMatchObject({
      code: "GUEST_CRASHED",
    });
  });

  test("two outcomes, none, and one that is too large", async () => {
    expect(await runWasm(probeModule({ handle: RETURN_OUTCOME }))).toMatchObject({
      code: "GUEST_CRASHED",
    });
    expect(await runWasm(probeModule({ handle: [...constant(0), 0x0f] }))).toMatchObject({
      code: "GUEST_NEVER_ANSWERED",
    });
    expect(await runWasm(probeModule(), { limits: { outcomeCharacters: 10 } })).toMatchObject({
      code: "GUEST_ANSWER_TOO_LARGE",
    });
    expect(await runWasm(probeModule({ handle: [...constant(9), 0x0f] }))).toMatchObject({
      code: "GUEST_THREW",
    });
  });

  test("text that is not UTF-8", async () => {
    const handle = [
      ...constant(0),
      ...constant(0xff),
      0x3a,
      0,
      0,
      ...constant(0),
      ...constant(1),
      0x10,
      HOST.call,
      DROP,
    ];
    const { asked, options } = callsOf();
    expect(await runWasm(probeModule({ handle }), options)).toMatchObject({
      code: "GUEST_CRASHED",
    });
    expect(asked).toEqual([]);
  });

  test("a place for the trigger that is not its own", async () => {
    const alloc = (at: number) =>
      probeModule({
        functions: [
          { results: [I32], code: constant(1) },
          { parameters: [I32], results: [I32], code: constant(at) },
          { parameters: [I32, I32], results: [I32], code: constant(0) },
        ],
      });
    expect(await runWasm(alloc(65_535))).toMatchObject({ code: "GUEST_CRASHED" });
    expect(await runWasm(alloc(-8))).toMatchObject({ code: "GUEST_CRASHED" });
  });

  test("host calls while it starts, and another version of the ABI", async () => {
    const starting = (code: readonly number[]) =>
      probeModule({
        functions: [
          { results: [I32], code },
          { parameters: [I32], results: [I32], code: constant(0) },
          { parameters: [I32, I32], results: [I32], code: constant(0) },
        ],
      });
    const calling = [...constant(OUTCOME_AT), ...constant(10), 0x10, HOST.call];
    for (const code of [calling, constant(2), [...LOOP_FOR_EVER, 0x00]])
      await expect(runWasm(starting(code))).rejects.toMatchObject({ code: "CRYPTLET_INIT_FAILED" });
  });

  test("a host that refuses to go on ends the run, which cannot catch it", async () => {
    const call = [...constant(OUTCOME_AT), ...constant(10), 0x10, HOST.call, DROP];
    const answer = () => {
      throw new Error("the run is being stopped");
    };
    const end = await runWasm(probeModule({ handle: [...call, ...call] }), { answer });
    expect(end).toMatchObject({ code: "GUEST_CRASHED" });
  });
});
