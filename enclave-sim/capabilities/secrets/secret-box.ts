import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import { hostPatternCovers } from "../../../src/sdk/host-pattern.ts";
import type { SecretManifest } from "../../../src/sdk/manifest.ts";

const TEMPLATE = /\{\{secret:([A-Z][A-Z0-9_]{0,63})\}\}/g;
/** A shorter value is not looked for in answers: it would be found by chance. */
const MIN_ECHO_LENGTH = 8;

/** The secrets of one Cryptlet. Values leave it only inside text for a host that they are bound to. */
export interface SecretBox {
  /** Fills `{{secret:NAME}}`. Throws `HTTP_SECRET_UNKNOWN`, `HTTP_SECRET_NOT_BOUND`. */
  fill(template: string, host: string): string;
  /** True when the text repeats a value. */
  appearsIn(text: string): boolean;
}

/**
 * Throws `HTTP_SECRET_UNKNOWN` when a secret that is not optional has no value.
 * @example
 * ```ts
 * box.fill("Bearer {{secret:HUBSPOT_TOKEN}}", "api.hubapi.com");
 * ```
 */
export const createSecretBox = (
  manifest: readonly SecretManifest[],
  values: Readonly<Record<string, string>>,
): SecretBox => {
  for (const { name, optional } of manifest)
    if (!optional && !Object.hasOwn(values, name))
      throw fabricError("HTTP_SECRET_UNKNOWN", { name });
  const valueOf = (name: string, host: string): string => {
    const entry = manifest.find((secret) => secret.name === name);
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (!entry || value === undefined) throw fabricError("HTTP_SECRET_UNKNOWN", { name });
    if (!entry.hosts.some((pattern) => hostPatternCovers(pattern, host)))
      throw fabricError("HTTP_SECRET_NOT_BOUND", { name, host });
    return value;
  };
  const long = manifest.flatMap(({ name }) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value !== undefined && value.length >= MIN_ECHO_LENGTH ? [value] : [];
  });
  return {
    fill: (template, host) =>
      template.replaceAll(TEMPLATE, (_, name: string) => valueOf(name, host)),
    appearsIn: (text) => long.some((value) => text.includes(value)),
  };
};
