import { z } from "zod";

/** A registry that this host serves. `file` reads a path. */
export const registrySchema = <File extends z.ZodType<string>>(file: File) =>
  z.strictObject({
    folder: file.describe(
      "folder of a registry, which `cryptlet publish --create` makes, or of a copy, which `cryptlet registry sync` keeps",
    ),
    publish: z
      .boolean()
      .default(false)
      .describe(
        "take releases over HTTP: whoever holds a publisher's key may claim a free name; a copy takes none",
      ),
    open: z
      .boolean()
      .default(false)
      .describe("let everybody use it without api.token; feeds and all else still need that"),
    maxReleaseBytes: z
      .int()
      .min(65_536)
      .max(134_217_728)
      .default(8_388_608)
      .describe("bytes of one submission with its files"),
    submissionsPerMinute: z
      .int()
      .min(1)
      .max(10_000)
      .default(30)
      .describe("of one address; a first release is two or three"),
    refreshMs: z
      .int()
      .min(100)
      .max(3_600_000)
      .default(5_000)
      .describe("between two looks at what others wrote into the folder"),
    protectedNames: z
      .array(z.string().min(1).max(64))
      .max(10_000)
      .default([])
      .describe("names that no new one may come near, beside those that many releases made known"),
    allowedNames: z
      .array(z.string().min(1).max(64))
      .max(10_000)
      .default([])
      .describe("names that are taken although they look like another"),
  });
