import { z } from "zod";
import { endpointSchema } from "./endpoint.ts";
import { secretSchema, type SecretReader } from "./secret-reference.ts";

/** Where messages travel. `file` resolves paths. */
export const busSchema = <File extends z.ZodType>(read: SecretReader, file: File) => {
  const secret = secretSchema(read);
  const nats = z
    .strictObject({
      driver: z.literal("nats"),
      url: endpointSchema(read, ["nats", "tls", "ws", "wss"]).describe(
        "server or comma-separated servers; a URL with credentials comes by reference",
      ),
      credentials: secret
        .nullable()
        .default(null)
        .describe("content of a NATS credentials file (JWT and seed)"),
      nkeySeed: secret.nullable().default(null).describe("NKey seed, `SU…`"),
      caFile: file
        .nullable()
        .default(null)
        .describe("PEM file of the authority that the server's certificate needs"),
      clientCertificate: z
        .strictObject({
          certificateFile: file.describe("PEM file"),
          keyFile: file.describe("PEM file that nobody else can read"),
        })
        .nullable()
        .default(null)
        .describe("for servers that know their clients by certificate"),
      replicas: z
        .union([z.literal(1), z.literal(3), z.literal(5)])
        .default(1)
        .describe(
          "copies of each stream in a cluster; a stream that exists keeps its own number, and another one here is refused",
        ),
    })
    .superRefine(({ credentials, nkeySeed }, context) => {
      if (credentials === null || nkeySeed === null) return;
      const message = "give credentials or nkeySeed, not both";
      context.addIssue({ code: "custom", path: ["nkeySeed"], message });
    })
    .describe("NATS JetStream");
  return z.discriminatedUnion("driver", [
    z
      .strictObject({ driver: z.literal("memory") })
      .describe("inside this process, kept in the database"),
    nats,
  ]);
};
