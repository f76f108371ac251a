// One live request through the http capability, in a process that trusts an authority of its own choice (the variable
// NODE_EXTRA_CA_CERTS is read at start): node live-request.mjs <dist> <host> <port> <path>. Prints the exchange as JSON.
import path from "node:path";
import { pathToFileURL } from "node:url";

const [dist = "", host = "", port = "", target = ""] = process.argv.slice(2);
const module = "enclave-sim/capabilities/http/create-http-capability.js";
const { createHttpCapability } = await import(pathToFileURL(path.join(dist, module)).href);
const capability = createHttpCapability({
  http: {
    hosts: [{ host, port: Number(port), paths: [target.split("?")[0]] }],
    timeoutMs: 5_000,
    maxResponseBytes: 65_536,
    maxRequests: 1,
  },
  secrets: [],
  secretValues: {},
  sources: { mode: "live", allowPrivateAddresses: true },
  resolver: async () => ["127.0.0.1"],
});
const [exchange] = await capability.all(
  [{ id: "source", method: "GET", url: `https://${host}:${port}${target}` }],
  { signal: new AbortController().signal, nextReference: () => 1 },
);
await capability.close();
process.stdout.write(JSON.stringify(exchange));
