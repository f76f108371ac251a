import { z } from "zod";
import { resolveSecret, secretReferenceShapes, type SecretReader } from "./secret-reference.ts";
import { Secret } from "./secret.ts";

/**
 * A URL, or a reference to one. It is a `Secret` either way, because many endpoints carry a key in their path;
 * plain text with credentials in it is refused.
 */
export const endpointSchema = (read: SecretReader, protocols: readonly string[]) =>
  z
    .union([z.string().min(1).max(2_048), ...secretReferenceShapes], {
      error: 'expected a URL, {"$env": "NAME"} or {"$file": "path"}',
    })
    .transform((given, context) => {
      const plain = typeof given === "string";
      const secret = plain ? new Secret(given) : resolveSecret(read, given, context);
      // Undefined after a fault of the reference, which has been reported.
      if (!(secret instanceof Secret)) return z.NEVER;
      const fault = faultOf(secret.reveal(), protocols, plain);
      if (fault === null) return secret;
      context.addIssue({ code: "custom", message: fault });
      return z.NEVER;
    });

const faultOf = (text: string, protocols: readonly string[], plain: boolean): string | null => {
  for (const part of text.split(",")) {
    const url = URL.canParse(part) ? new URL(part) : null;
    if (!url || !protocols.includes(url.protocol.slice(0, -1)))
      return `expected a URL that begins with ${protocols.map((name) => `${name}://`).join(" or ")}`;
    if (plain && (url.username || url.password))
      return 'a URL with credentials comes by reference: {"$env": "NAME"} or {"$file": "path"}';
  }
  return null;
};
