import path from "node:path";
import { z } from "zod";
import { cryptletIdSchema, digestSchema, type CryptletId } from "../ids.ts";

/** A name of a package, or its beginning and a star. */
const NAME_PATTERN = /^(?:[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?|[a-z0-9][a-z0-9-]{0,62}\*|\*)$/;
const CAPABILITY = /^[a-z]+(?: [\x21-\x7e]{1,400}){0,3}$/;
const VERSION = /^\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[0-9A-Za-z.-]{1,40})?$/;
const CHECKPOINT_KEY = /^[A-Za-z0-9._/-]{1,128}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/;

const MINUTE = 60_000;
const DAY = 86_400_000;

/** `name@version`, in its parts. */
export const releaseNameSchema = z
  .string()
  .max(140)
  .transform((text, context): { readonly name: CryptletId; readonly version: string } => {
    const at = text.indexOf("@");
    const name = cryptletIdSchema.safeParse(text.slice(0, Math.max(at, 0)));
    const version = text.slice(at + 1);
    if (name.success && VERSION.test(version)) return { name: name.data, version };
    context.addIssue({
      code: "custom",
      message: "expected name@version, for example gold-price@1.2.0",
    });
    return z.NEVER;
  });

const acceptSchema = z.strictObject({
  names: z
    .string()
    .regex(NAME_PATTERN, "a name, or its beginning and *")
    .describe("name of a package, or its beginning and `*`"),
  publisher: digestSchema.describe(
    "publisher's id, the keyid of its first key; `cryptlet show` prints it",
  ),
  measurements: z
    .array(digestSchema)
    .min(1)
    .max(1_000)
    .nullable()
    .default(null)
    .describe("the only code that may run; null: whatever this publisher signed under these names"),
  minimumSvn: z
    .int()
    .min(0)
    .max(65_535)
    .default(0)
    .describe("least security version in sigstruct.bin; 0 also takes packages without one"),
  capabilities: z
    .array(z.string().regex(CAPABILITY, "a capability as cryptlet show prints it"))
    .max(10_000)
    .default([])
    .describe(
      "what it may touch, line by line as `cryptlet show` prints it; a path covers what lies below it",
    ),
});

/** Which packages a host runs. `file` resolves paths. */
export const packagesSchema = (base: string) =>
  z.strictObject({
    registries: z
      .array(
        z.strictObject({
          source: z
            .string()
            .min(1)
            .max(4_096)
            .refine((text) => !/^https?:/i.test(text) || URL.canParse(text), "a folder or a URL")
            .transform((text) => (/^https?:\/\//i.test(text) ? text : path.resolve(base, text)))
            .describe("folder or URL of a registry or of a mirror of it"),
          key: z
            .string()
            .regex(CHECKPOINT_KEY, "a checkpoint key: name+hash+key")
            .describe(
              "its checkpoint key, `name+hash+key`: what it is known by, wherever it is read",
            ),
        }),
      )
      .max(16)
      .default([])
      .describe("where releases come from"),
    accept: z
      .array(acceptSchema)
      .max(1_000)
      .default([])
      .describe("whose releases this host runs; a release that no rule accepts does not run"),
    folders: z
      .enum(["allow", "refuse"])
      .default("allow")
      .describe(
        "packages from plain folders (`cryptlets[].package`), which nobody's signature stands behind; refuse where every package must be a release",
      ),
    onRevoked: z
      .enum(["stop", "report"])
      .default("stop")
      .describe(
        "what happens to a running release that its publisher revokes: stop signing, or go on and say so",
      ),
    syncIntervalMs: z
      .int()
      .min(1_000)
      .max(DAY)
      .default(5 * MINUTE)
      .describe("between two looks for revocations while the host runs, ms"),
  });
