import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_PAYLOAD, checkMessage } from "./checks.ts";
import { buryMessage, deadStream, readDeadLetter } from "./dead-letter.ts";
import { matchesSubject } from "./subject.ts";

const config = { name: "FEEDS", subjects: ["a.>"], maxAgeMs: 1_000, duplicateWindowMs: 500 };

describe("dead letters", () => {
  it("bring back the message and its story", () => {
    const messages = fc.record({
      stream: fc.constant("FEEDS"),
      sequence: fc.integer({ min: 1 }),
      subject: fc.constant("a.b"),
      messageId: fc.option(fc.constant("id:1")),
      data: fc.uint8Array({ maxLength: 1_000 }),
      deliveries: fc.integer({ min: 1, max: 100 }),
      redelivered: fc.boolean(),
    });
    fc.assert(
      fc.property(messages, fc.string({ maxLength: 300 }), (message, reason) => {
        const dead = buryMessage(message, "reader", reason, 5);
        checkMessage(dead.subject, dead.data, { messageId: dead.messageId });
        expect(matchesSubject(deadStream(config).subjects[0] ?? "", dead.subject)).toBe(true);
        const letter = readDeadLetter(dead.data);
        expect(letter).toMatchObject({
          stream: "FEEDS",
          consumer: "reader",
          sequence: message.sequence,
          subject: "a.b",
          messageId: message.messageId,
          deliveries: message.deliveries,
          reason: reason.slice(0, 200),
          at: 5,
        });
        expect(letter.bytes).toEqual(message.data);
      }),
    );
  });

  it("of the largest message fit into a server's default of 1 MiB", () => {
    const data = new Uint8Array(MAX_PAYLOAD);
    const base = { stream: "S", sequence: 1, subject: "a", messageId: null, deliveries: 1 };
    const dead = buryMessage({ ...base, data, redelivered: false }, "reader", "x", 1);
    expect(dead.data.byteLength).toBeLessThan(1_048_576);
  });

  it.each(["", "{", "null", "[]", '{"stream":"S"}', "\u0000"])("are not made of %j", (text) => {
    expect(() => readDeadLetter(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: "BUS_DEAD_LETTER_INVALID" }),
    );
  });
});
