import { expect, test } from "vitest";
import type { Transcript } from "../protocol/transcript.ts";
import { holdsPrivateData } from "./transcript-recorder.ts";

const feeds = [
  { id: "price", kind: "decimal" },
  { id: "record", kind: "record" },
] as unknown as Parameters<typeof holdsPrivateData>[1];
const transcript = (feed: string, entries: readonly object[]): Transcript =>
  ({ trigger: { feed }, entries }) as unknown as Transcript;
const http = (secrets: readonly object[] | undefined) => ({
  op: "http.all",
  provenance: [{ secrets }],
});

test.each<[string, boolean, Transcript]>([
  ["a price from open sources", false, transcript("price", [http(undefined), http([])])],
  ["a price read with a secret", true, transcript("price", [http([{ name: "KEY" }])])],
  ["a record", true, transcript("record", [])],
  ["a feed that the manifest does not have", true, transcript("other", [])],
  ["state", true, transcript("price", [{ op: "state.get", provenance: [] }])],
  ["another Cryptlet's word", true, transcript("price", [{ op: "call", provenance: [] }])],
  [
    "time, chance and a chain",
    false,
    transcript("price", [
      { op: "time.now", provenance: [] },
      { op: "random.bytes", provenance: [] },
      { op: "chain.read", provenance: [] },
    ]),
  ],
])("%s is private: %s", (_name, isPrivate, given) => {
  expect(holdsPrivateData(given, feeds)).toBe(isPrivate);
});
