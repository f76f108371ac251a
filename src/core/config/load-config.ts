import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parse } from "lossless-json";
import { fabricError } from "../errors/fabric-error.ts";
import { applyEnvironment, settingsInForce } from "./environment.ts";
import { crossFieldFaults, type ConfigFault } from "./rules.ts";
import { createConfigSchema, type FabricConfig } from "./schema.ts";
import { createSecretReader } from "./secret-reference.ts";

/** Largest configuration file, in bytes. */
const MAX_FILE_BYTES = 4_194_304;
/** Faults that are listed; the count says how many there are. */
const MAX_FAULTS = 100;
/** Taken when neither an option nor CRYPTLET_CONFIG names a file and this one exists. */
const DEFAULT_FILE = "fabric.json";

export interface LoadConfigOptions {
  /** Relative to `cwd`; default: CRYPTLET_CONFIG, then fabric.json when it exists, then the defaults alone. */
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/**
 * Read the host's configuration: file, then environment, then secrets. Relative paths start at the file.
 * Throws `CONFIG_UNREADABLE`, or `CONFIG_INVALID` with every fault and its path.
 * @example
 * ```ts
 * const config = loadConfig({ file: "fabric.json", env: process.env, cwd: process.cwd() });
 * ```
 */
export const loadConfig = ({ file, env, cwd }: LoadConfigOptions): FabricConfig => {
  const source = findFile(file ?? (env["CRYPTLET_CONFIG"] || undefined), cwd);
  const raw = source === null ? {} : readJson(source);
  return parseConfig(raw, { env, base: source === null ? cwd : path.dirname(source) });
};

/** The same for a configuration that is at hand; `base` is where relative paths start. Throws `CONFIG_INVALID`. */
export const parseConfig = (
  raw: unknown,
  { env, base }: { readonly env: LoadConfigOptions["env"]; readonly base: string },
): FabricConfig => {
  const given = applyEnvironment(raw, env);
  const schema = createConfigSchema({ base, readSecret: createSecretReader(env, base) });
  const parsed = schema.safeParse(given);
  const faults: ConfigFault[] = [
    ...(parsed.success ? [] : parsed.error.issues),
    ...crossFieldFaults(given),
  ];
  if (parsed.success && faults.length === 0) return parsed.data;
  const lines = faults.map((fault) => describe(fault, env));
  throw fabricError("CONFIG_INVALID", {
    count: lines.length,
    faults: lines.slice(0, MAX_FAULTS).join("\n"),
  });
};

const findFile = (file: string | undefined, cwd: string): string | null => {
  if (file !== undefined) return path.resolve(cwd, file);
  const fallback = path.join(cwd, DEFAULT_FILE);
  return statSync(fallback, { throwIfNoEntry: false })?.isFile() ? fallback : null;
};

const readJson = (file: string): unknown => {
  const unreadable = (reason: string, cause?: unknown) =>
    fabricError("CONFIG_UNREADABLE", { file, reason }, { cause });
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) throw unreadable("there is no such file");
  if (!stats.isFile()) throw unreadable("it is not a file");
  if (stats.size > MAX_FILE_BYTES) throw unreadable(`it is above ${MAX_FILE_BYTES} bytes`);
  try {
    // Unlike JSON.parse it refuses a key that stands twice.
    return parse(readFileSync(file, "utf8"), undefined, Number);
  } catch (error) {
    throw unreadable(error instanceof Error ? error.message : "it is not JSON", error);
  }
};

/** `feeds[0].heartbeatMs: must be …`, with the variable that set it. */
const describe = (fault: ConfigFault, env: LoadConfigOptions["env"]): string => {
  const where = fault.path
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`,
    )
    .join("");
  const setting = settingsInForce(env).find(({ path: at }) => at.join(".") === where);
  const origin = setting ? ` (set by ${setting.variable})` : "";
  return `  ${where === "" ? "the configuration" : where}: ${fault.message}${origin}`;
};
