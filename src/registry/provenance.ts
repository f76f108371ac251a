import { z } from "zod";

/** in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md). */
export const IN_TOTO_TYPE = "https://in-toto.io/Statement/v1";
/** SLSA provenance v1 (slsa.dev/spec/v1.0/provenance). */
export const SLSA_PREDICATE_TYPE = "https://slsa.dev/provenance/v1";

/** in-toto's digest set: algorithm -> lower-case hex. */
const digestSetSchema = z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** Most source files that a provenance names. */
export const MAX_SOURCES = 2_000;

/**
 * How a release was built, in the field's own form, so that any in-toto tool reads it: the built files as subjects, the
 * sources as resolved dependencies, the builder with its tools' versions.
 */
export const provenanceSchema = z.strictObject({
  _type: z.literal(IN_TOTO_TYPE),
  subject: z
    .array(z.strictObject({ name: z.string().min(1).max(128), digest: digestSetSchema }))
    .min(1)
    .max(8),
  predicateType: z.literal(SLSA_PREDICATE_TYPE),
  predicate: z.strictObject({
    buildDefinition: z.strictObject({
      buildType: z.url().max(256),
      /** What the publisher chose: lane, language, main file. */
      externalParameters: z.record(z.string().max(64), z.string().max(256)),
      /** Source files, `uri` relative to the manifest; empty where a package was published without its sources. */
      resolvedDependencies: z
        .array(z.strictObject({ uri: z.string().min(1).max(512), digest: digestSetSchema }))
        .max(MAX_SOURCES),
    }),
    runDetails: z.strictObject({
      builder: z.strictObject({
        id: z.url().max(256),
        /** Tool -> version. */
        version: z.record(z.string().max(64), z.string().max(128)),
      }),
      metadata: z.strictObject({
        /** RFC 3339. */
        finishedOn: z.iso.datetime(),
      }),
    }),
  }),
});

/** @see provenanceSchema */
export type Provenance = z.infer<typeof provenanceSchema>;
