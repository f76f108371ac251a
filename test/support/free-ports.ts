import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** Ports of the loopback interface that nobody listens on now, each another. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const probes = Array.from({ length: count }, () => createServer());
  // All are open at once: a port that was given back may be given out again.
  for (const probe of probes) {
    probe.listen(0, "127.0.0.1");
    await once(probe, "listening");
  }
  const ports = probes.map((probe) => (probe.address() as AddressInfo).port);
  for (const probe of probes) {
    probe.close();
    await once(probe, "close");
  }
  return ports;
};
