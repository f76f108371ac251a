import { describe, expect, test } from "vitest";
import { evmCode } from "../../../test/support/evm-code.ts";
import { createEvmEngine } from "./evm-engine.ts";
import { GAS_LIMIT, MAX_CODE_BYTES } from "./evm-rules.ts";

const AT = 1_700_000_000_999;
const HOST = 0xc001;
const LIMITS = { memoryBytes: 33_554_432, maxFuel: 100_000, outcomeCharacters: 1_000 };

const runCode = async (
  code: Uint8Array,
  parts: {
    readonly call?: (text: string) => string;
    readonly cancelled?: () => boolean;
    readonly limits?: Partial<typeof LIMITS>;
    readonly triggerText?: string;
  } = {},
) => {
  const host = {
    call: parts.call ?? (() => `{"ok":null}`),
    cancelled: parts.cancelled ?? (() => false),
  };
  const engine = createEvmEngine({ limits: { ...LIMITS, ...parts.limits }, host });
  const instance = await engine.restore(await engine.build(code, "probe"));
  return instance.run({ triggerText: parts.triggerText ?? "{}", seed: "00".repeat(32), at: AT });
};

/** Memory from 0, as much as the stack says, is the outcome. */
const RETURN_ALL = [0, "RETURN"] as const;
const ECHO = evmCode("CALLDATASIZE", 0, 0, "CALLDATACOPY", "CALLDATASIZE", ...RETURN_ALL);
/** Asks the host what the trigger says, and returns the answer. */
const ASK = evmCode(
  ...(["CALLDATASIZE", 0, 0, "CALLDATACOPY"] as const),
  ...([0, 0, "CALLDATASIZE", 0, HOST, "GAS", "STATICCALL", "POP"] as const),
  ...(["RETURNDATASIZE", 0, 0, "RETURNDATACOPY", "RETURNDATASIZE", ...RETURN_ALL] as const),
);

describe("a run", () => {
  test("gives the trigger's text as calldata and takes return data as the outcome, gas being the fuel", async () => {
    const first = await runCode(ECHO, { triggerText: `{"é":"😀"}` });
    expect(first).toEqual({ text: `{"é":"😀"}`, fuel: 22 });
    expect(await runCode(ECHO, { triggerText: `{"é":"😀"}` })).toEqual(first);
  });

  test("asks the host through one contract, in bytes of JSON", async () => {
    const calls: string[] = [];
    const call = (text: string) => {
      calls.push(text);
      return `{"ok":"ü"}`;
    };
    const answered = await runCode(ASK, { call, triggerText: `{"op":"time.now"}` });
    expect(answered).toMatchObject({ text: `{"ok":"ü"}` });
    expect(calls).toEqual([`{"op":"time.now"}`]);
  });

  test("gets bytes that are no text as the replacement character, never as an exception", async () => {
    const calls: string[] = [];
    const junk = evmCode(0xff_fe_fd, 0, "MSTORE", 0, 0, 3, 29, HOST, "GAS", "STATICCALL", "STOP");
    await runCode(junk, { call: (text) => (calls.push(text), `{"error":{}}`) });
    expect(calls).toEqual(["\ufffd\ufffd\ufffd"]);
  });

  test("gets pure functions at once, for gas and without a host call", async () => {
    const calls: string[] = [];
    const triggerText = JSON.stringify({ op: "pure.sha256", hex: "00" });
    const result = await runCode(ASK, { call: (text) => (calls.push(text), ""), triggerText });
    expect(calls).toEqual([]);
    expect("text" in result ? JSON.parse(result.text) : result).toHaveProperty("ok");
  });

  test("cannot call the host without the gas for it", async () => {
    const calls: string[] = [];
    const poor = evmCode(0, 0, 0, 0, HOST, 9_999, "STATICCALL", 0, "MSTORE", 32, 0, "RETURN");
    const result = await runCode(poor, { call: (text) => (calls.push(text), "") });
    expect(calls).toEqual([]);
    expect(result).toMatchObject({ text: "\0".repeat(32) });
  });

  test("sees the same block always, and of the world only the trigger's second", async () => {
    const facts = [
      ...(["NUMBER", "COINBASE", "PREVRANDAO", "BASEFEE", "BLOBBASEFEE", "GASPRICE"] as const),
      ...(["CALLVALUE", "SELFBALANCE"] as const),
    ];
    const sum = facts.slice(1).flatMap((fact) => [fact, "ADD"] as const);
    const zero = evmCode("NUMBER", ...sum, 1, "BLOCKHASH", "ADD", 0, "MSTORE", 32, 0, "RETURN");
    expect(await runCode(zero)).toMatchObject({ text: "\0".repeat(32) });
    const stamp = evmCode(
      "TIMESTAMP",
      1_700_000_000,
      "SWAP1",
      "SUB",
      65,
      "ADD",
      0,
      "MSTORE",
      1,
      31,
      "RETURN",
    );
    expect(await runCode(stamp)).toMatchObject({ text: "A" });
  });

  test("begins with the same gas whatever the host lowers", async () => {
    const code = evmCode("GAS", GAS_LIMIT, "SUB", 0, "MSTORE", 1, 31, "RETURN");
    expect(await runCode(code)).toEqual(await runCode(code, { limits: { maxFuel: 1 } }));
  });

  test("leaves nothing behind for the next one", async () => {
    const engine = createEvmEngine({
      limits: LIMITS,
      host: { call: () => "", cancelled: () => false },
    });
    const counting = evmCode(
      0,
      "SLOAD",
      65,
      "ADD",
      "DUP1",
      0,
      "MSTORE",
      1,
      0,
      "SSTORE",
      1,
      31,
      "RETURN",
    );
    const snapshot = await engine.build(counting, "probe");
    for (const _ of [1, 2]) {
      const instance = await engine.restore(snapshot);
      const run = { triggerText: "{}", seed: "00".repeat(32), at: AT };
      expect(await instance.run(run)).toMatchObject({ text: "A" });
    }
  });
});

describe("a run fails with", () => {
  const code = async (...parameters: Parameters<typeof runCode>) => {
    const result = await runCode(...parameters);
    return "error" in result ? result.error.code : result.text;
  };

  test("RUN_FUEL when the gas is used up, or a host's lower bound of it", async () => {
    const loop = evmCode("JUMPDEST", 0, "JUMP");
    expect(await code(loop, { limits: { maxFuel: 10 } })).toBe("RUN_FUEL");
    const burn = evmCode(0, 0x1_00_00_00, "MSTORE");
    expect(await code(burn)).toBe("RUN_FUEL");
    expect(await code(ECHO, { limits: { maxFuel: 0 } })).toBe("RUN_FUEL");
  });

  test("INTERRUPTED at the next loop after it was asked to stop", async () => {
    let asked = 0;
    const cancelled = () => (asked += 1) > 3;
    expect(await code(evmCode("JUMPDEST", 0, "JUMP"), { cancelled })).toBe("INTERRUPTED");
    expect(asked).toBe(4);
  });

  test("GUEST_THREW and the reason of a revert", async () => {
    // Error(string): selector, offset 32, length 7, text.
    const throwing = evmCode(
      ...([0x08c379a0n << 224n, 0, "MSTORE", 32, 4, "MSTORE", 7, 36, "MSTORE"] as const),
      ...([0x6e6f20676f6c64n << 200n, 68, "MSTORE", 100, 0, "REVERT"] as const),
    );
    expect(await runCode(throwing)).toMatchObject({
      error: { code: "GUEST_THREW", arguments: { reason: "no gold" } },
    });
  });

  test("GUEST_CRASHED for what the machine does not know, transient storage among it", async () => {
    expect(await code(evmCode("INVALID"))).toBe("GUEST_CRASHED");
    expect(await code(evmCode("POP"))).toBe("GUEST_CRASHED");
    expect(await code(evmCode(1, 1, "TSTORE"))).toBe("GUEST_CRASHED");
    expect(await code(evmCode(1, "TLOAD"))).toBe("GUEST_CRASHED");
    expect(await code(evmCode(7, "JUMP"))).toBe("GUEST_CRASHED");
  });

  test("GUEST_ANSWER_TOO_LARGE and GUEST_ANSWER_INVALID for an outcome that is none", async () => {
    expect(await code(evmCode(1_001, 0, "RETURN"))).toBe("GUEST_ANSWER_TOO_LARGE");
    expect(await code(evmCode(3_001, 0, "RETURN"))).toBe("GUEST_ANSWER_TOO_LARGE");
    expect(await code(evmCode(0xff, 0, "MSTORE", 1, 31, "RETURN"))).toBe("GUEST_ANSWER_INVALID");
  });

  test("what the host throws, through any depth of calls", async () => {
    const call = () => {
      throw new Error("the run is being stopped");
    };
    expect(await code(ASK, { call })).toBe("GUEST_CRASHED");
  });
});

describe("code is refused", () => {
  test.each([
    ["that is empty", new Uint8Array(0)],
    ["that no chain would take for its size", new Uint8Array(MAX_CODE_BYTES + 1)],
    ["that begins with the reserved byte", Uint8Array.of(0xef, 0)],
  ])("%s", async (_name, code) => {
    const engine = createEvmEngine({
      limits: LIMITS,
      host: { call: () => "", cancelled: () => false },
    });
    await expect(engine.build(code, "probe")).rejects.toMatchObject({
      code: "CRYPTLET_INIT_FAILED",
    });
  });
});
