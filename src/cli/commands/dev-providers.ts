import { defineCommand } from "../command.ts";

export const devProviders = defineCommand({
  name: "dev providers",
  group: "Develop",
  summary: "Play the price and CRM services where the network does not reach them",
  description:
    "Serves the real answer shapes of the providers over real TLS under their real host names, on the loopback " +
    "interface, from one seeded price or a recorded series. Everything that a fabric publishes from it is marked " +
    "EMULATED. With --replay it gives the answers of a recording instead, for a Cryptlet of your own. Prints the lines " +
    "for the host's configuration and runs until it is stopped. Without a recording the price can be set, and a provider " +
    "made to fail, through the control address.",
  options: {
    seed: {
      kind: "text",
      value: "TEXT",
      help: "decides the walk of the price",
      default: "cryptlet",
    },
    price: { kind: "text", value: "USD", help: "first price of a troy ounce, decimal text" },
    step: {
      kind: "integer",
      value: "PPM",
      help: "largest change a second in millionths; 0 holds the price still",
      minimum: 0,
      maximum: 100_000,
    },
    series: { kind: "text", value: "FILE", help: "play a Date,Price file instead of the walk" },
    from: { kind: "text", value: "YYYY-MM", help: "first row of the series" },
    replay: {
      kind: "text",
      value: "FILE",
      help: "answer from this recording, or folder of them, and play nothing else",
    },
    port: {
      kind: "integer",
      value: "NUMBER",
      help: "0 takes a free one",
      minimum: 0,
      maximum: 65_535,
      default: 0,
    },
    controlPort: {
      kind: "integer",
      value: "NUMBER",
      help: "0 takes a free one",
      minimum: 0,
      maximum: 65_535,
      default: 0,
    },
    caFile: {
      kind: "text",
      value: "FILE",
      help: "where to write the emulator's authority; default: providers-ca.pem in a new folder",
    },
  },
  examples: [
    {
      command: "cryptlet dev providers --port 8443 --ca-file providers-ca.pem",
      says: "A fixed place, for a configuration file.",
    },
    {
      command: "cryptlet dev providers --series monthly.csv --from 2020-01",
      says: "Recorded prices, one row every five seconds.",
    },
    {
      command: "cryptlet dev providers --replay recordings --port 8443 --ca-file providers-ca.pem",
      says: "The sources of your own Cryptlet, for a host without network.",
    },
  ],
  service: true,
  run: async ({ options, output, signal }) => {
    const { replay } = options;
    if (replay !== undefined) {
      const { serveRecording } = await import("../serve-recording.ts");
      await serveRecording({ ...options, replay, output, signal });
      return undefined;
    }
    const { serveProviders } = await import("../serve-providers.ts");
    await serveProviders({ ...options, output, signal });
    return undefined;
  },
});
