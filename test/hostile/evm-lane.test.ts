import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { detectWall } from "../../enclave-sim/wall/detect-wall.ts";
import { createRunId } from "../../src/core/ids.ts";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { MAX_CODE_BYTES } from "../../enclave-sim/runners/evm/evm-rules.ts";
import { evmCode } from "../support/evm-code.ts";
import {
  draft,
  type EnclaveFixture,
  probePackage,
  startEnclave,
  trigger,
} from "../support/guest-fixture.ts";

// Bytecode that tries to run for ever, to fill the memory, to see the world, or to trip its engine, inside the real
// enclave. After each the honest Cryptlet beside it must answer.

const HOST = 0xc001;
const JSON_READER = 0xc002;
/** Cut the engine's patience: a tenth of the gas, so that what burns all of it ends soon. */
const LIMITS = { maxFuel: 10_000, timeoutMs: 20_000 };

const evmPackage = (code: Uint8Array) => ({
  ...probePackage("", { lane: "evm", language: "solidity", main: "src/Probe.sol" }),
  bundle: code,
});

/** Code that returns a text: stored word by word. */
const returning = (text: string): Uint8Array => {
  const bytes = Buffer.from(text);
  const words = Array.from({ length: Math.ceil(bytes.length / 32) }, (_, at) => {
    const word = Buffer.alloc(32);
    bytes.copy(word, 0, at * 32, at * 32 + 32);
    return [BigInt(`0x${word.toString("hex")}`), at * 32, "MSTORE"] as const;
  });
  return evmCode(...words.flat(), bytes.length, 0, "RETURN");
};

let fixture: EnclaveFixture;
let honest: LoadedCryptlet;
/** Bytecode of strangers runs behind the wall where there is one. */
let wall: "bubblewrap+seccomp" | "none";
beforeAll(async () => {
  fixture = await startEnclave({ wall: "where-possible" });
  wall = (await detectWall()).available ? "bubblewrap+seccomp" : "none";
  honest = await fixture.load(
    evmPackage(returning(JSON.stringify({ ok: { observation: draft() } }))),
  );
});
afterAll(() => fixture.stop());

/** Runs an attack once; gives its code and reason, and looks after the honest one. */
const attack = async (
  code: Uint8Array,
  limits: Partial<typeof LIMITS> = {},
): Promise<{ code: string; reason: string }> => {
  const attacker = await fixture.load(evmPackage(code), { limits: { ...LIMITS, ...limits } });
  try {
    const refused: unknown = await attacker.run(trigger(), { runId: createRunId() }).then(
      () => ({ code: "ANSWERED" }),
      (error: unknown) => error,
    );
    await expect(honest.run(trigger(), { runId: createRunId() })).resolves.toMatchObject({
      observation: draft(),
    });
    const { code: name, arguments: values } = refused as {
      code: string;
      arguments?: { reason?: string };
    };
    return { code: name, reason: values?.reason ?? "" };
  } finally {
    await attacker.close();
  }
};

const LOOP = ["JUMPDEST"] as const;
const BACK = [0, "JUMP"] as const;
const fails = (code: string) => ({ code }) as const;

test("an honest Cryptlet is signed and replayed to the gas", async () => {
  const run = () => honest.run(trigger(), { runId: createRunId() });
  const [first, second] = [await run(), await run()];
  expect(first.receipt).toMatchObject({ lane: "evm", wall, determinism: "bit-for-bit" });
  expect(second.receipt.fuel).toBe(first.receipt.fuel);
  await expect(honest.replay(first.transcript)).resolves.toMatchObject({ same: true });
  const changed = { ...first.transcript, fuel: first.receipt.fuel + 1 } as typeof first.transcript;
  await expect(honest.replay(changed)).rejects.toMatchObject({ code: "TRANSCRIPT_INVALID" });
});

describe("time and memory end", () => {
  test.each([
    ["an endless loop", evmCode(...LOOP, ...BACK), "RUN_FUEL"],
    ["a loop of the cheapest instructions", evmCode(...LOOP, "GAS", "POP", ...BACK), "RUN_FUEL"],
    ["memory at a far offset", evmCode(1, 0xffff_ffff, "MSTORE"), "RUN_FUEL"],
    ["memory at the end of all numbers", evmCode(1, (1n << 256n) - 32n, "MSTORE"), "RUN_FUEL"],
    ["memory that grows and grows", evmCode(...LOOP, 1, "GAS", "MSTORE", ...BACK), "RUN_FUEL"],
    ["a return of a gigabyte", evmCode(0x4000_0000, 0, "RETURN"), "RUN_FUEL"],
    ["a return of two megabytes", evmCode(0x20_0000, 0, "RETURN"), "GUEST_ANSWER_TOO_LARGE"],
    ["a revert of two megabytes", evmCode(0x20_0000, 0, "REVERT"), "GUEST_THREW"],
    ["exponents", evmCode(...LOOP, (1n << 256n) - 1n, 3, "EXP", "POP", ...BACK), "RUN_FUEL"],
    ["hashes of much", evmCode(...LOOP, 0x1000, 0, "KECCAK256", "POP", ...BACK), "RUN_FUEL"],
    ["storage without end", evmCode(...LOOP, 1, "GAS", "SSTORE", ...BACK), "RUN_FUEL"],
    ["logs without end", evmCode(...LOOP, 0x1000, 0, "LOG0", ...BACK), "RUN_FUEL"],
    ["copies of itself", evmCode(...LOOP, 0x600, 0, 0, "CODECOPY", ...BACK), "RUN_FUEL"],
    ["a stack that grows", evmCode(...LOOP, 1, ...BACK), "GUEST_CRASHED"],
    ["transient storage", evmCode(...LOOP, 1, "GAS", "TSTORE", ...BACK), "GUEST_CRASHED"],
  ])("for %s", async (_name, code, expected) => {
    expect(await attack(code)).toMatchObject(fails(expected));
  });

  test("for calls into itself, to a depth of sixteen and no deeper", async () => {
    // Each frame takes 256 kB and calls itself with all gas; the deepest call fails, and all end well.
    const code = evmCode(
      ...([1, 0x4_0000, "MSTORE", 0, 0, 0, 0, 0, "ADDRESS", "GAS", "CALL", "STOP"] as const),
    );
    expect(await attack(code)).toMatchObject(fails("GUEST_ANSWER_INVALID"));
    const tree = evmCode(...LOOP, 0, 0, 0, 0, 0, "ADDRESS", "GAS", "CALL", "POP", ...BACK);
    // The dearest of all for its gas, about a tenth of a millisecond for each frame; and a host's lower bound of gas is
    // looked at in the outermost frame only. So it is the deadline that ends it.
    expect(await attack(tree, { timeoutMs: 1_000 })).toMatchObject(fails("RUN_DEADLINE"));
  });

  test("for contracts that make contracts that make contracts", async () => {
    const bomb = evmCode(
      "CODESIZE",
      0,
      0,
      "CODECOPY",
      ...LOOP,
      "CODESIZE",
      0,
      0,
      "CREATE",
      "POP",
      8,
      "JUMP",
    );
    expect((await attack(bomb)).code).not.toBe("ANSWERED");
    const salted = evmCode(...LOOP, "GAS", 0, 0, 0, "CREATE2", "POP", ...BACK);
    expect(await attack(salted)).toMatchObject(fails("RUN_FUEL"));
  });

  test("for an end of itself: SELFDESTRUCT ends the run without an answer, and the next run is whole", async () => {
    const code = evmCode("CALLER", "SELFDESTRUCT");
    const attacker = await fixture.load(evmPackage(code), { limits: LIMITS });
    for (const _ of [1, 2])
      await expect(attacker.run(trigger(), { runId: createRunId() })).rejects.toMatchObject({
        code: "GUEST_ANSWER_INVALID",
      });
    await attacker.close();
  });

  test("for contracts of mainnet that are too slow here: they are not there", async () => {
    for (const address of [6, 7, 8, 0x0a, 0x0b, 0x0f, 0x11]) {
      // A call to nothing succeeds and returns nothing.
      const code = evmCode(
        ...([0, 0, 0x180, 0, address, "GAS", "STATICCALL", "POP"] as const),
        ...(["RETURNDATASIZE", 0, "REVERT"] as const),
      );
      expect((await attack(code)).reason).toBe("a revert without data");
    }
    // Large numbers to the power of large numbers cost what they take.
    const modexp = evmCode(
      0x400,
      0,
      "MSTORE",
      0x400,
      32,
      "MSTORE",
      0x400,
      64,
      "MSTORE",
      ...LOOP,
      0,
      0,
      0xc60,
      0,
      5,
      "GAS",
      "STATICCALL",
      "POP",
      18,
      "JUMP",
    );
    expect((await attack(modexp)).code).not.toBe("ANSWERED");
  });
});

describe("the lane's own contracts take junk", () => {
  const calling = (address: number, value: bigint, bytes: number) =>
    evmCode(
      value,
      0,
      "MSTORE",
      0,
      0,
      bytes,
      32 - Math.min(32, bytes),
      address,
      "GAS",
      "STATICCALL",
      "POP",
      "RETURNDATASIZE",
      0,
      0,
      "RETURNDATACOPY",
      "RETURNDATASIZE",
      0,
      "REVERT",
    );
  test.each([
    ["nothing", 0n, 0],
    ["bytes that are no text", (1n << 256n) - 1n, 32],
    ["half a character", 0xf0_9fn, 2],
    ["no JSON", BigInt(`0x${Buffer.from("{{{").toString("hex")}`), 3],
    ["a megabyte and more of zeros", 0n, 0x11_0000],
  ])("%s", async (_name, value, bytes) => {
    for (const address of [HOST, JSON_READER])
      expect(["GUEST_THREW", "GUEST_CRASHED", "RUN_FUEL"]).toContain(
        (await attack(calling(address, value, bytes))).code,
      );
  });

  test("a host call without end meets the limit of calls", async () => {
    const log = Buffer.from(`{"op":"time.now"}`);
    const flood = evmCode(
      BigInt(`0x${log.toString("hex")}`),
      0,
      "MSTORE",
      ...LOOP,
      0,
      0,
      log.length,
      32 - log.length,
      HOST,
      "GAS",
      "STATICCALL",
      "POP",
      21,
      "JUMP",
    );
    expect(["HOST_CALL_LIMIT", "RUN_FUEL"]).toContain((await attack(flood)).code);
  });

  test("a host call from inside a delegated or a reverted frame is a host call like any other", async () => {
    const text = Buffer.from(`{"op":"time.now"}`);
    const code = evmCode(
      BigInt(`0x${text.toString("hex")}`),
      0,
      "MSTORE",
      0,
      0,
      text.length,
      32 - text.length,
      HOST,
      "GAS",
      "DELEGATECALL",
      "POP",
      "RETURNDATASIZE",
      0,
      0,
      "RETURNDATACOPY",
      "RETURNDATASIZE",
      0,
      "REVERT",
    );
    expect((await attack(code)).code).toBe("GUEST_THREW");
  });
});

test("value cannot be sent, because nobody has any", async () => {
  // As many bytes are reverted with as the call says: one for success.
  const code = evmCode(0, 0, 0, 0, 1, "CALLER", "GAS", "CALL", 0, "REVERT");
  expect((await attack(code)).reason).toBe("a revert without data");
});

describe("code is not loaded", () => {
  test.each([
    ["that is empty", new Uint8Array(0)],
    ["of 24 kB and a byte", new Uint8Array(MAX_CODE_BYTES + 1)],
    ["that begins with the reserved byte", Uint8Array.of(0xef, 0, 1)],
  ])("%s", async (_name, code) => {
    await expect(fixture.load(evmPackage(code))).rejects.toMatchObject({
      code: "CRYPTLET_INIT_FAILED",
    });
  });
});
