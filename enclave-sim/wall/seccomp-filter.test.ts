import fc from "fast-check";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import { reportNotRun } from "../../test/support/not-run.ts";
import { assembleBpf, BPF, end } from "./bpf-program.ts";
import { type CallAction, callRules, type CallRule } from "./call-rules.ts";
import { buildSeccompFilter, wallArchitecture } from "./seccomp-filter.ts";
import { AUDIT_ARCHITECTURES, SYSTEM_CALLS } from "./system-calls.ts";

const KILL = 0x8000_0000;
const ALLOW = 0x7fff_0000;
const verdictOf = (action: CallAction): number => {
  if (action === "allow") return ALLOW;
  return action === "kill" ? KILL : 0x5_0000 + action.errno;
};

/** Runs a filter as the kernel's interpreter does, on `struct seccomp_data`. */
const judge = (filter: Buffer, data: Buffer): number => {
  let accumulator = 0;
  for (let at = 0, steps = 0; steps < 5_000; steps += 1) {
    const code = filter.readUInt16LE(at);
    const [jt, jf] = [filter.readUInt8(at + 2), filter.readUInt8(at + 3)];
    const k = filter.readUInt32LE(at + 4);
    at += 8;
    if (code === BPF.RETURN) return k;
    if (code === BPF.LOAD) accumulator = data.readUInt32LE(k);
    else if (code === BPF.AND) accumulator = (accumulator & k) >>> 0;
    else if (code === BPF.EQUAL) at += 8 * (accumulator === k ? jt : jf);
    else if (code === BPF.AT_LEAST) at += 8 * (accumulator >= k ? jt : jf);
    else throw new Error(`code ${code}`);
  }
  throw new Error("it does not end");
};
const dataOf = (machine: number, number: number, args: readonly number[] = []): Buffer => {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(machine, 4);
  for (const [index, value] of args.entries()) data.writeUInt32LE(value, 16 + 8 * index);
  return data;
};
/** What the rules say, without any BPF. */
const expected = (rule: CallRule | undefined, args: readonly number[]): number => {
  if (rule === undefined) return 0x5_0000 + constants.errno.ENOSYS;
  if (typeof rule === "string" || "errno" in rule) return verdictOf(rule);
  const value = ((args[rule.argument] ?? 0) & rule.mask) >>> 0;
  return verdictOf(rule.values.includes(value) ? rule.equal : rule.otherwise);
};

const cases = (["x64", "arm64"] as const).flatMap((architecture) =>
  (["engine", "program"] as const).map((profile) => ({ architecture, profile })),
);

describe.each(cases)("the filter of $architecture for $profile", ({ architecture, profile }) => {
  const filter = buildSeccompFilter(architecture, profile);
  const machine = AUDIT_ARCHITECTURES[architecture];
  const rules = callRules(profile);
  const names = new Map([...SYSTEM_CALLS[architecture]].map(([name, number]) => [number, name]));

  test("says what the rules say, for every call and any arguments", () => {
    const word = fc.oneof(
      fc.nat(0xffff_ffff),
      fc.constantFrom(0, 1, 2, 10, 16, 17, 0x21, 0x22, 0x5412, 0x541c, 0x10000, 0x10000000),
    );
    const args = fc.array(word, { minLength: 6, maxLength: 6 });
    const number = fc.oneof(fc.constantFrom(...names.keys()), fc.nat(1_000));
    fc.assert(
      fc.property(number, args, (call, values) => {
        const rule = rules.get(names.get(call) ?? "");
        expect(judge(filter, dataOf(machine, call, values))).toBe(expected(rule, values));
      }),
      { numRuns: 2_000 },
    );
    for (const [call, name] of names)
      expect(judge(filter, dataOf(machine, call)), name).toBe(expected(rules.get(name), []));
  });

  test("ends whoever speaks for another machine, or by another name", () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.nat(600), (other, call) => {
        fc.pre(other !== machine);
        expect(judge(filter, dataOf(other, call))).toBe(KILL);
      }),
    );
    if (architecture === "x64") expect(judge(filter, dataOf(machine, 0x4000_0027))).toBe(KILL);
  });

  test("is whole instructions, and the kernel takes that many", () => {
    expect(filter.length % 8).toBe(0);
    expect(filter.length / 8).toBeLessThan(4_096);
  });
});

test("an engine has less than a program, and nothing deadly is allowed in any", () => {
  const [engine, program] = [callRules("engine"), callRules("program")];
  for (const [name, rule] of engine)
    if (rule === "allow") expect(program.get(name), name).not.toBe("kill");
  for (const name of ["socket", "connect", "fork", "kill", "unlink", "rename"]) {
    expect(engine.get(name)).not.toBe("allow");
  }
  for (const rules of [engine, program])
    for (const name of ["ptrace", "mount", "bpf", "setns", "kexec_load"])
      expect(rules.get(name)).toBe("kill");
});

test("only these machines have one", () => {
  expect([wallArchitecture("x64"), wallArchitecture("arm64")]).toEqual(["x64", "arm64"]);
  expect(wallArchitecture("ia32")).toBeNull();
});

test("a program without an instruction, or with too many, is refused", () => {
  expect(() => assembleBpf([])).toThrow(RangeError);
  expect(() => assembleBpf(Array.from({ length: 4_097 }, () => end(0)))).toThrow(RangeError);
  expect(assembleBpf([end(ALLOW)]).toString("hex")).toBe("060000000000ff7f");
});

const HEADER = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h";
if (!existsSync(HEADER))
  reportNotRun("system call numbers against the kernel's header", `${HEADER} is not there`);
test.runIf(existsSync(HEADER))("the numbers are the kernel's", () => {
  const text = readFileSync(HEADER, "utf8");
  const kernel = new Map(
    [...text.matchAll(/#define __NR_(\w+) (\d+)/g)].map(([, name = "", number]) => [
      name,
      Number(number),
    ]),
  );
  for (const [name, number] of SYSTEM_CALLS.x64) expect(kernel.get(name), name).toBe(number);
});
