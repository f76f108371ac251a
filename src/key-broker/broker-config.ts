import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import {
  createSecretReader,
  secretReferenceShapes,
  secretSchema,
  type SecretReference,
} from "../core/config/secret-reference.ts";
import type { Secret } from "../core/config/secret.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { decodeBase64 } from "../crypto/base64.ts";
import { parseStrictJson } from "../envelope/strict-json.ts";
import { TEE_VENDORS } from "../attestation/trust-anchors.ts";
import { VAULT_KEY_BYTES } from "./seal-secret.ts";
import { hostNameSchema, policyNameSchema } from "./secret-policy.ts";

const MAX_CONFIG_BYTES = 1_048_576;
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);
const port = z.int().min(0).max(65_535);

type Environment = Readonly<Record<string, string | undefined>>;

/** Configuration of a key broker; `base` is where relative paths start. */
export const createBrokerConfigSchema = (env: Environment, base: string) => {
  const file = z
    .string()
    .min(1)
    .max(4_096)
    .transform((text) => path.resolve(base, text));
  const secret = secretSchema(createSecretReader(env, base));
  return z
    .strictObject({
      dataDirectory: file
        .prefault("broker")
        .describe("vault with the sealed secrets and the audit log"),
      key: z
        .union(secretReferenceShapes)
        .describe(
          "32 random bytes in base64 that secrets are sealed under; a file must be its owner's alone",
        ),
      listen: z
        .strictObject({
          host: z.string().min(1).max(255).default("127.0.0.1"),
          port: port.default(8_700).describe("0 takes a free one"),
        })
        .prefault({}),
      tls: z
        .strictObject({
          certificateFile: file.describe("PEM chain of the broker's certificate"),
          key: secret.describe("PEM of its private key"),
        })
        .nullable()
        .default(null)
        .describe("hosts on other machines reach the broker over TLS alone"),
      insecureAllowPlainHttp: z
        .boolean()
        .default(false)
        .describe(
          "listen beyond this machine without TLS: whoever reads along learns the hosts' tokens",
        ),
      hosts: z
        .array(
          z.strictObject({
            name: hostNameSchema.describe("what the secrets' policies call it"),
            token: secret.describe("bearer token of this host, at least 32 characters"),
          }),
        )
        .min(1)
        .max(1_000),
      policies: z
        .record(policyNameSchema, file)
        .describe(
          "appraisal policies by the name that the secrets' policies use; each a JSON file",
        ),
      anchors: z
        .array(
          z.strictObject({
            name: z.string().min(1).max(128),
            vendor: z.enum(TEE_VENDORS),
            certificateFile: file.describe("PEM or DER of the self-signed root"),
            simulated: z.boolean().default(false),
          }),
        )
        .max(64)
        .default([])
        .describe("roots beside the vendors' own, which are always there"),
      insecureAllowSimulated: z
        .boolean()
        .default(false)
        .describe(
          "take simulated anchors: whoever operates such a host can read every secret that it gets",
        ),
      challengeMs: z.int().min(1_000).max(600_000).default(60_000),
      requestsPerMinute: z.int().min(1).max(100_000).default(120).describe("of one address"),
      log: z
        .strictObject({
          level: z
            .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
            .default("info"),
        })
        .prefault({}),
    })
    .superRefine((config, context) => {
      const fault = (at: (string | number)[], message: string) =>
        context.addIssue({ code: "custom", path: at, message });
      const isLocal = LOOPBACK.has(config.listen.host);
      if (!isLocal && config.tls === null && !config.insecureAllowPlainHttp)
        fault(["tls"], "is needed to listen beyond this machine");
      const names = config.hosts.map(({ name }) => name);
      for (const [index, { name, token }] of config.hosts.entries()) {
        if (names.indexOf(name) < index)
          fault(["hosts", index, "name"], `${name} is there already`);
        if (token.reveal().length < 32)
          fault(["hosts", index, "token"], "is shorter than 32 characters");
      }
      for (const [index, { simulated }] of config.anchors.entries())
        if (simulated && !config.insecureAllowSimulated)
          fault(["anchors", index, "simulated"], "needs insecureAllowSimulated");
    });
};
/** The resolved configuration; `key` is still a reference. */
export type BrokerConfig = z.output<ReturnType<typeof createBrokerConfigSchema>>;

/**
 * Read a broker's configuration. Relative paths start at the file.
 * Throws `CONFIG_UNREADABLE`, `CONFIG_INVALID` with every fault.
 */
export const loadBrokerConfig = (file: string, env: Environment): BrokerConfig => {
  const schema = createBrokerConfigSchema(env, path.dirname(path.resolve(file)));
  const parsed = schema.safeParse(readJsonFile(file));
  if (parsed.success) return parsed.data;
  throw fabricError("CONFIG_INVALID", {
    count: parsed.error.issues.length,
    faults: z.prettifyError(parsed.error).slice(0, 8_000),
  });
};

/** Strict JSON of a file of the configuration. Throws `CONFIG_UNREADABLE`. */
export const readJsonFile = (file: string): unknown => {
  try {
    const bytes = readFileSync(file);
    return parseStrictJson(bytes, { limit: MAX_CONFIG_BYTES, what: file });
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown";
    throw fabricError("CONFIG_UNREADABLE", { file, reason }, { cause: error });
  }
};

const invalid = (reason: string) => fabricError("VAULT_KEY_INVALID", { reason });

/** The vault's key. Throws `VAULT_KEY_INVALID`, also for a file that others may read. */
export const readVaultKey = (
  reference: SecretReference,
  options: { readonly env: Environment; readonly base: string },
): Uint8Array => {
  if ("$file" in reference) assertPrivate(path.resolve(options.base, reference.$file));
  let text: Secret;
  try {
    text = createSecretReader(options.env, options.base)(reference);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : "it cannot be read");
  }
  try {
    const key = decodeBase64(text.reveal(), "the key");
    if (key.length === VAULT_KEY_BYTES) return key;
  } catch (error) {
    if (!isFabricError(error)) throw error;
  }
  throw invalid(`it is not ${VAULT_KEY_BYTES} bytes in base64`);
};

const assertPrivate = (file: string): void => {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile()) throw invalid(`there is no file ${file}`);
  // Windows keeps rights elsewhere and shows every file as open to all.
  if (process.platform !== "win32" && (stats.mode & 0o077) !== 0)
    throw invalid(`${file} can be read by others than its owner`);
};
