import { expect, test } from "vitest";
import { cryptletIdSchema, digestSchema } from "../core/ids.ts";
import { formatReplay } from "./replay-text.ts";
import { createStyle } from "./style.ts";

const measurement = digestSchema.parse(`sha256:${"00".repeat(32)}`);
const replayed = (
  determinism: "bit-for-bit" | "host-calls-only",
  statement: "envelope" | null = null,
) =>
  formatReplay(
    {
      same: true,
      determinism,
      run: "4328dda4-cab0-4098-b9a1-e3f583adbed2",
      cryptlet: { id: cryptletIdSchema.parse("teller"), version: "1.0.0", measurement },
      calls: 1,
      transcriptDigest: measurement,
      signedBy: null,
      statement,
      packageFolder: "dist/cryptlets/teller",
      differences: [],
    },
    createStyle(false),
  );

test("bit for bit is said of the lanes alone that are held still", () => {
  expect(replayed("bit-for-bit")).toContain("bit for bit");
  expect(replayed("host-calls-only")).not.toContain("bit for bit");
});

test("of a bare envelope it says that nobody's signature was checked", () => {
  expect(replayed("bit-for-bit", "envelope")).toContain("not checked");
  expect(replayed("bit-for-bit")).not.toContain("signed by");
});
