import * as z from "zod";
import type { Brand } from "./brand.ts";

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
const slug = <Name extends string>(what: Name) =>
  z
    .string()
    .regex(SLUG, `${what}: lower-case letters, digits and inner hyphens, 1 to 64 characters`)
    .transform((text) => text as Brand<string, Name>);

/** Name of one fabric; part of every on-chain feed hash. */
export type FabricId = Brand<string, "FabricId">;
export const fabricIdSchema = slug("FabricId");

/** Name of a Cryptlet package, for example `gold-price`. */
export type CryptletId = Brand<string, "CryptletId">;
export const cryptletIdSchema = slug("CryptletId");

/** Name of a feed inside a fabric, for example `xau-usd`. */
export type FeedId = Brand<string, "FeedId">;
export const feedIdSchema = slug("FeedId");

/** Name of a configured chain, for example `local`. */
export type ChainName = Brand<string, "ChainName">;
export const chainNameSchema = slug("ChainName");

/** `sha256:` and 64 lower-case hex characters; always over the signed part, never over a blob that holds a signature. */
export type Digest = Brand<string, "Digest">;
export const digestSchema = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, "digest: sha256: and 64 lower-case hex characters")
  .transform((text) => text as Digest);

/** The hex characters of a digest, of whatever algorithm its prefix names. */
export const digestHex = (digest: string): string => digest.slice(digest.indexOf(":") + 1);

/** On-chain name of a feed: `0x` and 64 hex characters, keccak-256 over fabric, Cryptlet and parameters. */
export type FeedHash = Brand<`0x${string}`, "FeedHash">;
export const feedHashSchema = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/, "feed hash: 0x and 64 lower-case hex characters")
  .transform((text) => text as FeedHash);

/** EVM address, lower case. */
export type Address = Brand<`0x${string}`, "Address">;
export const addressSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "address: 0x and 40 hex characters")
  .transform((text) => text.toLowerCase() as Address);

/** Id of one run of a Cryptlet: a UUID. */
export type RunId = Brand<string, "RunId">;
export const runIdSchema = z.uuid().transform((text) => text as RunId);

/** A fresh run id. The Web Crypto global, so that the offline verifier bundles for browsers. */
export const createRunId = (): RunId => globalThis.crypto.randomUUID() as RunId;
