import { realpathSync } from "node:fs";
import path from "node:path";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import type { Language } from "../../../src/sdk/manifest.ts";
import type { WallCommand, WallMount } from "../../wall/wall-process.ts";
import { libraryFiles } from "../../wall/wall-tools.ts";

/** Languages of the process lane. */
export type ProgramLanguage = Extract<Language, "python" | "java" | "csharp">;

/** What runs the programs of one language: Debian's own runtime, seen read-only and nothing else of the machine. */
export interface ProgramRuntime {
  readonly language: ProgramLanguage;
  /** Files and folders of the runtime, without its shared libraries. */
  readonly mounts: readonly WallMount[];
  /** Files and folders whose bytes are measured as the interpreter. */
  readonly measured: readonly string[];
  /** Program and arguments; `file` is the Cryptlet's code inside. */
  command(file: string, memoryBytes: number): WallCommand["command"];
  readonly environment: Readonly<Record<string, string>>;
  /** Bytes of data that the runtime itself takes, beside what the manifest grants the program. */
  readonly ownBytes: number;
  /** Threads and processes together. */
  readonly processes: number;
  readonly proc: boolean;
}

/** Where the code is seen inside. */
export const CODE_INSIDE = "/cryptlet";

/** Extension that the runtime wants. */
export const CODE_EXTENSIONS: Readonly<Record<ProgramLanguage, string>> = {
  python: "py",
  java: "jar",
  csharp: "exe",
};

/** A manifest's language as one of the lane's. Throws `LANE_UNAVAILABLE` for any other. */
export const programLanguage = (language: Language): ProgramLanguage => {
  if (language === "python" || language === "java" || language === "csharp") return language;
  throw fabricError("LANE_UNAVAILABLE", { lane: `process (${language})` });
};

/** Debian package that brings each runtime. */
export const RUNTIME_PACKAGES: Readonly<Record<ProgramLanguage, string>> = {
  python: "python3",
  java: "default-jre-headless",
  csharp: "mono-runtime libmono-system-core4.0-cil",
};

const MIB = 1_048_576;
const libraries = (...files: readonly string[]): readonly WallMount[] =>
  [...new Set(files.flatMap((file) => [...libraryFiles(file)]))].map((from) => ({ from }));

const python = (): ProgramRuntime => {
  const executable = realpathSync("/usr/bin/python3");
  const standard = `/usr/lib/${path.basename(executable)}`;
  return {
    language: "python",
    mounts: [...libraries(executable), { from: executable }, { from: standard }],
    measured: [executable, standard],
    // Isolated, without site packages; compiled files beside the sources are neither read nor measured.
    command: (file) => [executable, "-I", "-S", "-B", "-X", "pycache_prefix=/none", file],
    environment: {},
    ownBytes: 32 * MIB,
    processes: 8,
    proc: false,
  };
};

const java = (): ProgramRuntime => {
  const executable = realpathSync("/usr/bin/java");
  const home = path.dirname(path.dirname(executable));
  const machine = path.join(home, "lib/server/libjvm.so");
  // Debian keeps the configuration of a runtime in /etc and links to it.
  const configuration = path.dirname(realpathSync(path.join(home, "lib/jvm.cfg")));
  return {
    language: "java",
    mounts: [
      ...libraries(executable, machine, path.join(home, "lib/libjava.so")).filter(
        ({ from }) => !from.startsWith(`${home}/`),
      ),
      { from: home },
      ...(configuration.startsWith(home) ? [] : [{ from: configuration }]),
    ],
    measured: [executable, machine, path.join(home, "lib/modules")],
    command: (file, memoryBytes) => [
      executable,
      `-Xmx${Math.floor(memoryBytes / MIB)}m`,
      "-Xss512k",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-XX:ReservedCodeCacheSize=16m",
      "-XX:MaxMetaspaceSize=48m",
      "-XX:CompressedClassSpaceSize=16m",
      // Shared class data holds bytecode that is not measured.
      "-Xshare:off",
      "-XX:-UsePerfData",
      "-XX:+ExitOnOutOfMemoryError",
      "-XX:-CreateCoredumpOnCrash",
      "-XX:ErrorFile=/dev/null",
      "-XX:+DisableAttachMechanism",
      "-jar",
      file,
    ],
    environment: {},
    ownBytes: 160 * MIB,
    processes: 32,
    proc: true,
  };
};

const csharp = (): ProgramRuntime => {
  const executable = realpathSync("/usr/bin/mono");
  const assemblies = "/usr/lib/mono";
  return {
    language: "csharp",
    mounts: [
      ...libraries(executable),
      { from: executable },
      { from: assemblies },
      { from: "/etc/mono/config" },
    ],
    measured: [executable, assemblies],
    // Ahead-of-time images beside the assemblies are not measured either.
    command: (file, memoryBytes) => [
      executable,
      "--optimize=-aot",
      `--gc-params=max-heap-size=${Math.floor(memoryBytes / MIB)}m`,
      file,
    ],
    environment: { MONO_DISABLE_SHARED_AREA: "1" },
    ownBytes: 96 * MIB,
    processes: 16,
    proc: true,
  };
};

const locators: Readonly<Record<ProgramLanguage, () => ProgramRuntime>> = { python, java, csharp };
const known = new Map<ProgramLanguage, ProgramRuntime>();

/** The runtime of a language as this machine has it. Throws `LANE_ENGINE_MISSING`. */
export const programRuntime = (language: ProgramLanguage): ProgramRuntime => {
  const found = known.get(language);
  if (found) return found;
  try {
    const runtime = locators[language]();
    known.set(language, runtime);
    return runtime;
  } catch (cause) {
    const packages = `Debian's ${RUNTIME_PACKAGES[language]}`;
    throw fabricError("LANE_ENGINE_MISSING", { lane: "process", packages }, { cause });
  }
};
