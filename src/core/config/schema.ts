import path from "node:path";
import { z } from "zod";
import {
  addressSchema,
  chainNameSchema,
  cryptletIdSchema,
  fabricIdSchema,
  feedIdSchema,
} from "../ids.ts";
import { HOST_LIMITS, rangeSchema } from "../limits.ts";
import { budgetSchema, chainSchema } from "./chain-settings.ts";
import { batchSchema, bindingFormSchema } from "./batch-settings.ts";
import { brokerSchema, cryptletSecretSchema } from "./broker-settings.ts";
import { busSchema } from "./bus-settings.ts";
import { endpointSchema } from "./endpoint.ts";
import { packagesSchema, releaseNameSchema } from "./package-settings.ts";
import { feedQuorumSchema, quorumSchema } from "./quorum-settings.ts";
import { registrySchema } from "./registry-settings.ts";
import { Secret } from "./secret.ts";
import { secretSchema, type SecretReader } from "./secret-reference.ts";
import { requestSchema, webhookSchema } from "./webhook-settings.ts";

/** What the schema needs from outside: where relative paths start and how secrets are read. */
export interface ConfigContext {
  readonly base: string;
  readonly readSecret: SecretReader;
}

const DAY = 86_400_000;
const duration = (max: number) => z.int().min(1).max(max);
const port = z.int().min(0).max(65_535);

/** The whole configuration of a host. Every setting's text here is what docs/config.md prints. */
export const createConfigSchema = ({ base, readSecret }: ConfigContext) => {
  const file = z
    .string()
    .min(1)
    .max(4_096)
    .transform((text) => path.resolve(base, text));
  const secret = secretSchema(readSecret);
  const endpoint = (protocols: readonly string[]) => endpointSchema(readSecret, protocols);

  const limits = z.strictObject({
    memoryMb: rangeSchema(HOST_LIMITS.memoryMb).describe("memory of one guest, in MiB"),
    runMs: rangeSchema(HOST_LIMITS.runMs).describe("longest run, host calls included"),
    hostCalls: rangeSchema(HOST_LIMITS.hostCalls).describe("host calls of one run"),
  });

  const chain = chainSchema(readSecret, file);

  const feed = z
    .strictObject({
      id: feedIdSchema.describe("name of the feed in this fabric"),
      cryptlet: cryptletIdSchema.describe("id of a Cryptlet above"),
      feed: z.string().min(1).max(64).describe("name of the feed inside the Cryptlet"),
      parameters: z
        .json()
        .default(null)
        .describe("given to the Cryptlet; part of the feed's on-chain hash"),
      intervalMs: duration(DAY).describe("between two looks at the sources"),
      heartbeatMs: duration(30 * DAY).describe(
        "longest silence: a round is published at least this often, where sources have said something later (docs/host.md)",
      ),
      deviationPpm: z
        .int()
        .min(1)
        .max(1_000_000)
        .nullable()
        .default(null)
        .describe(
          "a change of this many parts per million publishes at once; null: heartbeat alone",
        ),
      validForMs: duration(60 * DAY)
        .optional()
        .describe("how long a value may be used; default: twice the heartbeat"),
      quorum: feedQuorumSchema
        .nullable()
        .default(null)
        .describe("hosts that sign its rounds together, docs/quorum.md; null: this one alone"),
    })
    .transform((given) => ({ ...given, validForMs: given.validForMs ?? 2 * given.heartbeatMs }));

  const cryptlet = z
    .strictObject({
      package: file.optional().describe("folder of a built package; this or release"),
      release: releaseNameSchema
        .optional()
        .describe("name@version of a release that packages below accepts, docs/registry.md"),
      id: cryptletIdSchema
        .optional()
        .describe(
          "must be the id in the package's manifest; default: the folder's name, the release's name",
        ),
      secrets: z
        .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/), cryptletSecretSchema(readSecret))
        .default({})
        .describe("the secrets that its manifest names"),
      configuration: z
        .json()
        .default(null)
        .describe("given to the Cryptlet as it is; its digest is part of the evidence"),
    })
    .transform((given, context) => {
      const { package: folder = null, release = null } = given;
      if ((folder === null) === (release === null)) {
        context.addIssue({ code: "custom", message: "expected either package or release" });
        return z.NEVER;
      }
      const id = cryptletIdSchema.safeParse(
        given.id ?? release?.name ?? path.basename(folder ?? ""),
      );
      const secrets: Record<string, Secret> = {};
      const brokerSecrets: Record<string, string> = {};
      for (const [name, value] of Object.entries(given.secrets))
        if (value instanceof Secret) secrets[name] = value;
        else brokerSecrets[name] = value.broker;
      if (id.success)
        return { ...given, package: folder, release, id: id.data, secrets, brokerSecrets };
      context.addIssue({
        code: "custom",
        path: ["package"],
        message: "the folder's name is no Cryptlet id: give id",
      });
      return z.NEVER;
    });

  return z
    .strictObject({
      fabric: fabricIdSchema
        .prefault("local")
        .describe("part of every feed's on-chain hash: choose it once"),
      dataDirectory: file.prefault(".cryptlet").describe("database, sealed keys, logs of runs"),
      database: z
        .discriminatedUnion("driver", [
          z.strictObject({
            driver: z.literal("libsql"),
            file: file.optional().describe("default: fabric.db in dataDirectory"),
          }),
        ])
        .prefault({ driver: "libsql" }),
      bus: busSchema(readSecret, file).prefault({ driver: "memory" }),
      api: z
        .strictObject({
          host: z.string().min(1).max(255).default("127.0.0.1").describe("address to listen on"),
          port: port.default(8_600).describe("0 takes a free one"),
          token: secret
            .nullable()
            .default(null)
            .describe("bearer token that every request to /v1 must carry"),
          attested: z
            .strictObject({
              host: z.string().min(1).max(255).default("127.0.0.1"),
              port: port.default(8_643).describe("0 takes a free one"),
              renewMinutes: z
                .int()
                .min(1)
                .max(10_080)
                .default(60)
                .describe("how often its key and evidence are made anew"),
            })
            .nullable()
            .default(null)
            .describe(
              "the same API over TLS whose certificate carries evidence of this host, for clients that check before they send; `cryptlet enclave measure --host` prints the measurement that it shows",
            ),
        })
        .prefault({}),
      log: z
        .strictObject({
          level: z
            .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
            .default("info"),
        })
        .prefault({}),
      providers: z
        .strictObject({
          mode: z
            .enum(["auto", "live", "emulated"])
            .default("live")
            .describe("auto: live when the network reaches the sources, else the emulator"),
          emulator: z
            .strictObject({
              address: z.string().min(1).max(255),
              port: port.min(1),
              caFile: file.describe(
                "PEM file of the emulator's authority, trusted for nothing else",
              ),
            })
            .nullable()
            .default(null)
            .describe("a running `cryptlet dev providers`"),
          allowPrivateAddresses: z
            .boolean()
            .default(false)
            .describe("let Cryptlets reach private and loopback addresses"),
        })
        .prefault({}),
      enclave: z
        .strictObject({
          limits: limits.prefault({}).describe("a manifest may ask for less, never for more"),
          evidence: z
            .discriminatedUnion("provider", [
              z.strictObject({
                provider: z.literal("sim"),
                tee: z.enum(["sgx", "tdx"]).default("sgx"),
                layered: z
                  .boolean()
                  .default(false)
                  .describe("quote the host, whose key then vouches for its Cryptlets"),
              }),
              z.strictObject({
                provider: z.literal("configfs-tsm"),
                directory: z.string().min(1).max(1_024).default("/sys/kernel/config/tsm/report"),
              }),
              z.strictObject({
                provider: z.literal("gramine"),
                directory: z.string().min(1).max(1_024).default("/dev/attestation"),
              }),
              z.strictObject({
                provider: z.literal("nitro"),
                socket: z.string().min(1).max(1_024).describe("of a helper that asks /dev/nsm"),
              }),
            ])
            .prefault({ provider: "sim" })
            .describe("where evidence comes from; all but sim were never tried on hardware"),
          wall: z
            .enum(["where-possible", "required", "insecure-none"])
            .default("where-possible")
            .describe(
              "outer wall around packages that do not ship with the fabric; insecure-none: their code shares the enclave's process",
            ),
          insecureAllowSimulated: z
            .boolean()
            .default(false)
            .describe(
              "accept evidence of the simulator, which protects against nobody on this machine",
            ),
        })
        .prefault({}),
      transcripts: z
        .strictObject({
          keep: z
            .enum(["all", "published", "none"])
            .default("published")
            .describe(
              "which runs can be replayed later; published: those that made a round, and those that failed",
            ),
          days: z.int().min(1).max(36_500).default(90).describe("how long they are kept"),
          seal: z
            .enum(["private", "always"])
            .default("private")
            .describe(
              "private: those of runs that used a secret, state, or a record feed are encrypted inside the enclave",
            ),
          auditors: z
            .array(z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex characters"))
            .max(16)
            .default([])
            .describe("X25519 public keys that can open sealed transcripts too"),
        })
        .prefault({}),
      broker: brokerSchema(readSecret, file)
        .nullable()
        .default(null)
        .describe("key broker that keeps Cryptlets' secrets, docs/key-broker.md"),
      quorum: quorumSchema(file)
        .nullable()
        .default(null)
        .describe("the hosts that sign rounds together, docs/quorum.md"),
      webhooks: webhookSchema(file)
        .prefault({})
        .describe("HTTP calls to subscribers, docs/subscriptions.md"),
      requests: requestSchema.prefault({}).describe("runs that are asked for by name of a key"),
      packages: packagesSchema(base).prefault({}).describe("whose packages run, docs/registry.md"),
      registry: registrySchema(file)
        .nullable()
        .default(null)
        .describe("a registry that this host serves at /v1/registry, docs/registry-search.md"),
      cryptlets: z.array(cryptlet).max(1_000).default([]),
      chains: z.array(chain).max(100).default([]),
      chainReads: z
        .array(
          z.strictObject({
            chain: chainNameSchema.describe("name that manifests use"),
            chainId: z.int().min(1).describe("an endpoint of another chain is left out"),
            endpoints: z
              .array(endpoint(["http", "https"]))
              .min(1)
              .max(9)
              .describe("JSON-RPC; several, of which a manifest's quorum must agree"),
          }),
        )
        .max(100)
        .default([])
        .describe("chains that Cryptlets may read; their manifests say what of them"),
      feeds: z.array(feed).max(10_000).default([]),
      batches: z
        .array(batchSchema)
        .max(1_000)
        .default([])
        .describe("many feeds under one signature, docs/batches.md"),
      bindings: z
        .array(
          z.strictObject({
            feed: feedIdSchema.describe("id of a feed or of a batch above"),
            chain: chainNameSchema.describe("name of a chain above"),
            contract: addressSchema.describe(
              "address of the feed's own FeedStore contract, or of the batch's BatchStore",
            ),
            form: bindingFormSchema,
            mode: z
              .enum(["every", "latest"])
              .default("every")
              .describe(
                "every: each round is put on chain, in order; latest: a round that a newer one overtakes before it is signed for is left out",
              ),
            budget: budgetSchema
              .nullable()
              .default(null)
              .describe("what its transactions may cost; null: no bound but the account's balance"),
          }),
        )
        .max(100_000)
        .default([])
        .describe("which feed goes to which chain"),
    })
    .transform((given) => ({
      ...given,
      database: {
        ...given.database,
        file: given.database.file ?? path.join(given.dataDirectory, "fabric.db"),
      },
    }));
};

/** The resolved configuration: no optional fields, absolute paths, secrets read. */
export type FabricConfig = z.output<ReturnType<typeof createConfigSchema>>;
/** The configuration as it is written. */
export type FabricConfigInput = z.input<ReturnType<typeof createConfigSchema>>;
