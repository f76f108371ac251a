import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  MEASURED,
  measureCryptlet,
  type MeasurementLog,
  replayMeasurementLog,
} from "./measurement-log.ts";

const log = (change: Partial<Record<string, string>> = {}): MeasurementLog =>
  MEASURED.map((type) => ({
    type,
    content: change[type] ?? (type === "end-of-launch" ? "" : `{"${type}":1}`),
  }));
const cryptlet = {
  interpreter: '{"interpreter":1}',
  bundle: '{"bundle":1}',
  manifest: '{"manifest":1}',
};

test("the chain is the one that the design names", () => {
  const hash = (...parts: (string | Buffer)[]) => {
    const sha = createHash("sha384");
    for (const part of parts) sha.update(part);
    return sha.digest();
  };
  let register: Buffer = Buffer.alloc(48);
  for (const { type, content } of log())
    register = hash(register, hash(`cryptlet/mr/v1\0${type}\0${content}`));
  expect(replayMeasurementLog(log()).launch).toBe(`sha384:${register.toString("hex")}`);
});

test("the Cryptlet's measurement does not know the platform, and the launch does", () => {
  const here = replayMeasurementLog(log());
  expect(here.measurement).toBe(measureCryptlet(cryptlet));
  for (const type of ["runtime", "host", "sandbox"]) {
    const elsewhere = replayMeasurementLog(log({ [type]: "another" }));
    expect(elsewhere.measurement).toBe(here.measurement);
    expect(elsewhere.launch).not.toBe(here.launch);
  }
});

test("other contents are another measurement, wherever the difference lies", () => {
  const content = fc.record({
    interpreter: fc.string(),
    bundle: fc.string(),
    manifest: fc.string(),
  });
  fc.assert(
    fc.property(content, content, (a, b) => {
      const equal = JSON.stringify(a) === JSON.stringify(b);
      expect(measureCryptlet(a) === measureCryptlet(b)).toBe(equal);
    }),
  );
});

test("an event that is missing, doubled or out of order is refused", () => {
  const events = log();
  const [first, second, ...rest] = events;
  if (!first || !second) throw new Error("a log has seven events");
  for (const wrong of [events.slice(1), [first, first, ...rest], [second, first, ...rest], []])
    expect(() => replayMeasurementLog(wrong)).toThrow(
      expect.objectContaining({ code: "EVIDENCE_INVALID" }),
    );
});
