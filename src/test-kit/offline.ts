import dgram from "node:dgram";
import dns from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { fabricError } from "../core/errors/fabric-error.ts";

// A setup file of vitest: `cryptlet test` uses it, and a vitest.config.ts of one's own may name
// "cryptlet-fabric/test-kit/offline" in `setupFiles`. A test that reaches the network is right today and wrong tomorrow.

/** What was reached for since the last test ended. */
const refused: string[] = [];

/** What was asked to be connected to: node:net hands options on in a list. */
const describePlace = (values: readonly unknown[]): string => {
  const [first, second] = Array.isArray(values[0]) ? (values[0] as unknown[]) : values;
  if (typeof first === "object" && first !== null) {
    const { host = "localhost", port, path } = first as Record<string, unknown>;
    return typeof path === "string" ? path : `${String(host)}:${String(port)}`;
  }
  return typeof first === "string"
    ? first
    : `${typeof second === "string" ? second : "localhost"}:${String(first)}`;
};

const refuse = (place: string): never => {
  refused.push(place);
  throw fabricError("TEST_NETWORK_REFUSED", { place: place.slice(0, 255) });
};

const refuseConnection = (...values: unknown[]): never => refuse(describePlace(values));
const refuseLookup = (...[name]: unknown[]): never => refuse(`the name ${String(name)}`);
const refuseLater = async (...[name]: unknown[]): Promise<never> => refuseLookup(name);

net.Socket.prototype.connect = refuseConnection;
Object.assign(dgram.Socket.prototype, {
  send: () => refuse("a datagram"),
  connect: () => refuse("a datagram"),
});
for (const name of ["lookup", "resolve", "resolve4", "resolve6", "resolveAny"] as const) {
  Object.assign(dns, { [name]: refuseLookup });
  Object.assign(dns.promises, { [name]: refuseLater });
}
syncBuiltinESMExports();

/** What vitest puts there under `globals: true`; the library is not imported, so that it is always the author's copy. */
const { afterEach } = globalThis as { readonly afterEach?: (hook: () => void) => void };
// A test that swallowed the refusal fails all the same.
afterEach?.(() => {
  const places = refused.splice(0);
  if (places.length > 0)
    throw fabricError("TEST_NETWORK_REFUSED", { place: places.join(", ").slice(0, 255) });
});
