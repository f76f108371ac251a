import { codeFileOf } from "../../enclave-sim/host/code-file.ts";
import type { CryptletPackage } from "../../enclave-sim/host/enclave.ts";
import type { Digest } from "../../src/core/ids.ts";
import { createSigningKey, type SigningKey } from "../../src/crypto/key-record.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { prepareRelease, type PreparedRelease } from "../../src/registry/prepare-release.ts";
import { publishRelease, type Publication } from "../../src/registry/publish-release.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { manifestSchema, type ManifestInput } from "../../src/sdk/manifest.ts";

const encoder = new TextEncoder();

/** A publisher's key that is the same in every run. */
export const publisherKey = (seed: number): SigningKey =>
  createSigningKey("ed25519", new Uint8Array(32).fill(seed));

/** A package whose code nobody loads. */
export const tinyPackage = (
  given: Partial<ManifestInput> = {},
  code = "globalThis.__cryptlet = () => {};",
): CryptletPackage => {
  const manifestBytes = encoder.encode(
    JSON.stringify({
      id: "gold-price",
      version: "1.0.0",
      description: "Gold in US dollars",
      licence: "MIT",
      feeds: [
        {
          id: "xau-usd",
          kind: "decimal",
          description: "One troy ounce",
          decimals: 2,
          unit: "USD per troy ounce",
          minSources: 1,
        },
      ],
      capabilities: { http: { hosts: [{ host: "api.example.com", paths: ["/v1"] }] } },
      ...given,
    }),
  );
  const manifest = manifestSchema.parse(JSON.parse(new TextDecoder().decode(manifestBytes)));
  return { manifest, manifestBytes, bundle: encoder.encode(code) };
};

/** As if it had been measured: one text per package. */
export const tinyMeasurement = ({ bundle, manifestBytes }: CryptletPackage): Digest =>
  digestOf(encoder.encode(`${digestOf(bundle)} ${digestOf(manifestBytes)}`));

/** What `publishRelease` needs for a package. */
export const releaseInput = (cryptlet: CryptletPackage, at = 1_000) => ({
  cryptlet,
  sourceMap: encoder.encode("{}"),
  readme: encoder.encode(`# ${cryptlet.manifest.id}\n`),
  measurement: tinyMeasurement(cryptlet),
  sources: [{ path: "src/main.ts", digest: digestOf(encoder.encode("source")) }],
  tools: { "cryptlet-fabric": "0.0.0" },
  at,
});

/** The statement of a package and its files, by its name of code and with no predecessor. */
export const tinyRelease = (
  cryptlet: CryptletPackage = tinyPackage(),
  previous: Digest | null = null,
): PreparedRelease => prepareRelease({ ...releaseInput(cryptlet), previous });

/** Publish a package as one of the test's publishers. */
export const publishTiny = (
  registry: Registry,
  cryptlet: CryptletPackage,
  options: {
    readonly seed?: number;
    readonly approveCapabilities?: boolean;
    readonly displayName?: string;
    readonly at?: number;
  } = {},
): Promise<Publication> => {
  const { seed = 1, approveCapabilities = false, at = 1_000 } = options;
  const displayName = options.displayName ?? `Publisher ${"ABCDEFGHJK"[seed] ?? seed}`;
  return publishRelease(registry, releaseInput(cryptlet, at), {
    key: publisherKey(seed),
    displayName,
    approveCapabilities,
  });
};

/** Name of a package's code file. */
export const codeNameOf = ({ manifest }: CryptletPackage): string => codeFileOf(manifest).name;
