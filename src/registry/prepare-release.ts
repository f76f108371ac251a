import { MANIFEST_FILE, SIGSTRUCT_FILE } from "../../enclave-sim/host/read-package.ts";
import { codeFileOf } from "../../enclave-sim/host/code-file.ts";
import type { CryptletPackage } from "../../enclave-sim/host/enclave.ts";
import { readSigstruct } from "../../enclave-sim/platform/sigstruct.ts";
import { digestHex, type Digest } from "../core/ids.ts";
import { digestOf } from "../crypto/hashes.ts";
import { manifestFacts, README_FILE } from "./open-release.ts";
import type { PackageStatement, ReleaseFile } from "./package-statement.ts";
import { IN_TOTO_TYPE, SLSA_PREDICATE_TYPE, type Provenance } from "./provenance.ts";

/** Who builds: this package, in whatever version `tools` names. */
export const BUILDER_ID = "https://www.npmjs.com/package/cryptlet-fabric";
const BUILD_TYPE = `${BUILDER_ID}#cryptlet-build-v1`;

/** A source file, by its path in the folder of the manifest. */
export interface SourceDigest {
  readonly path: string;
  readonly digest: Digest;
}

/** What a release is made of. */
export interface ReleaseInput {
  readonly cryptlet: CryptletPackage;
  readonly sourceMap: Uint8Array | null;
  readonly readme: Uint8Array | null;
  /** As the simulator measured it. */
  readonly measurement: Digest;
  /** Empty where the package was built elsewhere. */
  readonly sources: readonly SourceDigest[];
  /** Tool -> version. */
  readonly tools: Readonly<Record<string, string>>;
  /** Digest of the name's newest release; null for its first. */
  readonly previous: Digest | null;
  /** ms since epoch. */
  readonly at: number;
}

/** A statement to sign, and the bytes that it names. */
export interface PreparedRelease {
  readonly statement: PackageStatement;
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

const provenanceOf = (input: ReleaseInput, files: readonly ReleaseFile[]): Provenance => {
  const { manifest } = input.cryptlet;
  return {
    _type: IN_TOTO_TYPE,
    subject: files.map(({ name, digest }) => ({ name, digest: { sha256: digestHex(digest) } })),
    predicateType: SLSA_PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          lane: manifest.lane,
          language: manifest.language,
          main: manifest.main,
        },
        resolvedDependencies: input.sources.map(({ path, digest }) => ({
          uri: path,
          digest: { sha256: digestHex(digest) },
        })),
      },
      runDetails: {
        builder: { id: BUILDER_ID, version: { ...input.tools } },
        metadata: { finishedOn: new Date(input.at).toISOString() },
      },
    },
  };
};

/**
 * The statement of a release and its files. Says of the package what `openRelease` will find again.
 * Throws `SIGSTRUCT_INVALID`.
 */
export const prepareRelease = (input: ReleaseInput): PreparedRelease => {
  const { cryptlet, sourceMap, readme, measurement, previous, at } = input;
  const { manifest, manifestBytes, bundle, sigstruct } = cryptlet;
  const blobs = new Map<Digest, Uint8Array>();
  const add = (name: string, bytes: Uint8Array): ReleaseFile => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { name, digest, size: bytes.length };
  };
  // An empty file says nothing and has no place in the statement.
  const maybe = (name: string, bytes: Uint8Array | null | undefined): ReleaseFile | null =>
    bytes && bytes.length > 0 ? add(name, bytes) : null;
  const code = codeFileOf(manifest).name;
  const files = {
    manifest: add(MANIFEST_FILE, manifestBytes),
    code: add(code, bundle),
    sourceMap: maybe(`${code}.map`, sourceMap),
    sigstruct: maybe(SIGSTRUCT_FILE, sigstruct),
    readme: maybe(README_FILE, readme),
  };
  const signed = sigstruct ? readSigstruct(sigstruct) : null;
  return {
    blobs,
    statement: {
      ...manifestFacts(manifest),
      measurement,
      signer: signed ? { mrsigner: signed.mrsigner, prodId: signed.prodId, svn: signed.svn } : null,
      files,
      previous,
      provenance: provenanceOf(input, [files.manifest, files.code]),
      issuedAt: at,
    },
  };
};
