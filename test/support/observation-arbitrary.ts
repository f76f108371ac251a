import fc from "fast-check";
import type { Observation } from "../../src/envelope/observation.ts";
import { createObservation } from "./observation-fixture.ts";

/** Well-formed text of any script, quotes, escapes and control characters included. */
const text = (maxLength: number) => fc.string({ unit: "grapheme", maxLength: maxLength / 8 });
const time = fc.integer({ min: 0, max: 253_402_300_799_999 });
const hex = (length: number) =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes) => Buffer.from(bytes).toString("hex"));
const digest = hex(32).map((digits) => `sha256:${digits}`);
const slug = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const nullable = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: null });

const decimalText = (decimals: number) =>
  fc
    .tuple(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), fc.nat(decimals))
    .map(([value, scale]) => {
      const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, "0");
      const cut = digits.length - scale;
      const sign = value < 0n ? "-" : "";
      return scale === 0
        ? `${sign}${digits}`
        : `${sign}${digits.slice(0, cut)}.${digits.slice(cut)}`;
    });

const decimalValue = fc.integer({ min: 0, max: 10 }).chain((decimals) =>
  fc.record({
    kind: fc.constant("decimal"),
    text: decimalText(decimals),
    decimals: fc.constant(decimals),
    unit: text(64),
  }),
);

const recordValue = fc.record({
  kind: fc.constant("record"),
  fields: fc.dictionary(
    text(64).filter((key) => key !== "__proto__"),
    fc.record({
      type: fc.constantFrom("string", "decimal", "boolean", "timestamp", "null"),
      value: text(200),
    }),
    { maxKeys: 6, noNullPrototype: true },
  ),
});

const source = fc.record({
  id: text(64),
  mode: nullable(fc.constantFrom("LIVE", "EMULATED")),
  requestDigest: nullable(digest),
  tls: nullable(fc.record({ spkiSha256: hex(32), certificateSha256: hex(32), protocol: text(16) })),
  status: nullable(fc.integer({ min: 100, max: 599 })),
  responseDigest: nullable(digest),
  extracted: nullable(text(200)),
  observedAt: nullable(time),
  outlier: fc.boolean(),
  error: nullable(text(64)),
});

const fields = (value: fc.Arbitrary<unknown>) =>
  fc.record({
    value,
    observedAt: time,
    issuedAt: time,
    validUntil: time,
    market: fc.record({
      status: fc.constantFrom("open", "closed", "unknown"),
      session: nullable(text(64)),
      nextOpen: nullable(time),
    }),
    sources: fc.array(source, { maxLength: 4 }),
    previous: nullable(fc.record({ envelopeDigest: digest })),
  });

const subject = fc.record({
  fabric: slug,
  feed: slug,
  feedHash: hex(32).map((digits) => `0x${digits}`),
  round: fc.integer({ min: 1, max: 0xffff_ffff }),
  epoch: fc.integer({ min: 0, max: 0xffff_ffff }),
});

const observationOf = (value: fc.Arbitrary<unknown>): fc.Arbitrary<Observation> =>
  fc.tuple(fields(value), subject).map(([top, about]) => createObservation(top, about));

/** Any observation that the schema accepts; its statement need not be sensible. */
export const anyObservation = observationOf(fc.oneof(decimalValue, recordValue));
/** Any observation with a decimal value that fits on chain. */
export const decimalObservation = observationOf(decimalValue);
