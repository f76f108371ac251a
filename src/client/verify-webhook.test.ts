import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { stageRound, GOLD } from "../../test/support/subscriber-stage.ts";
import { formatWebhookSecret } from "../crypto/webhook-signature.ts";
import { fabricIdSchema } from "../core/ids.ts";
import { toRoundRow } from "../host/round-view.ts";
import { webhookBody, webhookHeaders, webhookMessageId } from "../host/webhook-message.ts";
import { verifyWebhook } from "./verify-webhook.ts";

const NOW = 1_700_000_100_000;
const KEY = new Uint8Array(32).fill(7);
const OLD = new Uint8Array(32).fill(8);
const secret = formatWebhookSecret(KEY);
const round = stageRound(GOLD, 7, 1_700_000_000_000);
const body = webhookBody(fabricIdSchema.parse("demo"), toRoundRow(round, null));
const id = webhookMessageId("wh_1", GOLD, 7);
const headers = webhookHeaders({ id, body }, [KEY, OLD], NOW);
const codeOf = (work: () => unknown): string => {
  try {
    work();
    return "passed";
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
};

describe("verifyWebhook", () => {
  it("gives the round of a call, negative values too", () => {
    const event = verifyWebhook({ secret, headers, body, now: NOW });
    expect(event).toMatchObject({ id, sentAt: NOW, type: "round.committed", fabric: "demo" });
    expect(event.round).toEqual(round);
    expect(event.round.answer).toBe("-93");
  });

  it("takes what the reference library signs, and the reference library takes ours", () => {
    const text = new TextDecoder().decode(body);
    expect(new Webhook(secret).sign(id, new Date(NOW), text)).toBe(
      headers["webhook-signature"]?.split(" ")[0],
    );
    const now = Date.now();
    const fresh = webhookHeaders({ id, body }, [KEY], now);
    expect(new Webhook(secret).verify(text, { ...fresh })).toEqual(JSON.parse(text));
  });

  it("takes Headers, records in any case, text and bytes, and either secret of a rotation", () => {
    const text = new TextDecoder().decode(body);
    const upper = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
    );
    for (const [given, sent] of [
      [new Headers(headers), text],
      [upper, body],
      [{ ...headers, host: "x", cookie: undefined }, text],
    ] as const)
      expect(verifyWebhook({ secret, headers: given, body: sent, now: NOW }).id).toBe(id);
    const old = formatWebhookSecret(OLD);
    expect(verifyWebhook({ secret: old, headers, body, now: NOW }).id).toBe(id);
    const neither = formatWebhookSecret(new Uint8Array(32));
    expect(verifyWebhook({ secret: [neither, old], headers, body, now: NOW }).id).toBe(id);
  });

  it("refuses every change of the body", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: body.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, change) => {
          const bent = Uint8Array.from(body);
          bent[at] = (bent[at] ?? 0) ^ change;
          expect(codeOf(() => verifyWebhook({ secret, headers, body: bent, now: NOW }))).toBe(
            "WEBHOOK_SIGNATURE_WRONG",
          );
        },
      ),
    );
  });

  it.each([
    ["no id", { "webhook-id": undefined }, "WEBHOOK_HEADERS_MISSING"],
    ["no signature", { "webhook-signature": undefined }, "WEBHOOK_HEADERS_MISSING"],
    ["no timestamp", { "webhook-timestamp": undefined }, "WEBHOOK_HEADERS_MISSING"],
    ["an empty id", { "webhook-id": "" }, "WEBHOOK_HEADERS_MISSING"],
    ["a timestamp of ms with a point", { "webhook-timestamp": "1.7e9" }, "WEBHOOK_HEADERS_MISSING"],
    ["a timestamp in hex", { "webhook-timestamp": "0x10" }, "WEBHOOK_HEADERS_MISSING"],
    ["a negative timestamp", { "webhook-timestamp": "-5" }, "WEBHOOK_HEADERS_MISSING"],
    ["a header that came twice", { "webhook-id": ["a", "b"] }, "WEBHOOK_HEADERS_MISSING"],
    [
      "an endless header",
      { "webhook-signature": "v1,A ".repeat(1_000) },
      "WEBHOOK_HEADERS_MISSING",
    ],
    ["another id", { "webhook-id": "msg_other" }, "WEBHOOK_SIGNATURE_WRONG"],
    ["another time", { "webhook-timestamp": "1700000101" }, "WEBHOOK_SIGNATURE_WRONG"],
    ["a signature of nothing", { "webhook-signature": "v1," }, "WEBHOOK_SIGNATURE_WRONG"],
  ])("refuses %s", (_what, change, code) => {
    const given = { ...headers, ...change };
    expect(codeOf(() => verifyWebhook({ secret, headers: given, body, now: NOW }))).toBe(code);
  });

  it("refuses calls from outside the window on either side, and a window that is no number", () => {
    const at = (now: number, toleranceSeconds?: number) =>
      codeOf(() =>
        verifyWebhook({
          secret,
          headers,
          body,
          now,
          ...(toleranceSeconds === undefined ? {} : { toleranceSeconds }),
        }),
      );
    expect(at(NOW + 300_000)).toBe("passed");
    expect(at(NOW + 300_001)).toBe("WEBHOOK_TIMESTAMP_WRONG");
    expect(at(NOW - 300_001)).toBe("WEBHOOK_TIMESTAMP_WRONG");
    expect(at(NOW + 2_000, 1)).toBe("WEBHOOK_TIMESTAMP_WRONG");
    expect(at(NOW, Number.NaN)).toBe("WEBHOOK_TIMESTAMP_WRONG");
    expect(at(Number.NaN)).toBe("WEBHOOK_TIMESTAMP_WRONG");
  });

  it("says of a wrong signature first, so that the clock tells nobody anything", () => {
    const bent = { ...headers, "webhook-timestamp": "1" };
    expect(codeOf(() => verifyWebhook({ secret, headers: bent, body, now: NOW }))).toBe(
      "WEBHOOK_SIGNATURE_WRONG",
    );
  });

  it.each([
    ["no JSON", "<html>"],
    ["another type", '{"type":"user.created","timestamp":"","data":{}}'],
    [
      "a float for an answer",
      JSON.stringify(JSON.parse(new TextDecoder().decode(body))).replace('"-93"', "-93.5"),
    ],
    ["broken UTF-8", Uint8Array.of(0xff, 0xfe)],
  ])("refuses a signed body with %s", (_what, sent) => {
    const raw = typeof sent === "string" ? new TextEncoder().encode(sent) : sent;
    const signed = webhookHeaders({ id, body: raw }, [KEY], NOW);
    expect(codeOf(() => verifyWebhook({ secret, headers: signed, body: raw, now: NOW }))).toBe(
      "WEBHOOK_BODY_INVALID",
    );
  });

  it("never passes without a secret", () => {
    expect(codeOf(() => verifyWebhook({ secret: [], headers, body, now: NOW }))).toBe(
      "WEBHOOK_SECRET_INVALID",
    );
    expect(codeOf(() => verifyWebhook({ secret: "", headers, body, now: NOW }))).toBe(
      "WEBHOOK_SECRET_INVALID",
    );
  });
});
