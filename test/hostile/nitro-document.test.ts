import { decode, encode } from "cborg";
import fc from "fast-check";
import { expect, test } from "vitest";
import { appraise } from "../../src/attestation/appraise.ts";
import { verifyNitroDocument } from "../../src/attestation/nitro/verify-nitro-document.ts";
import { parseStrictCbor } from "../../src/attestation/nitro/strict-cbor.ts";
import { codeOf } from "../support/code-of.ts";
import { createNitroFixture, PROTECTED } from "../support/nitro-fixture.ts";

const fixture = createNitroFixture();
const options = { anchors: [fixture.anchor], at: fixture.at };
const codeOfDocument = (bytes: Uint8Array) => codeOf(() => verifyNitroDocument(bytes, options));
const good = fixture.document();
const join = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))));
/** Head of a byte string of this length with two bytes of length. */
const bytesHead = (length: number) => [0x59, length >> 8, length & 0xff];

test("the document that all of these start from is accepted", () => {
  const { claims, nonce } = verifyNitroDocument(good, options);
  expect(claims).toMatchObject({ tee: "nitro", simulated: true, debug: false });
  expect(claims.reportData).toBe("da".repeat(64));
  expect(nonce).toBe("11".repeat(32));
  expect(codeOfDocument(join([0xd2], good))).toBe("none");
});

test("every byte counts: a flip anywhere is a refusal", () => {
  for (let i = 0; i < good.length; i++) {
    const flipped = good.slice();
    flipped[i] = (flipped[i] ?? 0) ^ 0x01;
    expect([i, codeOfDocument(flipped) === "none"]).toEqual([i, false]);
  }
});

test("every cut and every byte behind is a refusal", () => {
  for (let length = 0; length < good.length; length += 7)
    expect(codeOfDocument(good.slice(0, length))).toBe("EVIDENCE_MALFORMED");
  for (const tail of [[0], [0xf6], [0xff], good])
    expect(codeOfDocument(join(good, tail))).toBe("EVIDENCE_MALFORMED");
});

test("20 kB of nesting, and lengths that the bytes do not back, cost nothing", () => {
  const cases = [
    new Uint8Array(20_480).fill(0x81),
    new Uint8Array(20_480).fill(0xa1),
    new Uint8Array(20_480).fill(0xd2),
    join(new Uint8Array(20_479).fill(0x81), [0x00]),
    join([0x84], new Uint8Array(20_480).fill(0x84)),
    Uint8Array.of(0x9b, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    Uint8Array.of(0x84, 0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    Uint8Array.of(0xbb, 0, 0, 0, 1, 0, 0, 0, 0),
    new Uint8Array(40_000),
  ];
  for (const bytes of cases) expect(codeOfDocument(bytes)).toBe("EVIDENCE_MALFORMED");
  // The same inside of a payload that the right key signed.
  for (const payload of cases.slice(0, -1))
    expect(codeOfDocument(fixture.signed(payload))).toBe("EVIDENCE_MALFORMED");
});

test("one document has one form: other encodings of the same values are refused", () => {
  const [header, , payload, signature] = decode(good, { useMaps: true }) as Uint8Array[];
  if (!header || !payload || !signature) throw new Error("a message has four parts");
  const message = (...parts: readonly (Uint8Array | readonly number[])[]) => join([0x84], ...parts);
  const parts = {
    header: join([0x44], header),
    payload: join(bytesHead(payload.length), payload),
    signature: join([0x58, signature.length], signature),
  };
  const whole = message(parts.header, [0xa0], parts.payload, parts.signature);
  expect([...whole]).toEqual([...good]);
  const tricks: readonly [string, Uint8Array][] = [
    [
      "indefinite array",
      join([0x9f], parts.header, [0xa0], parts.payload, parts.signature, [0xff]),
    ],
    ["indefinite map", message(parts.header, [0xbf, 0xff], parts.payload, parts.signature)],
    [
      "indefinite bytes",
      message(parts.header, [0xa0], [0x5f], parts.payload, [0xff], parts.signature),
    ],
    ["long length", message([0x58, 0x04], header, [0xa0], parts.payload, parts.signature)],
    ["long array head", join([0x98, 0x04], whole.slice(1))],
    ["tag 98", join([0xd8, 0x62], whole)],
    ["tag 18 in two bytes", join([0xd8, 0x12], whole)],
    ["tag 18 twice", join([0xd2, 0xd2], whole)],
    ["tagged payload", message(parts.header, [0xa0], [0xd8, 0x18], parts.payload, parts.signature)],
    ["five parts", join([0x85], whole.slice(1), [0xf6])],
    ["three parts", join([0x83], parts.header, [0xa0], parts.payload)],
    ["payload apart", message(parts.header, [0xa0], [0xf6], parts.signature)],
    [
      "unprotected key id",
      message(parts.header, [0xa1, 0x04, 0x41, 0x00], parts.payload, parts.signature),
    ],
    [
      "unprotected algorithm",
      message(parts.header, [0xa1, 0x01, 0x26], parts.payload, parts.signature),
    ],
    ["empty header", message([0x40], [0xa0], parts.payload, parts.signature)],
    ["signature in DER", message(parts.header, [0xa0], parts.payload, [0x42, 0x30, 0x00])],
  ];
  for (const [name, bytes] of tricks)
    expect([name, codeOfDocument(bytes)]).toEqual([name, "EVIDENCE_MALFORMED"]);
});

test("no message chooses its algorithm, even when its key signed that choice", () => {
  const headers = [
    Uint8Array.of(0xa1, 0x01, 0x26),
    Uint8Array.of(0xa1, 0x01, 0x38, 0x23),
    Uint8Array.of(0xa0),
    join([0xa2, 0x01, 0x38, 0x22, 0x02, 0x81, 0x01]),
    join([0xa2, 0x01, 0x38, 0x22, 0x01, 0x38, 0x22]),
    join([0xa1, 0x18, 0x01, 0x38, 0x22]),
    new Uint8Array(),
  ];
  for (const header of headers)
    expect(codeOfDocument(fixture.signed(fixture.payload(), { header }))).toBe(
      "EVIDENCE_MALFORMED",
    );
  expect(codeOfDocument(fixture.signed(fixture.payload(), { header: PROTECTED }))).toBe("none");
});

test("fields that the right key signed are bounded all the same", () => {
  const zero = new Uint8Array(48);
  const pcrs = (entries: readonly (readonly [unknown, unknown])[]) => new Map(entries);
  const cases: readonly [string, Readonly<Record<string, unknown>>][] = [
    ["unknown field", { extra: 1 }],
    ["no module", { module_id: undefined }],
    ["module that steers a terminal", { module_id: "\u001B[2J" }],
    ["another digest", { digest: "SHA256" }],
    ["no time", { timestamp: 0 }],
    ["a time of text", { timestamp: "1" }],
    ["a time with a fraction", { timestamp: 1.5 }],
    ["a time beyond numbers", { timestamp: 2n ** 64n - 1n }],
    ["no PCRs", { pcrs: new Map() }],
    [
      "no PCR0",
      {
        pcrs: pcrs([
          [1, zero],
          [2, zero],
        ]),
      },
    ],
    [
      "PCRs by text",
      {
        pcrs: pcrs([
          ["0", zero],
          [1, zero],
          [2, zero],
        ]),
      },
    ],
    [
      "PCR 32",
      {
        pcrs: pcrs([
          [0, zero],
          [1, zero],
          [2, zero],
          [32, zero],
        ]),
      },
    ],
    [
      "PCR -1",
      {
        pcrs: pcrs([
          [0, zero],
          [1, zero],
          [2, zero],
          [-1, zero],
        ]),
      },
    ],
    [
      "a short PCR",
      {
        pcrs: pcrs([
          [0, new Uint8Array(32)],
          [1, zero],
          [2, zero],
        ]),
      },
    ],
    ["no chain", { cabundle: [] }],
    ["a chain of text", { cabundle: ["x"] }],
    [
      "a long chain",
      { cabundle: Array.from({ length: 9 }, () => new Uint8Array(fixture.certificate)) },
    ],
    ["no certificate", { certificate: new Uint8Array() }],
    ["a long certificate", { certificate: new Uint8Array(1_025) }],
    ["a long key", { public_key: new Uint8Array(1_025) }],
    ["long user data", { user_data: new Uint8Array(513) }],
    ["a long nonce", { nonce: new Uint8Array(513) }],
    ["a nonce of text", { nonce: "11".repeat(32) }],
  ];
  for (const [name, change] of cases)
    expect([name, codeOfDocument(fixture.document(change))]).toEqual([name, "EVIDENCE_MALFORMED"]);
  for (const missing of ["public_key", "user_data", "nonce"])
    expect(codeOfDocument(fixture.document({ [missing]: undefined }))).toBe("none");
});

test("a key twice is refused wherever it stands", () => {
  const payload = fixture.payload();
  const twice = join([(payload[0] ?? 0) + 1], payload.slice(1), encode("nonce"), [0xf6]);
  expect(codeOfDocument(fixture.signed(twice))).toBe("EVIDENCE_MALFORMED");
});

test("chains that break are refused", () => {
  const { at, anchor, bundle, certificate } = fixture;
  const stranger = createNitroFixture();
  const chain = (...ders: readonly Buffer[]) => ({
    cabundle: ders.map((der) => new Uint8Array(der)),
  });
  const [root, middle] = bundle;
  if (!root || !middle) throw new Error("a chain has two");
  const other = (nitro: typeof fixture) =>
    codeOf(() => verifyNitroDocument(nitro.document(), options));
  expect(codeOfDocument(fixture.document(chain(root)))).toBe("CERTIFICATE_CHAIN_REFUSED");
  expect(codeOfDocument(fixture.document(chain(middle, root)))).toBe("CERTIFICATE_CHAIN_REFUSED");
  expect(codeOfDocument(fixture.document(chain(root, certificate)))).toBe(
    "CERTIFICATE_CHAIN_REFUSED",
  );
  expect(codeOfDocument(fixture.document(chain(...stranger.bundle)))).toBe(
    "CERTIFICATE_ROOT_UNKNOWN",
  );
  expect(other(stranger)).toBe("CERTIFICATE_ROOT_UNKNOWN");
  expect(other(fixture.chain({ intermediateCa: false }))).toBe("CERTIFICATE_CHAIN_REFUSED");
  expect(other(fixture.chain({ leafCa: true }))).toBe("CERTIFICATE_CHAIN_REFUSED");
  // Intel's chains never end in an anchor of AWS.
  const wrongVendor = { anchors: [{ ...anchor, vendor: "intel" as const }], at };
  expect(codeOf(() => verifyNitroDocument(good, wrongVendor))).toBe("CERTIFICATE_ROOT_UNKNOWN");
  const pem = new Uint8Array(
    Buffer.from(`-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}`),
  );
  expect(codeOfDocument(fixture.document({ certificate: pem }))).not.toBe("none");
});

test("times that cannot be are refused", () => {
  const { at } = fixture;
  for (const timestamp of [at + 600_000, at - 2 * 3_600_000, at + 3 * 3_600_000])
    expect(codeOfDocument(fixture.document({ timestamp }))).toBe("EVIDENCE_EXPIRED");
  for (const wrong of [Number.NaN, -1, Number.POSITIVE_INFINITY])
    expect(codeOf(() => verifyNitroDocument(good, { ...options, at: wrong }))).toBe(
      "CERTIFICATE_EXPIRED",
    );
});

test("the twin of a signature is the same evidence", () => {
  const order = BigInt(
    "0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
  );
  const [header, map, payload, signature] = decode(good, { useMaps: true }) as [
    Uint8Array,
    Map<number, unknown>,
    Uint8Array,
    Uint8Array,
  ];
  const s = BigInt(`0x${Buffer.from(signature.slice(48)).toString("hex")}`);
  const twin = Buffer.from((order - s).toString(16).padStart(96, "0"), "hex");
  const other = encode([header, map, payload, join(signature.slice(0, 48), twin)]);
  const ids = [good, other].map((bytes) => verifyNitroDocument(bytes, options).claims.evidenceId);
  expect(ids[0]).toBe(ids[1]);
});

test("zeros match nothing, whoever lists them", () => {
  const zeros = "00".repeat(48);
  const bytes = fixture.document({
    pcrs: new Map([0, 1, 2, 8].map((index) => [index, new Uint8Array(48)])),
  });
  const policies = [[zeros], { pcr0: zeros }, { pcr0: zeros, pcr8: zeros }];
  for (const measurements of policies) {
    const result = appraise(
      { tee: "nitro", bytes },
      {
        policy: {
          id: "zeros",
          allowSimulated: true,
          allowDebug: true,
          tees: ["nitro"],
          anyOf: [{ measurements }],
        },
        anchors: [fixture.anchor],
        collateral: null,
        at: fixture.at,
      },
    );
    expect(result.ok).toBe(false);
    expect(result.claims?.debug).toBe(true);
    expect(result.reasons.map(({ code }) => code)).toContain("MEASUREMENT_REFUSED");
  }
});

test("noise never passes and never throws anything without a code", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(codeOfDocument(bytes)).toBe("EVIDENCE_MALFORMED");
      expect(codeOfDocument(fixture.signed(bytes))).toBe("EVIDENCE_MALFORMED");
      expect(["none", "EVIDENCE_MALFORMED"]).toContain(
        codeOf(() => parseStrictCbor(bytes, "noise")),
      );
    }),
  );
});
