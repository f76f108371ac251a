import { z } from "zod";
import { cryptletIdSchema, digestSchema } from "../core/ids.ts";
import { CAPABILITY } from "./capability-list.ts";
import { provenanceSchema } from "./provenance.ts";
import { versionSchema } from "./release-name.ts";

/** Payload type of a release's DSSE envelope. */
export const PACKAGE_TYPE = "application/vnd.cryptlet.package.v1+json";
/** Largest statement that is read, in bytes of its payload. */
export const MAX_STATEMENT_BYTES = 262_144;

/** Largest file of a release in bytes, by what it is. */
export const MAX_FILE_BYTES = {
  manifest: 65_536,
  code: 67_108_864,
  sourceMap: 67_108_864,
  sigstruct: 1_808,
  readme: 262_144,
} as const;

const fileSchema = (kind: keyof typeof MAX_FILE_BYTES) =>
  z.strictObject({
    /** Name in the package's folder. */
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "a file name"),
    digest: digestSchema,
    /** Bytes. */
    size: z.int().min(1).max(MAX_FILE_BYTES[kind]),
  });

/** One thing that a package may touch, for example `http api.kraken.com:443/0/public`. One text has one meaning. */
const capabilityTextSchema = z.string().regex(CAPABILITY, "a capability");

/**
 * What a publisher signs of one release. The bytes that are signed are its canonical JSON (RFC 8785).
 * Measurement and capabilities are claims until somebody loads the package: whoever uses it computes both again.
 */
export const packageStatementSchema = z.strictObject({
  name: cryptletIdSchema,
  version: versionSchema,
  /** Of the manifest; for people. */
  description: z.string().min(1).max(500),
  licence: z.string().max(64).nullable(),
  lane: z.enum(["js", "wasm", "evm", "process"]),
  language: z.string().regex(/^[a-z]{1,32}$/),
  feeds: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(64),
        kind: z.enum(["decimal", "record"]),
        description: z.string().min(1).max(500),
      }),
    )
    .min(1)
    .max(64),
  /** Everything that it may touch, sorted, each once. */
  capabilities: z.array(capabilityTextSchema).max(10_000),
  measurement: digestSchema,
  /** What SIGSTRUCT says; null for a package that nobody signed for SGX. */
  signer: z
    .strictObject({
      /** SHA-256 of the RSA key's modulus in hex. */
      mrsigner: z.string().regex(/^[0-9a-f]{64}$/),
      prodId: z.int().min(0).max(65_535),
      svn: z.int().min(0).max(65_535),
    })
    .nullable(),
  files: z.strictObject({
    manifest: fileSchema("manifest"),
    code: fileSchema("code"),
    sourceMap: fileSchema("sourceMap").nullable(),
    sigstruct: fileSchema("sigstruct").nullable(),
    readme: fileSchema("readme").nullable(),
  }),
  /** Digest of the statement of the release that was the name's newest; null for the first. */
  previous: digestSchema.nullable(),
  /** in-toto Statement v1 with SLSA provenance v1. */
  provenance: provenanceSchema,
  /** Publisher's clock, ms since epoch. */
  issuedAt: z.int().min(0),
});

/** @see packageStatementSchema */
export type PackageStatement = z.infer<typeof packageStatementSchema>;
/** One file of a release. */
export type ReleaseFile = PackageStatement["files"]["manifest"];
/** Part that a file plays in a release. */
export type ReleaseFileKind = keyof PackageStatement["files"];

/** Every file of a release with the part that it plays. */
export const filesOf = (
  statement: PackageStatement,
): readonly { readonly kind: ReleaseFileKind; readonly file: ReleaseFile }[] =>
  (Object.keys(statement.files) as ReleaseFileKind[]).flatMap((kind) => {
    const file = statement.files[kind];
    return file ? [{ kind, file }] : [];
  });
