import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** Global unicast (RFC 4291 section 2.4, IANA IPv6 address space registry); all that may carry an IPv4 address lies outside or is named below. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * True for an address of the public internet. Everything else is refused: private, loopback, link-local, carrier NAT,
 * multicast, benchmarking and documentation ranges, and IPv6 forms that carry an IPv4 address (mapped, compatible,
 * 6to4, NAT64, Teredo).
 */
export const isPublicAddress = (address: string): boolean => {
  // Stricter than the parser below, which also reads forms like 127.1.
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast") return false;
  return parsed instanceof ipaddr.IPv6 ? parsed.match(GLOBAL_UNICAST) : true;
};
