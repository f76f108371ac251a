/** How the text of a variable becomes a value; the schema judges the result. */
type Reading = "text" | "integer" | "boolean" | "reference";

/** One setting that the environment may override. */
export interface EnvironmentSetting {
  readonly variable: string;
  readonly path: readonly string[];
  readonly reading: Reading;
}

/** Printed in docs/config.md. A `reference` is put into the configuration as `{"$env": variable}`. */
export const environmentSettings: readonly EnvironmentSetting[] = [
  { variable: "CRYPTLET_FABRIC", path: ["fabric"], reading: "text" },
  { variable: "CRYPTLET_DATA_DIRECTORY", path: ["dataDirectory"], reading: "text" },
  { variable: "CRYPTLET_DATABASE_FILE", path: ["database", "file"], reading: "text" },
  { variable: "CRYPTLET_API_HOST", path: ["api", "host"], reading: "text" },
  { variable: "CRYPTLET_API_PORT", path: ["api", "port"], reading: "integer" },
  { variable: "CRYPTLET_API_TOKEN", path: ["api", "token"], reading: "reference" },
  { variable: "CRYPTLET_LOG_LEVEL", path: ["log", "level"], reading: "text" },
  { variable: "CRYPTLET_PROVIDERS_MODE", path: ["providers", "mode"], reading: "text" },
  {
    variable: "CRYPTLET_PROVIDERS_ALLOW_PRIVATE_ADDRESSES",
    path: ["providers", "allowPrivateAddresses"],
    reading: "boolean",
  },
  {
    variable: "CRYPTLET_ENCLAVE_INSECURE_ALLOW_SIMULATED",
    path: ["enclave", "insecureAllowSimulated"],
    reading: "boolean",
  },
  { variable: "NATS_URL", path: ["bus", "url"], reading: "reference" },
];

/** The driver that a section needs when a variable of the second column is set. */
const DRIVERS: Readonly<Record<string, string>> = { database: "libsql", bus: "nats" };

type Environment = Readonly<Record<string, string | undefined>>;
type JsonObject = { [key: string]: unknown };

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const readVariable = ({ variable, reading }: EnvironmentSetting, value: string): unknown => {
  if (reading === "reference") return { $env: variable };
  if (reading === "integer" && /^-?\d{1,15}$/.test(value)) return Number(value);
  if (reading === "boolean" && (value === "true" || value === "false")) return value === "true";
  return value;
};

/** The settings whose variables are set; an empty variable counts as not set. */
export const settingsInForce = (env: Environment): readonly EnvironmentSetting[] =>
  environmentSettings.filter(({ variable }) => (env[variable] ?? "") !== "");

/** A copy of `raw` with the environment on top. What is no object is left for the schema to refuse. */
export const applyEnvironment = (raw: unknown, env: Environment): unknown => {
  if (!isObject(raw)) return raw;
  const result: JsonObject = { ...raw };
  for (const setting of settingsInForce(env)) {
    const [section, field] = setting.path;
    const value = readVariable(setting, env[setting.variable] ?? "");
    if (section === undefined) continue;
    if (field === undefined) {
      result[section] = value;
      continue;
    }
    result[section] = withField(section, result[section], field, value);
  }
  return result;
};

const withField = (section: string, given: unknown, field: string, value: unknown): unknown => {
  if (given !== undefined && !isObject(given)) return given;
  const driver = DRIVERS[section];
  // NATS_URL turns a memory bus into a NATS bus; fields of a NATS bus in the file stay.
  const kept = driver !== undefined && given?.["driver"] !== driver ? {} : given;
  return { ...kept, ...(driver === undefined ? {} : { driver }), [field]: value };
};
