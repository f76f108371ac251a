import {
  and,
  assembleBpf,
  type BpfInstruction,
  end,
  load,
  unlessEqual,
  whenEqual,
  whenLess,
} from "./bpf-program.ts";
import { type CallAction, callRules, type CallRule, DEFAULT_ACTION } from "./call-rules.ts";
import { AUDIT_ARCHITECTURES, SYSTEM_CALLS, type WallArchitecture } from "./system-calls.ts";
import type { WallCommand } from "./wall-process.ts";

// linux/seccomp.h
const KILL_PROCESS = 0x8000_0000;
const ALLOW = 0x7fff_0000;
const ERRNO = 0x0005_0000;
/** Where `struct seccomp_data` keeps number, machine and arguments (low half first: both machines are little endian). */
const NUMBER_AT = 0;
const MACHINE_AT = 4;
const ARGUMENTS_AT = 16;
/** Bit of the x32 numbers, which would be a second name for every call of x64 (asm/unistd.h). */
const X32_BIT = 0x4000_0000;

const verdict = (action: CallAction): BpfInstruction => {
  if (action === "allow") return end(ALLOW);
  if (action === "kill") return end(KILL_PROCESS);
  return end((ERRNO | action.errno) >>> 0);
};

/** What follows when the number matched; always ends. */
const ruleBody = (rule: CallRule): readonly BpfInstruction[] => {
  if (typeof rule === "string" || "errno" in rule) return [verdict(rule)];
  return [
    load(ARGUMENTS_AT + 8 * rule.argument),
    and(rule.mask),
    ...rule.values.flatMap((value) => [unlessEqual(value, 1), verdict(rule.equal)]),
    verdict(rule.otherwise),
  ];
};

/** This machine's name in the tables; null where there is no filter for it. */
export const wallArchitecture = (arch: string = process.arch): WallArchitecture | null =>
  arch === "x64" || arch === "arm64" ? arch : null;

/**
 * A filter on system calls for `bwrap --seccomp`: another machine's calls are fatal, then one rule per call, and what
 * has no rule does not exist (seccomp(2), Linux Documentation/userspace-api/seccomp_filter.rst).
 */
export const buildSeccompFilter = (
  architecture: WallArchitecture,
  profile: WallCommand["profile"],
): Buffer => {
  const program: BpfInstruction[] = [
    load(MACHINE_AT),
    whenEqual(AUDIT_ARCHITECTURES[architecture], 1),
    end(KILL_PROCESS),
    load(NUMBER_AT),
  ];
  if (architecture === "x64") program.push(whenLess(X32_BIT, 1), end(KILL_PROCESS));
  const numbers = SYSTEM_CALLS[architecture];
  for (const [name, rule] of callRules(profile)) {
    const number = numbers.get(name);
    if (number === undefined) continue;
    const body = ruleBody(rule);
    program.push(unlessEqual(number, body.length), ...body);
  }
  return assembleBpf([...program, verdict(DEFAULT_ACTION)]);
};
