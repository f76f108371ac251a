import { lookup } from "node:dns/promises";
import { systemCode } from "../../../src/core/errors/system-code.ts";
import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import { isPublicAddress } from "./public-address.ts";

/** Looks a name up; a port, so that tests can give a name any address. */
export type Resolver = (host: string) => Promise<readonly string[]>;

/** The system's resolver, IPv4 first. */
export const systemResolver: Resolver = async (host) =>
  (await lookup(host, { all: true, order: "ipv4first" })).map(({ address }) => address);

/** Addresses that are tried one after the other. */
const MAX_ADDRESSES = 3;

/**
 * Resolves once; the connection is then made to these addresses and not to the name, so that a second answer of the
 * name server changes nothing. One private address among them refuses the whole answer (DNS rebinding).
 * Throws `HTTP_NAME_UNKNOWN`, `HTTP_PRIVATE_ADDRESS`.
 */
export const resolveHost = async (
  host: string,
  options: { readonly allowPrivateAddresses: boolean; readonly resolver: Resolver },
): Promise<readonly string[]> => {
  let addresses: readonly string[];
  try {
    addresses = await options.resolver(host);
  } catch (cause) {
    throw fabricError(
      "HTTP_NAME_UNKNOWN",
      { host, reason: systemCode(cause) ?? "unknown" },
      { cause },
    );
  }
  if (addresses.length === 0)
    throw fabricError("HTTP_NAME_UNKNOWN", { host, reason: "no address" });
  const bad = options.allowPrivateAddresses
    ? undefined
    : addresses.find((address) => !isPublicAddress(address));
  if (bad !== undefined) throw fabricError("HTTP_PRIVATE_ADDRESS", { host, address: bad });
  return addresses.slice(0, MAX_ADDRESSES);
};
