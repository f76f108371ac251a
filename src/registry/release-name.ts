import { z } from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import { cryptletIdSchema, type CryptletId } from "../core/ids.ts";

/** Semantic Versioning 2.0.0 without build metadata: two texts that order alike must not be two releases. */
const VERSION =
  /^(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})(?:-(?:0|[1-9]\d{0,8}|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d{0,8}|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?$/;

export const versionSchema = z
  .string()
  .max(64)
  .regex(VERSION, "a semantic version without build metadata, for example 1.2.0");

/** A release as people write it. */
export interface ReleaseName {
  readonly name: CryptletId;
  readonly version: string;
}

/**
 * `gold-price@1.2.0` as its parts. Throws `RELEASE_NAME_INVALID`.
 * @example
 * ```ts
 * parseReleaseName("gold-price@1.2.0"); // { name: "gold-price", version: "1.2.0" }
 * ```
 */
export const parseReleaseName = (text: string): ReleaseName => {
  const at = text.indexOf("@");
  const name = cryptletIdSchema.safeParse(text.slice(0, at));
  const version = versionSchema.safeParse(text.slice(at + 1));
  if (at < 1 || !name.success || !version.success)
    throw fabricError("RELEASE_NAME_INVALID", { text: text.slice(0, 140) });
  return { name: name.data, version: version.data };
};
