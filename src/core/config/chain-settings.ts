import { z } from "zod";
import { addressSchema, chainNameSchema } from "../ids.ts";
import { endpointSchema } from "./endpoint.ts";
import { Secret } from "./secret.ts";
import { secretSchema, type SecretReader } from "./secret-reference.ts";

const DAY = 86_400_000;
const LOOPBACK = /^(?:127\.0\.0\.1|\[::1\]|localhost)$/;
const MAX_ENDPOINTS = 9;

/** An amount of wei, or of wei per gas. */
export const weiSchema = z
  .string()
  .regex(/^\d{1,30}$/, "wei: digits in quotes, because JSON numbers are not exact")
  .transform(BigInt);

/** What a binding may spend: `wei` in any `windowMs` that follow each other. */
export const budgetSchema = z.strictObject({
  wei: weiSchema.describe("most that its transactions may cost in any window of this length"),
  windowMs: z
    .int()
    .min(1_000)
    .max(31 * DAY)
    .default(DAY)
    .describe("length of the rolling window"),
});

/** Whoever reads a signing token signs as we do. */
const isGuarded = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || LOOPBACK.test(hostname);
};

const endpointsSchema = (read: SecretReader) => {
  const url = endpointSchema(read, ["http", "https"]);
  return {
    rpcUrl: url
      .optional()
      .describe(
        "JSON-RPC endpoint, where there is one only; one that carries a key comes by reference",
      ),
    endpoints: z
      .array(
        z.strictObject({
          url: url.describe("JSON-RPC; one that carries a key comes by reference"),
          name: z
            .string()
            .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
            .optional()
            .describe("what status, metrics and errors call it; default: rpc-1, rpc-2 and so on"),
        }),
      )
      .min(1)
      .max(MAX_ENDPOINTS)
      .optional()
      .describe("several endpoints, of different operators where possible, instead of rpcUrl"),
    quorum: z
      .int()
      .min(1)
      .max(MAX_ENDPOINTS)
      .optional()
      .describe(
        "endpoints that must agree on what decides; default: more than half; 1: failover only",
      ),
    maxLagBlocks: z
      .int()
      .min(1)
      .max(10_000)
      .default(8)
      .describe("an endpoint that is further behind the others is asked last"),
    timeoutMs: z
      .int()
      .min(100)
      .max(120_000)
      .default(15_000)
      .describe("longest wait for one answer"),
  };
};

const feesSchema = z
  .discriminatedUnion("kind", [
    z
      .strictObject({
        kind: z.literal("market"),
        tipPerGas: weiSchema
          .nullable()
          .default(null)
          .describe("wei; null: what eth_feeHistory shows at tipPercentile"),
        tipPercentile: z
          .int()
          .min(1)
          .max(99)
          .default(50)
          .describe("of what the last 20 blocks' transactions gave"),
        maxTipPerGas: weiSchema
          .nullable()
          .default(null)
          .describe("wei; a history that says more is not believed; null: 10 gwei"),
        baseFeePercent: z
          .int()
          .min(100)
          .max(1_000)
          .default(200)
          .describe("headroom over the next base fee: 200 holds for five full blocks"),
        maxFeePerGas: weiSchema
          .nullable()
          .default(null)
          .describe("wei; never paid more than this, deliveries wait meanwhile; null: 10,000 gwei"),
      })
      .describe("EIP-1559; type 0 at eth_gasPrice where blocks have no base fee"),
    z
      .strictObject({
        kind: z.literal("legacy-market"),
        percent: z.int().min(100).max(1_000).default(110).describe("of eth_gasPrice"),
        maxGasPrice: weiSchema
          .nullable()
          .default(null)
          .describe("wei; never paid more than this; null: 10,000 gwei"),
      })
      .describe("type 0 at the price that the node asks"),
    z
      .strictObject({
        kind: z.literal("legacy"),
        gasPrice: weiSchema.describe('wei; "0" on chains without fees'),
      })
      .describe("type 0 at one price"),
  ])
  .prefault({ kind: "market" })
  .describe("how fees are set");

const finalitySchema = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("instant") }),
    z.strictObject({ kind: z.literal("depth"), depth: z.int().min(1).max(10_000) }),
    z.strictObject({ kind: z.literal("tag"), tag: z.enum(["safe", "finalized"]) }),
  ])
  .prefault({ kind: "depth", depth: 1 })
  .describe("when a delivery counts as landed; a tag that the chain refuses is an error at start");

const signerSchema = <File extends z.ZodType>(read: SecretReader, file: File) => {
  const secret = secretSchema(read);
  return z
    .strictObject({
      privateKey: secret.optional().describe("0x and 64 hex characters"),
      keystore: z
        .strictObject({
          file: file.describe("Web3 Secret Storage v3, as cryptlet key create writes it"),
          password: secret.describe("what the file was sealed under"),
          address: addressSchema
            .nullable()
            .default(null)
            .describe("the account that must be inside; null: whichever is"),
        })
        .optional()
        .describe("encrypted key file"),
      remote: z
        .strictObject({
          url: endpointSchema(read, ["http", "https"]).describe(
            "Web3Signer, or what speaks its eth1 signing API; https but on this machine",
          ),
          address: addressSchema.describe("the account; every signature is checked against it"),
          identifier: z
            .string()
            .regex(/^[A-Za-z0-9._-]{1,256}$/)
            .nullable()
            .default(null)
            .describe("the key's name there; null: the public key of address, which is looked up"),
          token: secret.nullable().default(null).describe("bearer token"),
          caFile: file.nullable().default(null).describe("PEM: authority of its certificate"),
          certificateFile: file.nullable().default(null).describe("PEM: our client certificate"),
          keyFile: file.nullable().default(null).describe("PEM: its private key"),
          timeoutMs: z.int().min(100).max(60_000).default(5_000).describe("longest wait for it"),
        })
        .optional()
        .describe("a service that keeps the key, such as Web3Signer before a KMS or HSM"),
    })
    .transform(({ privateKey, keystore, remote }, context) => {
      const given = [privateKey, keystore, remote].filter((one) => one !== undefined);
      // Undefined after a fault of the reference, which has been reported.
      if (remote?.url instanceof Secret && !isGuarded(remote.url.reveal())) {
        const message = "https, or http on this machine";
        context.addIssue({ code: "custom", path: ["remote", "url"], message });
        return z.NEVER;
      }
      if (remote && (remote.certificateFile === null) !== (remote.keyFile === null)) {
        const message = "a client certificate needs both certificateFile and keyFile";
        context.addIssue({ code: "custom", path: ["remote", "certificateFile"], message });
        return z.NEVER;
      }
      if (given.length === 1) {
        if (privateKey) return { kind: "key" as const, privateKey };
        if (keystore) return { kind: "keystore" as const, ...keystore };
        if (remote) return { kind: "remote" as const, ...remote };
      }
      const message = "give one of privateKey, keystore and remote";
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    })
    .describe("the account that pays: one of the three");
};

/** One chain that deliveries go to. `file` resolves paths. */
export const chainSchema = <File extends z.ZodType>(read: SecretReader, file: File) =>
  z
    .strictObject({
      name: chainNameSchema.describe("name that bindings use"),
      kind: z.literal("evm"),
      ...endpointsSchema(read),
      chainId: z.int().min(1).describe("an endpoint of another chain is refused"),
      finality: finalitySchema,
      fees: feesSchema,
      signer: signerSchema(read, file),
    })
    .transform(({ rpcUrl, endpoints, quorum, ...rest }, context) => {
      const refuse = (path: string, message: string) => {
        context.addIssue({ code: "custom", path: [path], message });
        return z.NEVER;
      };
      if ((rpcUrl === undefined) === (endpoints === undefined))
        return refuse("rpcUrl", "give either rpcUrl or endpoints");
      const list = (endpoints ?? (rpcUrl === undefined ? [] : [{ url: rpcUrl }])).map(
        (endpoint, index) => ({ url: endpoint.url, name: endpoint.name ?? `rpc-${index + 1}` }),
      );
      if (new Set(list.map(({ name }) => name)).size < list.length)
        return refuse("endpoints", "two endpoints have one name");
      if (quorum !== undefined && quorum > list.length)
        return refuse("quorum", `must be at most the number of endpoints (${list.length})`);
      return { ...rest, endpoints: list, quorum: quorum ?? Math.floor(list.length / 2) + 1 };
    });
