import { defineCommand } from "../command.ts";

export const envelopeShow = defineCommand({
  name: "envelope show",
  group: "Trust",
  summary: "Show what an envelope says and who claims to have signed it",
  description:
    "Takes a bundle file, - for standard input, or the digest of an envelope, which is fetched from --url. " +
    "Shows the statement in full, and SIMULATED where the bundle says so of itself; checks nothing: " +
    "cryptlet envelope verify does.",
  arguments: [{ name: "envelope", help: "Bundle file, -, or sha256:… digest." }],
  options: { out: { kind: "text", value: "FILE", help: "also write the bundle to this new file" } },
  examples: [
    { command: "cryptlet envelope show bundle.json", says: "From a file." },
    {
      command: "cryptlet envelope show sha256:9f2c… --out bundle.json",
      says: "From the fabric at --url, kept in a file for later checks.",
    },
  ],
  exits: { 3: "no such file or envelope", 5: "nothing answers at --url" },
  run: async ({ args, options, global, output, signal }) => {
    const { loadBundle } = await import("../load-bundle.ts");
    const { formatBundle, readStatement, saysSimulated } = await import("../bundle-text.ts");
    const { bundle, text } = await loadBundle(args.envelope, global, signal);
    if (options.out !== undefined) {
      const { writeNewFile } = await import("../write-new-file.ts");
      await writeNewFile(options.out, text);
    }
    const { statement, digest } = readStatement(bundle);
    return {
      data: {
        envelopeDigest: digest,
        verified: false,
        /** What the bundle says of itself; false claims nothing. */
        saysSimulated: saysSimulated(bundle),
        statement,
        bundle,
      },
      text: formatBundle(bundle, output.style),
    };
  },
});
