import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorCatalogue } from "../core/errors/catalogue.ts";
import { fabricError, FabricError } from "../core/errors/fabric-error.ts";
import { guestErrors, type GuestErrorCode } from "../core/errors/guest-errors.ts";
import { fromWire, toWire } from "../core/errors/wire.ts";
import { GuestError, guestError, isGuestError, throwAbiError, toRefusal } from "./guest-error.ts";

const codes = Object.keys(guestErrors) as GuestErrorCode[];
const values = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,12}$/),
  fc.oneof(fc.string({ maxLength: 60 }), fc.integer(), fc.bigInt(), fc.boolean()),
  { noNullPrototype: true },
);

describe("guestError", () => {
  it("holds code, arguments and cause, and no text of the catalogue", () => {
    const cause = new Error("why");
    const error = guestError("SOURCE_SHAPE", { path: "$.a", reason: "missing" }, { cause });
    expect(error).toMatchObject({
      code: "SOURCE_SHAPE",
      arguments: { path: "$.a", reason: "missing" },
      message: "SOURCE_SHAPE path=$.a reason=missing",
      cause,
    });
    expect(error.message).not.toContain(errorCatalogue.SOURCE_SHAPE.message.slice(0, 12));
  });

  it("does not compile without an argument, or with a code that is not a guest's", () => {
    // @ts-expect-error reason is missing
    expect(guestError("SOURCE_SHAPE", { path: "$" }).code).toBe("SOURCE_SHAPE");
    // @ts-expect-error a guest must not speak in the name of the enclave
    expect(guestError("RUN_DEADLINE", { limitMs: 1 }).code).toBe("RUN_DEADLINE");
  });
});

describe("isGuestError", () => {
  it("goes by code and arguments, never by class", () => {
    const foreign = Object.assign(new Error("x"), { code: "PRICE_CROSSED", arguments: {} });
    expect(isGuestError(foreign)).toBe(true);
    expect(isGuestError(foreign, "PRICE_CROSSED")).toBe(true);
    expect(isGuestError(foreign, "SOURCE_SHAPE")).toBe(false);
    expect(isGuestError(fabricError("RUN_STACK", {}))).toBe(true);
  });

  it.each([
    null,
    undefined,
    "PRICE_CROSSED",
    { code: "PRICE_CROSSED", arguments: {} },
    new Error("x"),
    Object.assign(new Error("x"), { code: "ENOENT" }),
    Object.assign(new Error("x"), { code: "PRICE_CROSSED", arguments: null }),
    Object.assign(new Error("x"), { code: "lower", arguments: {} }),
    Object.assign(new Error("x"), { code: 7, arguments: {} }),
  ])("does not take %j for one", (value) => {
    expect(isGuestError(value)).toBe(false);
  });
});

describe("toRefusal", () => {
  it("gives the host what it needs to say the catalogue's message", () => {
    fc.assert(
      fc.property(fc.constantFrom(...codes), values, (code, given) => {
        const texts = Object.fromEntries(
          Object.entries(given).map(([name, value]) => [name, String(value)]),
        );
        const refusal = toRefusal(new GuestError(code, given));
        expect(refusal).toEqual({ code, arguments: texts });
        const shown = fromWire(JSON.parse(JSON.stringify(refusal)));
        const meant = new FabricError(code, texts);
        expect([shown.code, shown.message, shown.hint]).toEqual([code, meant.message, meant.hint]);
      }),
    );
  });

  it("makes CRYPTLET_FAILED of anything else and never throws", () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        expect(toRefusal(thrown).code).toBe("CRYPTLET_FAILED");
      }),
    );
  });

  it("says where a defect was thrown in the guest, and nothing of another engine's files", () => {
    const thrown = (stack: unknown) => Object.assign(new Error("x"), { stack });
    const inGuest =
      "    at a (bundle.js:1:48)\n    at <anonymous> (bundle.js:2:9)\n    at bundle.js:3:1\n";
    expect(toRefusal(thrown(inGuest)).arguments).toEqual({
      reason: "Error: x",
      stack: "bundle.js:1:48 bundle.js:2:9 bundle.js:3:1",
    });
    for (const stack of [
      "at a (file:///home/me/bundle.js:1:48)",
      "at /home/me/bundle.js:1:4",
      7,
      null,
      "",
    ])
      expect(toRefusal(thrown(stack)).arguments).toEqual({ reason: "Error: x" });
    const deep = toRefusal(thrown("    at a (bundle.js:1:48)\n".repeat(5_000)));
    expect(deep.arguments["stack"]?.split(" ")).toHaveLength(8);
    const coded = Object.assign(guestError("SOURCE_STATUS", { status: 502 }), { stack: inGuest });
    expect(toRefusal(coded).arguments).toEqual({ status: "502" });
  });

  it("bounds what a guest can say", () => {
    const long = "x".repeat(1_000_000);
    for (const thrown of [guestError("SOURCE_REPORTED_ERROR", { reason: long }), new Error(long)])
      expect(JSON.stringify(toRefusal(thrown)).length).toBeLessThan(2_200);
  });
});

describe("throwAbiError", () => {
  const caught = (error: unknown): unknown => {
    try {
      return throwAbiError(error);
    } catch (thrown) {
      return thrown;
    }
  };

  it("throws what the enclave said under its own code", () => {
    const wire = toWire(fabricError("HTTP_TIMEOUT", { host: "a.example", timeoutMs: 50 }));
    expect(caught(JSON.parse(JSON.stringify(wire)))).toMatchObject({
      code: "HTTP_TIMEOUT",
      arguments: { host: "a.example", timeoutMs: "50" },
    });
  });

  it.each([null, undefined, 7, "HTTP_TIMEOUT", {}, { code: "HTTP_TIMEOUT" }, { code: "x" }])(
    "refuses %j",
    (error) => {
      expect(caught(error)).toMatchObject({ code: "HOST_CALL_REFUSED" });
    },
  );
});
