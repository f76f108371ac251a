import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { Secret } from "./secret.ts";

/** Largest secret that is read, in bytes; a NATS credentials file has about 1,000. */
const MAX_SECRET_BYTES = 65_536;

/** Where a secret stands. The configuration itself never holds one. */
export type SecretReference = { readonly $env: string } | { readonly $file: string };

/** Reads a reference; the message of what it throws is shown to the user and never holds the value. */
export type SecretReader = (reference: SecretReference) => Secret;

/** The shapes alone; `secretSchema` also resolves them. */
export const secretReferenceShapes = [
  z.strictObject({
    $env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/)
      .describe("name of an environment variable"),
  }),
  z.strictObject({
    $file: z
      .string()
      .min(1)
      .max(4_096)
      .describe("path of a file, relative to the configuration file"),
  }),
] as const;

/** A reference in, a `Secret` out. */
export const secretSchema = (read: SecretReader) =>
  z
    .union(secretReferenceShapes, {
      error: 'expected {"$env": "NAME"} or {"$file": "path"}; a secret never stands here itself',
    })
    .transform((reference, context) => resolveSecret(read, reference, context));

/** For a zod transform: a secret that cannot be read is one more fault of the configuration. */
export const resolveSecret = (
  read: SecretReader,
  reference: SecretReference,
  context: z.RefinementCtx,
): Secret => {
  try {
    return read(reference);
  } catch (error) {
    context.addIssue({
      code: "custom",
      message: error instanceof Error ? error.message : "unreadable",
    });
    return z.NEVER;
  }
};

/** Reads secrets from `env` and from files relative to `base`; one line end after the value is cut off. */
export const createSecretReader =
  (env: Readonly<Record<string, string | undefined>>, base: string): SecretReader =>
  (reference) => {
    const [value, from] =
      "$env" in reference
        ? [env[reference.$env], `environment variable ${reference.$env}`]
        : [readSecretFile(path.resolve(base, reference.$file)), `file ${reference.$file}`];
    if (value === undefined) throw new Error(`${from} is not set`);
    if (value === "") throw new Error(`${from} is empty`);
    return new Secret(value);
  };

const readSecretFile = (file: string): string => {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats?.isFile()) throw new Error(`there is no file ${file}`);
  if (stats.size > MAX_SECRET_BYTES) throw new Error(`${file} is above ${MAX_SECRET_BYTES} bytes`);
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new Error(`${file} cannot be read`, { cause: error });
  }
};
