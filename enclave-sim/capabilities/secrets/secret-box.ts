import { createHmac } from "node:crypto";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import type { Digest } from "../../../src/core/ids.ts";
import { hostPatternCovers } from "../../../src/sdk/host-pattern.ts";
import type { SecretManifest } from "../../../src/sdk/manifest.ts";
import type { SecretUse } from "../capability.ts";
import { secretForms } from "./secret-forms.ts";

const TEMPLATE = /\{\{secret:([A-Z][A-Z0-9_]{0,63})\}\}/g;
/** A shorter value is not looked for in answers: it would be found by chance. */
const MIN_ECHO_LENGTH = 8;

/** The secrets of one Cryptlet. Values leave it only inside text for a host that they are bound to. */
export interface SecretBox {
  /** Fills `{{secret:NAME}}` and notes the names. Throws `HTTP_SECRET_UNKNOWN`, `HTTP_SECRET_NOT_BOUND`. */
  fill(template: string, host: string, used: Set<string>): string;
  /** Notes the names of a template that was filled before. */
  note(template: string, used: Set<string>): void;
  /** True when the text repeats a value, plain or in an encoding that echoes come in. */
  appearsIn(text: string): boolean;
  /** Names with the keyed digests of their values, in the order of the names. */
  usesOf(names: ReadonlySet<string>): readonly SecretUse[];
}

/**
 * `useKey` (32 bytes) keys the digests by which a transcript tells which secret was used: without it nobody can try
 * values. Throws `HTTP_SECRET_UNKNOWN` when a secret that is not optional has no value.
 * @example
 * ```ts
 * box.fill("Bearer {{secret:HUBSPOT_TOKEN}}", "api.hubapi.com", used);
 * ```
 */
export const createSecretBox = (
  manifest: readonly SecretManifest[],
  values: Readonly<Record<string, string>>,
  useKey: Uint8Array,
): SecretBox => {
  const held = new Map<string, { readonly entry: SecretManifest; readonly value: string }>();
  for (const entry of manifest) {
    const value = Object.hasOwn(values, entry.name) ? values[entry.name] : undefined;
    if (value !== undefined) held.set(entry.name, { entry, value });
    else if (!entry.optional) throw fabricError("HTTP_SECRET_UNKNOWN", { name: entry.name });
  }
  const valueOf = (name: string, host: string): string => {
    const known = held.get(name);
    if (!known) throw fabricError("HTTP_SECRET_UNKNOWN", { name });
    if (!known.entry.hosts.some((pattern) => hostPatternCovers(pattern, host)))
      throw fabricError("HTTP_SECRET_NOT_BOUND", { name, host });
    return known.value;
  };
  const forms = [...held.values()]
    .filter(({ value }) => value.length >= MIN_ECHO_LENGTH)
    .flatMap(({ value }) => secretForms(value));
  return {
    fill: (template, host, used) =>
      template.replaceAll(TEMPLATE, (_, name: string) => {
        const value = valueOf(name, host);
        used.add(name);
        return value;
      }),
    note: (template, used) => {
      for (const [, name] of template.matchAll(TEMPLATE))
        if (name !== undefined && held.has(name)) used.add(name);
    },
    appearsIn: (text) => forms.some((form) => text.includes(form)),
    usesOf: (names) =>
      [...names].toSorted().flatMap((name) => {
        const known = held.get(name);
        return known ? [{ name, digest: useDigest(useKey, name, known.value) }] : [];
      }),
  };
};

const useDigest = (key: Uint8Array, name: string, value: string): Digest =>
  `sha256:${createHmac("sha256", key)
    .update(`cryptlet/secret-use/v1\n${name}\n`)
    .update(value)
    .digest("hex")}` as Digest;
