import {
  parseManifest,
  SIGSTRUCT_FILE,
  MANIFEST_FILE,
} from "../../enclave-sim/host/read-package.ts";
import { codeFileOf } from "../../enclave-sim/host/code-file.ts";
import type { CryptletPackage } from "../../enclave-sim/host/enclave.ts";
import { readSigstruct } from "../../enclave-sim/platform/sigstruct.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { digestHex, type Digest } from "../core/ids.ts";
import { digestOf } from "../crypto/hashes.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import type { Manifest } from "../sdk/manifest.ts";
import { capabilitiesOf } from "./capability-list.ts";
import { filesOf, type PackageStatement } from "./package-statement.ts";

/** Names of the files that are no code. */
export const README_FILE = "README.md";

/** What a statement repeats of its manifest, so that a search needs no file. */
export const manifestFacts = (
  manifest: Manifest,
): Pick<
  PackageStatement,
  "name" | "version" | "description" | "licence" | "lane" | "language" | "feeds" | "capabilities"
> => ({
  name: manifest.id,
  version: manifest.version,
  description: manifest.description,
  licence: manifest.licence ?? null,
  lane: manifest.lane,
  language: manifest.language,
  feeds: manifest.feeds.map(({ id, kind, description }) => ({ id, kind, description })),
  capabilities: [...capabilitiesOf(manifest)],
});

const wrong = (statement: PackageStatement, reason: string, cause?: unknown) =>
  fabricError(
    "RELEASE_CONTRADICTS",
    { release: `${statement.name}@${statement.version}`, reason },
    { cause },
  );

/** A file's bytes, which are exactly those that the statement names. Throws `BLOB_MISSING`, `BLOB_WRONG`. */
const fileBytes = (
  file: { readonly name: string; readonly digest: Digest; readonly size: number },
  blobs: ReadonlyMap<Digest, Uint8Array>,
): Uint8Array => {
  const bytes = blobs.get(file.digest);
  if (!bytes) throw fabricError("BLOB_MISSING", { file: file.name, digest: file.digest });
  if (bytes.length !== file.size || digestOf(bytes) !== file.digest)
    throw fabricError("BLOB_WRONG", { digest: file.digest });
  return bytes;
};

const checkSigner = (statement: PackageStatement, sigstruct: Uint8Array | null): void => {
  if ((statement.signer === null) !== (sigstruct === null))
    throw wrong(statement, "a signer without sigstruct.bin, or the other way round");
  if (!statement.signer || !sigstruct) return;
  let found: ReturnType<typeof readSigstruct>;
  try {
    found = readSigstruct(sigstruct);
  } catch (error) {
    throw wrong(statement, "its sigstruct.bin does not hold", error);
  }
  const { mrsigner, prodId, svn } = statement.signer;
  if (found.mrsigner !== mrsigner || found.prodId !== prodId || found.svn !== svn)
    throw wrong(statement, "sigstruct.bin names another signer");
  if (found.measurement !== statement.measurement)
    throw wrong(statement, "sigstruct.bin is of another measurement");
};

const checkProvenance = (statement: PackageStatement): void => {
  const { manifest, code } = statement.files;
  const named = new Map(
    statement.provenance.subject.map(({ name, digest }) => [name, digest.sha256]),
  );
  for (const { name, digest } of [manifest, code])
    if (named.get(name) !== digestHex(digest))
      throw wrong(statement, `its provenance is of another ${name}`);
};

/**
 * The package of a release whose statement was verified. Every byte is checked against the statement, and the statement
 * against the manifest; the measurement is checked where the package is loaded.
 * Throws `BLOB_MISSING`, `BLOB_WRONG`, `RELEASE_CONTRADICTS`, `PACKAGE_INVALID`.
 */
export const openRelease = (
  statement: PackageStatement,
  blobs: ReadonlyMap<Digest, Uint8Array>,
): CryptletPackage => {
  const parts = new Map(filesOf(statement).map(({ kind, file }) => [kind, fileBytes(file, blobs)]));
  const manifestBytes = parts.get("manifest") ?? new Uint8Array();
  const bundle = parts.get("code") ?? new Uint8Array();
  const sigstruct = parts.get("sigstruct") ?? null;
  const { files } = statement;
  const manifest = parseManifest(manifestBytes, `${statement.name}@${statement.version}`);
  const facts = manifestFacts(manifest);
  for (const key of Object.keys(facts) as (keyof typeof facts)[])
    if (canonicalJson(facts[key]) !== canonicalJson(statement[key]))
      throw wrong(statement, `its manifest says something else as ${key}`);
  const code = codeFileOf(manifest);
  const names = [
    [files.manifest.name, MANIFEST_FILE],
    [files.code.name, code.name],
    [files.sourceMap?.name ?? `${code.name}.map`, `${code.name}.map`],
    [files.sigstruct?.name ?? SIGSTRUCT_FILE, SIGSTRUCT_FILE],
    [files.readme?.name ?? README_FILE, README_FILE],
  ];
  for (const [name, expected] of names)
    if (name !== expected) throw wrong(statement, `a file is called ${name} and not ${expected}`);
  if (bundle.length > code.maxBytes)
    throw wrong(statement, `its code has more than ${code.maxBytes} bytes`);
  checkProvenance(statement);
  checkSigner(statement, sigstruct);
  return { manifest, manifestBytes, bundle, ...(sigstruct ? { sigstruct } : {}) };
};
