import { expect, test } from "vitest";
import { createLog } from "../core/log.ts";
import { warnOfWall } from "./warn-of-wall.ts";

const lines = (...[policy, cryptlets]: [Parameters<typeof warnOfWall>[0], (string | null)[]]) => {
  const written: unknown[] = [];
  const destination = { write: (line: string) => void written.push(JSON.parse(line)) };
  const loaded = cryptlets.map((wallMissing, at) => ({ id: `probe-${at}`, wallMissing }));
  warnOfWall(policy, loaded, createLog({ level: "info", destination }));
  return written;
};

test("a wall that stands, or that nobody needs, is not spoken of", () => {
  expect(lines("where-possible", [null, null])).toEqual([]);
  expect(lines("required", [null])).toEqual([]);
});

test("each package without a wall that was wanted is named with the reason", () => {
  expect(lines("where-possible", [null, "no bwrap"])).toMatchObject([
    { level: "warn", cryptlet: "probe-1", reason: "no bwrap" },
  ]);
});

test("a wall that was switched off is called insecure", () => {
  expect(lines("insecure-none", [null])).toMatchObject([
    { level: "warn", msg: expect.stringContaining("INSECURE") as unknown },
  ]);
});
