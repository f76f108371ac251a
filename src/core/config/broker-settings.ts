import { z } from "zod";
import {
  resolveSecret,
  secretReferenceShapes,
  secretSchema,
  type SecretReader,
} from "./secret-reference.ts";

const LOOPBACK = /^(?:127\.0\.0\.1|\[::1\]|localhost)$/;

/** Value of one of a Cryptlet's secrets: at hand, or with the key broker under a name. */
export const cryptletSecretSchema = (read: SecretReader) =>
  z
    .union(
      [
        ...secretReferenceShapes,
        z.strictObject({
          $broker: z
            .string()
            .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, "name of a secret")
            .describe("name of a secret of the key broker, which gives it to the enclave alone"),
        }),
      ],
      {
        error:
          'expected {"$env": "NAME"}, {"$file": "path"} or {"$broker": "name"}; a secret never stands here itself',
      },
    )
    .transform((reference, context) =>
      "$broker" in reference
        ? { broker: reference.$broker }
        : resolveSecret(read, reference, context),
    );

/** The key broker of this host. `file` resolves paths. */
export const brokerSchema = <File extends z.ZodType>(read: SecretReader, file: File) =>
  z.strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .refine((text) => {
        // What is no URL was told already.
        if (!URL.canParse(text)) return true;
        const { protocol, hostname, username } = new URL(text);
        return username === "" && (protocol === "https:" || LOOPBACK.test(hostname));
      }, "https, or http on this machine")
      .describe("where `cryptlet broker start` listens"),
    token: secretSchema(read).describe("bearer token that the broker knows this host by"),
    caFile: file
      .nullable()
      .default(null)
      .describe("PEM file of the authority that the broker's certificate needs"),
  });
