import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import {
  fitsWebhook,
  formatWebhookSecret,
  parseWebhookSecret,
  signWebhook,
} from "./webhook-signature.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** The example of the specification's libraries. */
const EXAMPLE = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestamp: "1614265330",
  body: bytes('{"test": 2432232314}'),
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const secretBytes = fc.uint8Array({ minLength: 24, maxLength: 64 });
const message = fc.record({
  id: fc.stringMatching(/^msg_[0-9a-z]{1,30}$/),
  timestamp: fc.integer({ min: 1, max: 4_000_000_000 }).map(String),
  body: fc.string({ maxLength: 500 }).map(bytes),
});

describe("signWebhook", () => {
  it("signs as the specification's example", () => {
    const secret = parseWebhookSecret(EXAMPLE.secret);
    expect(signWebhook([secret], EXAMPLE)).toBe(EXAMPLE.signature);
    expect(fitsWebhook([secret], EXAMPLE, EXAMPLE.signature)).toBe(true);
  });

  it("signs as the reference library does, whatever is signed", () => {
    fc.assert(
      fc.property(secretBytes, message, (secret, { id, timestamp, body }) => {
        const theirs = new Webhook(formatWebhookSecret(secret)).sign(
          id,
          new Date(Number(timestamp) * 1_000),
          new TextDecoder().decode(body),
        );
        expect(signWebhook([secret], { id, timestamp, body })).toBe(theirs);
      }),
    );
  });

  it("fits under one of several secrets and signatures, and under no other", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(secretBytes, { minLength: 3, maxLength: 3, selector: String }),
        message,
        ([mine = new Uint8Array(), old = new Uint8Array(), other = new Uint8Array()], sent) => {
          const header = signWebhook([mine, old], sent);
          expect(fitsWebhook([old], sent, header)).toBe(true);
          expect(fitsWebhook([other, mine], sent, header)).toBe(true);
          expect(fitsWebhook([other], sent, header)).toBe(false);
          expect(fitsWebhook([mine], sent, `v2,AAAA v1a,BBBB ${header}`)).toBe(true);
        },
      ),
    );
  });

  it("fits nothing that was changed anywhere", () => {
    const secret = parseWebhookSecret(EXAMPLE.secret);
    const header = EXAMPLE.signature;
    for (const changed of [
      { ...EXAMPLE, id: `${EXAMPLE.id}x` },
      { ...EXAMPLE, timestamp: "1614265331" },
      { ...EXAMPLE, body: bytes('{"test": 2432232315}') },
      { ...EXAMPLE, body: new Uint8Array() },
    ])
      expect(fitsWebhook([secret], changed, header)).toBe(false);
    for (const wrong of [
      "",
      "v1,",
      "v1",
      header.slice(3),
      header.slice(0, -1),
      `v2,${header.slice(3)}`,
    ])
      expect(fitsWebhook([secret], EXAMPLE, wrong)).toBe(false);
    expect(fitsWebhook([], EXAMPLE, header)).toBe(false);
  });

  it("looks at a bounded number of signatures", () => {
    const secret = parseWebhookSecret(EXAMPLE.secret);
    const flood = `${"v1,AAAA ".repeat(16)}${EXAMPLE.signature}`;
    expect(fitsWebhook([secret], EXAMPLE, flood)).toBe(false);
  });
});

describe("parseWebhookSecret", () => {
  it("gives back what was formatted", () => {
    fc.assert(
      fc.property(secretBytes, (secret) => {
        expect(parseWebhookSecret(formatWebhookSecret(secret))).toEqual(secret);
      }),
    );
  });

  it.each([
    "",
    "whsec_",
    "whsec_AAAA",
    EXAMPLE.secret.slice(6),
    `${EXAMPLE.secret}!`,
    `WHSEC_${EXAMPLE.secret.slice(6)}`,
    formatWebhookSecret(new Uint8Array(65)),
  ])("refuses %j and does not repeat it", (text) => {
    expect(() => parseWebhookSecret(text)).toThrow(
      expect.objectContaining({ code: "WEBHOOK_SECRET_INVALID", arguments: {} }),
    );
  });
});
