import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Secret } from "./config/secret.ts";
import { fabricError } from "./errors/fabric-error.ts";
import { redact, redactText } from "./redact.ts";

const NATS_SEED = "SUAEL6GG2L2HIF7DUGZJGMRUFKXELGGYFMHF76UO2AYBG3K4YLWR3FKC2Q";
const HEX_32 = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0";
const PEM = `-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIAbcdefghijklmnop\n-----END EC PRIVATE KEY-----`;
const text = (value: unknown) => JSON.stringify(redact(value));

describe("redactText", () => {
  it.each([
    ["NATS seed", `connect with ${NATS_SEED} failed`, NATS_SEED],
    ["NATS seed after an underscore", `seed_${NATS_SEED}`, NATS_SEED],
    ["PEM key", `key:\n${PEM}\nend`, "MHcCAQEEIAbcdefghijklmnop"],
    ["PEM key that was cut off", PEM.slice(0, 50), "MHcCAQEEIA"],
    ["JWT", `got ${JWT}`, JWT],
    ["JWT without signature", `got ${JWT.slice(0, 60)}`, JWT.slice(0, 55)],
    ["URL password", "GET https://user:hunter22@host/x", "hunter22"],
    ["URL with a token as user", "nats://s3cr3ttoken@host:4222", "s3cr3ttoken"],
    ["query token", "GET https://host/x?a=1&access_token=abcd1234&b=2", "abcd1234"],
    ["query key", "https://host/x?apikey=abcd1234", "abcd1234"],
    ["bearer header", "Authorization: Bearer abcdef123456", "abcdef123456"],
    ["basic header", "authorization=Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"],
    ["header in JSON", '{"authorization":"Bearer abcdef123456"}', "abcdef123456"],
    ["bearer alone", "sent bearer abcdef.123456", "abcdef.123456"],
    ["assignment", "client_secret=abcd1234 was refused", "abcd1234"],
    ["JSON pair", '{"refresh_token": "abcd1234"}', "abcd1234"],
    ["private key in words", `invalid private key 0x${HEX_32}`, HEX_32],
  ])("hides a %s", (_, given, secret) => {
    expect(redactText(given)).not.toContain(secret);
  });

  it.each([
    "envelope digest sha256:4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318",
    `transaction 0x${HEX_32} landed`,
    "GET https://api.example/v1/feeds?limit=10&before=7",
    "round 7 of xau-usd at 2650.10 USD per troy ounce",
    "https://host/@user/page",
    "SUMMARY OF RUN",
    "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----",
  ])("leaves %j alone", (given) => {
    expect(redactText(given)).toBe(given);
  });

  it("keeps the rest of a line readable", () => {
    expect(redactText("GET https://u:p@host/x?token=abc&b=2")).toBe(
      "GET https://[redacted]@host/x?token=[redacted]&b=2",
    );
  });

  it("hides a seed wherever it stands, also where a long text is cut", () => {
    fc.assert(
      fc.property(fc.nat(9_000), fc.nat(200), (before, after) => {
        const cut = redactText(`${"a ".repeat(before / 2)} ${NATS_SEED} ${"b ".repeat(after)}`);
        expect(cut).not.toContain(NATS_SEED.slice(0, 20));
      }),
      { numRuns: 300 },
    );
  });

  it("does not take for ever on hostile text", () => {
    for (const part of [
      "a-",
      "-----BEGIN ",
      "http://",
      "?token=",
      "eyJ",
      "secret ",
      "S",
      "authorization:",
    ]) {
      const result = redactText(part.repeat(100_000));
      expect(result.length).toBeLessThan(60_000);
    }
  });

  it("is stable: what is redacted stays as it is", () => {
    fc.assert(
      fc.property(fc.string(), (given) => {
        const once = redactText(`${given} https://u:${NATS_SEED}@h ${given}`);
        expect(redactText(once)).toBe(once);
      }),
    );
  });
});

describe("redact", () => {
  it.each([
    "secret",
    "clientSecret",
    "client_secret",
    "token",
    "accessToken",
    "privateKey",
    "private_key",
    "privateKeyPem",
    "PRIVATE-KEY",
    "password",
    "db_password",
    "Authorization",
    "proxy-authorization",
    "set-cookie",
    "seed",
    "natsSeed",
    "credentials",
    "mnemonic",
    "x-api-key",
    "apiKey",
    "signingKey",
    "secrets",
  ])("hides what stands under %s, at any depth and in any form", (name) => {
    for (const value of ["hidden-value", { inner: "hidden-value" }, ["hidden-value"]])
      expect(text({ a: [{ b: new Map([[name, value]]), c: { [name]: value } }] })).not.toContain(
        "hidden-value",
      );
  });

  it.each(["key", "signer", "account", "walletKey", "pk", "deployerKey"])(
    "takes 32 bytes of hex under %s for a private key",
    (name) => {
      expect(text({ [name]: `0x${HEX_32}` })).not.toContain(HEX_32);
      expect(text({ [name]: HEX_32 })).not.toContain(HEX_32);
    },
  );

  it.each(["hash", "transaction", "digest", "feedHash", "publicKey", "keyid"])(
    "shows 32 bytes of hex under %s",
    (name) => {
      expect(text({ [name]: `0x${HEX_32}` })).toContain(HEX_32);
    },
  );

  it("hides a secret that is a key of an object", () => {
    expect(text({ [NATS_SEED]: 1 })).not.toContain(NATS_SEED);
  });

  it("shows whether a secret is there at all", () => {
    expect(redact({ token: null, password: undefined, secret: false })).toEqual({
      token: null,
      password: undefined,
      secret: false,
    });
  });

  it("shows neither a Secret nor bytes", () => {
    const shown = text({ value: new Secret("hidden-value"), key: Buffer.from("hidden-value") });
    expect(shown).not.toContain("hidden-value");
    expect(shown).toContain("12 bytes");
  });

  it("gives errors with code and the whole chain of causes", () => {
    const root = Object.assign(new Error(`cannot use ${NATS_SEED}`), { code: "ECONNREFUSED" });
    const middle = new Error("query failed", { cause: root });
    const error = fabricError("INTERNAL", { reason: "token=abcd1234" }, { cause: middle });
    expect(redact({ error })).toMatchObject({
      error: {
        name: "FabricError",
        code: "INTERNAL",
        causes: [{ message: "query failed" }, { code: "ECONNREFUSED" }],
      },
    });
    expect(text({ error })).not.toContain(NATS_SEED);
    expect(text({ error })).not.toContain("abcd1234");
  });

  it("gives the errors inside an AggregateError and causes that are no errors", () => {
    const error = new AggregateError([new Error("one"), "two"], "all failed", {
      cause: { password: "hidden-value" },
    });
    const shown = text({ error });
    expect(shown).toContain("one");
    expect(shown).toContain("two");
    expect(shown).not.toContain("hidden-value");
  });

  it("keeps going on cycles, depth, size, strange and throwing objects", () => {
    const cycle: Record<string, unknown> = { list: [] };
    cycle["self"] = cycle;
    const loop = new Error("loop");
    loop.cause = new Error("back", { cause: loop });
    let deep: unknown = "bottom";
    for (let level = 0; level < 10_000; level += 1) deep = { deep };
    const hostile = {
      get boom() {
        throw new Error("hidden-value");
      },
    };
    const shown = redact({
      cycle,
      loop,
      deep,
      hostile,
      big: 10n ** 30n,
      many: Array.from({ length: 10_000 }, (_, index) => index),
      when: new Date(0),
      never: new Date(Number.NaN),
      url: new URL("https://u:p@host/"),
      call: () => 1,
      symbol: Symbol("s"),
      bad: { toJSON: () => JSON.parse("{") as unknown },
      set: new Set(["a"]),
      proto: JSON.parse('{"__proto__": {"polluted": true}}') as unknown,
    });
    const json = JSON.stringify(shown);
    expect(json.length).toBeLessThan(20_000);
    expect(json).toContain("[circular]");
    expect(json).toContain("[deep]");
    expect(json).toContain("9800 more");
    expect(json).toContain("1000000000000000000000000000000");
    expect(json).not.toContain("hidden-value");
    expect("polluted" in {}).toBe(false);
  });

  it("never throws and always gives JSON", () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (value) => {
        expect(() => JSON.stringify(redact(value))).not.toThrow();
      }),
    );
  });
});
