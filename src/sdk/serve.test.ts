import { describe, expect, it } from "vitest";
import { codedErrorSchema, fromWire } from "../core/errors/wire.ts";
import type { HostCall, ObservationDraft, RunOutcome, TriggerInput } from "./abi.ts";
import { defineCryptlet, type Cryptlet } from "./define-cryptlet.ts";
import { guestError } from "./guest-error.ts";
import { noParameters } from "./parameters.ts";
import { serve } from "./serve.ts";

const manifest = {
  id: "probe",
  version: "1.0.0",
  feeds: [{ id: "a", kind: "decimal", decimals: 2, unit: "USD", minSources: 1 }],
};
const draft: ObservationDraft = {
  feed: "a",
  value: { kind: "decimal", text: "1.00", decimals: 2, unit: "USD" },
  observedAt: 1,
  market: { status: "unknown", session: null, nextOpen: null },
  sources: [],
  aggregation: { method: "none", minSources: 1, used: 1, spread: "0" },
};
const trigger: TriggerInput = { id: "t", kind: "manual", feed: "a", parameters: {}, at: 5 };
type Run = Cryptlet["run"];

const handle = async (
  run: Run,
  answer: (call: HostCall) => unknown = () => ({ ok: null }),
  change: Partial<TriggerInput> = {},
): Promise<RunOutcome> => {
  const cryptlet = defineCryptlet({ manifest, feeds: { a: { parameters: noParameters } }, run });
  const handled = serve(cryptlet, (text) => JSON.stringify(answer(JSON.parse(text) as HostCall)));
  return JSON.parse(await handled.handle(JSON.stringify({ ...trigger, ...change }))) as RunOutcome;
};
const codeOf = async (...call: Parameters<typeof handle>): Promise<string> => {
  const outcome = await handle(...call);
  return "error" in outcome ? outcome.error.code : "ok";
};

const never: Run = () => {
  throw new Error("ran");
};

describe("serve", () => {
  it("answers at once when the run does, and with a promise when it does not", async () => {
    const cryptlet = defineCryptlet({
      manifest,
      feeds: { a: { parameters: noParameters } },
      run: () => draft,
    });
    expect(serve(cryptlet).handle(JSON.stringify(trigger))).toBe(
      JSON.stringify({ ok: { observation: draft } }),
    );
    expect(await handle(() => Promise.resolve(draft))).toEqual({ ok: { observation: draft } });
  });

  it("carries an error of the catalogue with its code, thrown or rejected", async () => {
    const error = guestError("TOO_FEW_SOURCES", { used: 1, minSources: 3, failures: "a: b" });
    for (const run of [
      () => {
        throw error;
      },
      () => Promise.reject(error),
    ])
      expect(await handle(run)).toEqual({
        error: {
          code: "TOO_FEW_SOURCES",
          arguments: { used: "1", minSources: "3", failures: "a: b" },
        },
      });
  });

  it.each([
    ["an Error", new TypeError("x is not a function")],
    ["text", "boom"],
    ["nothing", undefined],
    ["an object without text", Object.create(null)],
    ["an error with a foreign code", Object.assign(new Error("x"), { code: "ENOENT" })],
    ["a very long text", new Error("x".repeat(100_000))],
  ])("turns %s into CRYPTLET_FAILED that the host can read", async (_what, thrown: unknown) => {
    const outcome = await handle(() => {
      throw thrown;
    });
    expect("error" in outcome && codedErrorSchema.parse(outcome.error).code).toBe(
      "CRYPTLET_FAILED",
    );
    expect("error" in outcome && fromWire(outcome.error).hint).not.toBe("");
  });

  it("never throws itself, whatever comes in", () => {
    const cryptlet = defineCryptlet({
      manifest,
      feeds: { a: { parameters: noParameters } },
      run: () => draft,
    });
    for (const text of ["", "null", "[]", "{", '{"feed":"__proto__"}', '{"feed":"toString"}'])
      expect(serve(cryptlet).handle(text)).toMatch(/^\{"error":/);
  });

  it("refuses feeds that manifest or code do not have, and bad parameters, before the run", async () => {
    expect(await codeOf(never, undefined, { feed: "b" })).toBe("FEED_NOT_DECLARED");
    expect(await codeOf(never, undefined, { parameters: { x: 1 } })).toBe("PARAMETERS_INVALID");
  });
});

describe("the context", () => {
  it("asks the enclave for time, random bytes, logs and requests", async () => {
    const calls: HostCall[] = [];
    const answers: Partial<Record<HostCall["op"], unknown>> = {
      "time.now": 1_234,
      "random.bytes": "00ff10",
      log: null,
      "http.all": [{ ok: false, id: "x" }],
    };
    await handle(
      (ctx) => {
        expect(ctx.now()).toBe(1_234);
        expect([...ctx.random(3)]).toEqual([0, 255, 16]);
        ctx.log.warn("careful");
        expect(ctx.http.get("https://api.example.com:443/x", { timeoutMs: 9 })).toEqual({
          ok: false,
          id: "x",
        });
        expect([ctx.trigger.at, ctx.feed.id, ctx.parameters]).toEqual([5, "a", {}]);
        return draft;
      },
      (call) => {
        calls.push(call);
        return { ok: answers[call.op] };
      },
    );
    expect(calls).toEqual([
      { op: "time.now" },
      { op: "random.bytes", length: 3 },
      { op: "log", level: "warn", message: "careful" },
      {
        op: "http.all",
        requests: [
          {
            id: "api.example.com",
            method: "GET",
            url: "https://api.example.com:443/x",
            timeoutMs: 9,
          },
        ],
      },
    ]);
  });

  it("throws an error of the enclave under its own code", async () => {
    const refused = {
      error: { code: "HTTP_TOO_MANY_REQUESTS", message: "", hint: "", arguments: { limit: "4" } },
    };
    expect(
      await codeOf(
        (ctx) => void ctx.now() as never,
        () => refused,
      ),
    ).toBe("HTTP_TOO_MANY_REQUESTS");
  });

  it.each([
    [{ ok: "1" }],
    [{ ok: 1.5 }],
    [{}],
    [null],
    [{ error: { code: "NOBODY_KNOWS" } }],
    [{ error: null }],
  ])("refuses the answer %j", async (answer) => {
    const code = await codeOf(
      (ctx) => void ctx.now() as never,
      () => answer,
    );
    expect(code).toBe("HOST_CALL_REFUSED");
  });

  it("refuses a wrong count of answers and of bytes", async () => {
    expect(
      await codeOf(
        (ctx) => void ctx.http.get("https://a.example.com/") as never,
        () => ({ ok: [] }),
      ),
    ).toBe("HOST_CALL_REFUSED");
    expect(
      await codeOf(
        (ctx) => void ctx.random(2) as never,
        () => ({ ok: "0" }),
      ),
    ).toBe("HOST_CALL_REFUSED");
  });

  it("says so when there is no enclave around it", async () => {
    const cryptlet = defineCryptlet({
      manifest,
      feeds: { a: { parameters: noParameters } },
      run: (ctx) => void ctx.now() as never,
    });
    expect(await serve(cryptlet).handle(JSON.stringify(trigger))).toContain("HOST_CALL_REFUSED");
  });
});
