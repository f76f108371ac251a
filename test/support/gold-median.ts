import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { builderOf } from "../../enclave-sim/builders/package-builders.ts";
import type { CryptletPackage } from "../../enclave-sim/host/enclave.ts";
import { createThreadGuestHouse } from "../../enclave-sim/host/thread-guest-house.ts";
import type { GuestHouse } from "../../enclave-sim/host/guest-house.ts";
import { limitsOf, WALL } from "../../enclave-sim/protocol/limits.ts";
import { createProgramHouse } from "../../enclave-sim/runners/process/program-house.ts";
import { programLanguage } from "../../enclave-sim/runners/process/program-runtimes.ts";
import { detectWall } from "../../enclave-sim/wall/detect-wall.ts";
import type { HostAnswer, HostCall, RunOutcome, TriggerInput } from "../../src/sdk/abi.ts";
import type { Language } from "../../src/sdk/manifest.ts";
import { reportNotRun } from "./not-run.ts";

/** cryptlets/gold-median: one folder per language, and what each must do. */
export const GOLD_MEDIAN = path.resolve(import.meta.dirname, "../../cryptlets/gold-median");

/** One of its recorded cases. */
export interface RecordedCase {
  readonly says: string;
  readonly trigger: TriggerInput;
  readonly calls: readonly { readonly request: HostCall; readonly answer: HostAnswer }[];
  readonly outcome: RunOutcome;
}

/** Every recorded case by its name. */
export const recordedCases = (): ReadonlyMap<string, RecordedCase> => {
  const folder = path.join(GOLD_MEDIAN, "recorded");
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return new Map(
    files.map((name) => [
      path.basename(name, ".json"),
      JSON.parse(readFileSync(path.join(folder, name), "utf8")) as RecordedCase,
    ]),
  );
};

/** Languages whose builders need nothing but npm's packages, and C, whose compiler is small and common. */
const QUICK: ReadonlySet<Language> = new Set([
  "typescript",
  "assemblyscript",
  "micropython",
  "solidity",
  "c",
]);

/** Every language that has a folder; all of them with `CRYPTLET_LANGUAGES=all`, as `npm run test:languages` sets it. */
export const goldMedianLanguages = (): readonly Language[] => {
  const folders = readdirSync(GOLD_MEDIAN, { withFileTypes: true });
  const languages = folders
    .filter((entry) => entry.isDirectory() && entry.name !== "recorded")
    .map(({ name }) => name as Language);
  return process.env["CRYPTLET_LANGUAGES"] === "all"
    ? languages
    : languages.filter((language) => QUICK.has(language));
};

/** False, and named as not run, where a tool or the wall that a language needs is missing. */
export const canRun = async (language: Language, suite: string): Promise<boolean> => {
  const signal = new AbortController().signal;
  for (const tool of builderOf(language)?.tools ?? [])
    if ((await tool.find({ signal })) === null) {
      reportNotRun(`${suite}: ${language}`, `${tool.name} is missing: ${tool.install}`);
      return false;
    }
  const program = (["python", "java", "csharp"] as readonly string[]).includes(language);
  const wall = program ? await detectWall() : null;
  if (!wall || wall.available) return true;
  reportNotRun(`${suite}: ${language}`, `there is no wall: ${wall.reason}`);
  return false;
};

/** What a run said to its host, and how it ended. */
export interface PlayedRun {
  readonly asked: readonly HostCall[];
  readonly outcome: RunOutcome;
  readonly fuel: number;
}

/** A built package in a guest of its lane, whose host calls are answered from a list. */
export interface PlayedCryptlet {
  play(recorded: RecordedCase): Promise<PlayedRun>;
  stop(): Promise<void>;
}

export const startPlaying = async (cryptlet: CryptletPackage): Promise<PlayedCryptlet> => {
  const { manifest } = cryptlet;
  const house: GuestHouse =
    manifest.lane === "process"
      ? createProgramHouse(programLanguage(manifest.language))
      : createThreadGuestHouse();
  const guest = house.start();
  const limits = { ...limitsOf(manifest), outcomeCharacters: WALL.outcomeCharacters };
  const bounds = { timeoutMs: 20_000, signal: new AbortController().signal };
  const code = { lane: manifest.lane, code: cryptlet.bundle, cryptlet: manifest.id, limits };
  const snapshot = await guest.build(code, bounds);
  const program = { id: manifest.language, snapshot, limits };
  return {
    play: async ({ trigger, calls }) => {
      const asked: HostCall[] = [];
      const answer = async (text: string): Promise<string> => {
        const recorded = calls[asked.length];
        asked.push(JSON.parse(text) as HostCall);
        return JSON.stringify(recorded?.answer ?? { ok: null });
      };
      const run = { triggerText: JSON.stringify(trigger), seed: "5a".repeat(32), at: trigger.at };
      const { text, fuel } = await guest.run(program, run, { ...bounds, answer });
      return { asked, outcome: JSON.parse(text) as RunOutcome, fuel };
    },
    stop: async () => {
      await guest.close();
      await house.close();
    },
  };
};
