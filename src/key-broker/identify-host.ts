import { createHash, timingSafeEqual } from "node:crypto";
import type { BrokerConfig } from "./broker-config.ts";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Bearer token (RFC 6750) to the host's name; null for a token of nobody. Every host is compared, digests in constant time. */
export const createHostIdentifier = (
  hosts: BrokerConfig["hosts"],
): ((authorization: string | undefined) => string | null) => {
  const known = hosts.map(({ name, token }) => ({ name, expected: digest(token.reveal()) }));
  return (authorization) => {
    const given = digest(/^bearer +([^ ]+) *$/i.exec(authorization ?? "")?.[1] ?? "");
    let found: string | null = null;
    for (const { name, expected } of known) if (timingSafeEqual(given, expected)) found = name;
    return found;
  };
};
