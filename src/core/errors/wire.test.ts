import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorCatalogue, type ErrorCode } from "./catalogue.ts";
import { FabricError, fabricError } from "./fabric-error.ts";
import { fromWire, toWire } from "./wire.ts";

const codes = Object.keys(errorCatalogue) as ErrorCode[];
const plainText = fc.stringMatching(/^[a-z0-9 .-]{0,40}$/);
const anyError = fc.constantFrom(...codes).chain((code) => {
  const names = [...errorCatalogue[code].message.matchAll(/\{(\w+)\}/g)].map(
    (match) => match[1] ?? "",
  );
  return fc
    .tuple(...names.map(() => plainText))
    .map(
      (values) =>
        new FabricError(code, Object.fromEntries(names.map((name, i) => [name, values[i] ?? ""]))),
    );
});

describe("toWire and fromWire", () => {
  it("give back the same error, also through JSON and a structured clone", () => {
    fc.assert(
      fc.property(anyError, (error) => {
        const wire = toWire(error);
        for (const carried of [
          wire,
          JSON.parse(JSON.stringify(wire)) as unknown,
          structuredClone(wire),
        ])
          expect(fromWire(carried)).toMatchObject({
            code: error.code,
            message: error.message,
            arguments: error.arguments,
          });
      }),
    );
  });

  it("carry an error out of a thread, where a clone of it would lose class and code", async () => {
    const wire = toWire(fabricError("DECIMAL_INVALID", { text: "x" }));
    const worker = new Worker(
      "require('worker_threads').parentPort.postMessage(require('worker_threads').workerData)",
      {
        eval: true,
        workerData: wire,
      },
    );
    const received: unknown = await new Promise((resolve) => worker.once("message", resolve));
    expect(fromWire(received).code).toBe("DECIMAL_INVALID");
    expect(structuredClone(fabricError("DECIMAL_INVALID", { text: "x" }))).not.toHaveProperty(
      "code",
    );
  });
});

describe("toWire", () => {
  it.each([new Error("boom"), "boom", null, undefined, 7, { code: "INTERNAL" }])(
    "makes INTERNAL of %j",
    (thrown) => {
      expect(toWire(thrown).code).toBe("INTERNAL");
    },
  );

  it("carries neither stack nor cause", () => {
    const error = fabricError("INTERNAL", { reason: "x" }, { cause: new Error("hidden-value") });
    expect(JSON.stringify(toWire(error))).not.toMatch(/hidden-value|\.ts:/);
  });

  it("bounds every text", () => {
    const wire = toWire(fabricError("INTERNAL", { reason: "x".repeat(10_000_000) }));
    expect(JSON.stringify(wire).length).toBeLessThan(10_000);
    expect(fromWire(wire).code).toBe("INTERNAL");
  });

  it("carries no secrets", () => {
    const seed = "SUAEL6GG2L2HIF7DUGZJGMRUFKXELGGYFMHF76UO2AYBG3K4YLWR3FKC2Q";
    const wire = toWire(new Error(`nats://user:hidden-value@host refused ${seed}`));
    expect(JSON.stringify(wire)).not.toMatch(/hidden-value|SUAEL6/);
  });
});

describe("fromWire", () => {
  const good = toWire(fabricError("INTERRUPTED", { what: "run" }));

  it.each([
    null,
    "INTERNAL",
    [],
    {},
    { ...good, code: "NO_SUCH_CODE" },
    { ...good, code: "__proto__" },
    { ...good, code: "toString" },
    { ...good, arguments: { what: 7 } },
    { ...good, extra: 1 },
    { ...good, message: "x".repeat(100_000) },
  ])("makes INTERNAL of %j", (wire) => {
    expect(fromWire(wire).code).toBe("INTERNAL");
  });

  it("takes the message from the catalogue, not from the sender", () => {
    expect(fromWire({ ...good, message: "<script>" }).message).toBe("run was interrupted");
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.anything(), (wire) => {
        expect(fromWire(wire).code).toBe("INTERNAL");
      }),
    );
  });
});
