import { createHash, createHmac, createSign, generateKeyPairSync } from "node:crypto";
import { Wallet, keccak256 as ethersKeccak256, hexlify } from "ethers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesToHex } from "../../../src/crypto/bytes.ts";
import { suites } from "../../../src/crypto/suites.ts";
import type { Json, PureCall } from "../../../src/sdk/abi.ts";
import { answerPure } from "./answer-pure.ts";
import { pureSignatures } from "./pure-signatures.ts";

interface Answer {
  readonly ok?: Json;
  readonly error?: { readonly code: string; readonly arguments: { readonly reason: string } };
}
const ask = (call: PureCall | Readonly<Record<string, unknown>>): Answer => {
  const answer = answerPure(JSON.stringify(call));
  if (!answer) throw new Error("it is not pure");
  return JSON.parse(answer.text) as Answer;
};
const refused = { error: { code: "HOST_CALL_INVALID" } };
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const forms = (bytes: Uint8Array) => [
  { hex: hexOf(bytes) },
  { base64: Buffer.from(bytes).toString("base64") },
];

describe("hashes", () => {
  test("are node:crypto's and ethers', in whatever form the bytes come", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 500 }),
        fc.uint8Array({ maxLength: 80 }),
        (bytes, key) => {
          for (const form of forms(bytes)) {
            expect(ask({ op: "pure.sha256", ...form }).ok).toBe(
              createHash("sha256").update(bytes).digest("hex"),
            );
            expect(ask({ op: "pure.sha512", ...form }).ok).toBe(
              createHash("sha512").update(bytes).digest("hex"),
            );
            expect(ask({ op: "pure.keccak256", ...form }).ok).toBe(
              ethersKeccak256(bytes).slice("0x".length),
            );
            expect(ask({ op: "pure.hmac-sha256", key: hexOf(key), ...form }).ok).toBe(
              createHmac("sha256", key).update(bytes).digest("hex"),
            );
          }
        },
      ),
    );
  });

  test("take text as UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(ask({ op: "pure.sha256", text }).ok).toBe(
          createHash("sha256").update(text, "utf8").digest("hex"),
        );
      }),
    );
  });
});

test("encodings are inverses, and every byte string has one text per form", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const [hex, base64] = forms(bytes);
      expect(ask({ op: "pure.encode", to: "base64", ...hex }).ok).toBe(base64?.base64);
      expect(ask({ op: "pure.encode", to: "hex", ...base64 }).ok).toBe(hex?.hex);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const { ok } = ask({ op: "pure.encode", to: "hex", text });
      expect(ask({ op: "pure.encode", to: "text", hex: ok as string }).ok).toBe(text);
    }),
  );
});

test.each(Object.keys(suites) as (keyof typeof suites)[])(
  "%s: a signature holds for its message alone",
  (name) => {
    const suite = suites[name];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(63), (message, at) => {
        const { publicKey, sign } = suite.signer(suite.generate());
        const signature = sign(message);
        const call = {
          op: "pure.verify",
          suite: name,
          publicKey: bytesToHex(publicKey),
          signature: bytesToHex(signature),
        } as const;
        expect(ask({ ...call, hex: bytesToHex(message) }).ok).toBe(true);
        expect(ask({ ...call, hex: `${bytesToHex(message)}00` }).ok).toBe(false);
        const flipped = Uint8Array.from(signature);
        const place = at % flipped.length;
        flipped[place] = (flipped[place] ?? 0) ^ 1;
        expect(ask({ ...call, signature: bytesToHex(flipped), hex: bytesToHex(message) }).ok).toBe(
          false,
        );
      }),
      { numRuns: 10 },
    );
  },
);

test("what node:crypto signs with P-256 holds when s is low, its twin never", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const point = publicKey.export({ format: "der", type: "spki" }).subarray(-65);
  const order = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const signature = createSign("sha256")
    .update("x")
    .sign({ key: privateKey, dsaEncoding: "ieee-p1363" });
  const s = BigInt(`0x${signature.subarray(32).toString("hex")}`);
  const withS = (value: bigint) =>
    signature.subarray(0, 32).toString("hex") + value.toString(16).padStart(64, "0");
  const call = {
    op: "pure.verify",
    suite: "p256-sha256",
    publicKey: hexOf(point),
    text: "x",
  } as const;
  const low = s > order / 2n ? order - s : s;
  expect(ask({ ...call, signature: withS(low) }).ok).toBe(true);
  expect(ask({ ...call, signature: withS(order - low) }).ok).toBe(false);
});

test("who signed for ethers is recovered, and nobody from noise", () => {
  const wallet = new Wallet(`0x${"03".repeat(32)}`);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (message) => {
      const { serialized } = wallet.signingKey.sign(ethersKeccak256(hexlify(message)));
      const call = { op: "pure.recover", signature: serialized.slice(2), hex: hexOf(message) };
      expect(ask(call).ok).toBe(wallet.address.toLowerCase());
    }),
    { numRuns: 10 },
  );
  expect(ask({ op: "pure.recover", signature: "00".repeat(65), text: "" }).ok).toBeNull();
  expect(ask({ op: "pure.recover", signature: "", text: "" }).ok).toBeNull();
});

test("no key and no signature are false, not a fault", () => {
  const call = { op: "pure.verify", suite: "ed25519", publicKey: "00", signature: "", text: "" };
  expect(ask(call).ok).toBe(false);
  expect(pureSignatures.recover(new Uint8Array(65), new Uint8Array())).toBeNull();
});

test.each([
  ["no bytes", { op: "pure.sha256" }],
  ["bytes twice", { op: "pure.sha256", text: "", hex: "" }],
  ["bytes that are no text", { op: "pure.sha256", text: 1 }],
  ["a null", { op: "pure.sha256", text: null }],
  ["half a surrogate pair", { op: "pure.sha256", text: "a\ud800" }],
  ["capital hex", { op: "pure.sha256", hex: "AB" }],
  ["hex with 0x", { op: "pure.sha256", hex: "0xab" }],
  ["half a byte", { op: "pure.sha256", hex: "abc" }],
  ["base64 without padding", { op: "pure.sha256", base64: "YQ" }],
  ["base64 of the other alphabet", { op: "pure.sha256", base64: "_w==" }],
  ["base64 with stray bits", { op: "pure.sha256", base64: "YR==" }],
  ["a field too many", { op: "pure.sha256", text: "", key: "" }],
  ["a field too few", { op: "pure.hmac-sha256", text: "" }],
  ["an unknown form", { op: "pure.encode", to: "binary", text: "" }],
  ["bytes that are no UTF-8 as text", { op: "pure.encode", to: "text", hex: "ff" }],
  ["an unknown suite", { op: "pure.verify", suite: "rsa", publicKey: "", signature: "", text: "" }],
  [
    "a suite of the prototype",
    { op: "pure.verify", suite: "toString", publicKey: "", signature: "", text: "" },
  ],
  ["an unknown function", { op: "pure.md5", text: "" }],
  ["a function of the prototype", { op: "pure.constructor", text: "" }],
])("%s is refused", (_name, call) => {
  expect(ask(call)).toMatchObject(refused);
});

test("what is not pure is somebody else's, whatever stands in it", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(answerPure(text)).toBeNull();
    }),
  );
  for (const text of [
    '{"op":"time.now"}',
    '{"op":"log","level":"info","message":"\\"pure."}',
    '["pure.sha256"]',
    '"pure.sha256"',
    '{"op":["pure.sha256"]}',
    '{"pure.sha256":1}',
    '{"op":"pure.',
    `{"op":"pure.sha256","text":"${"x".repeat(1_048_576)}"}`,
  ])
    expect(answerPure(text)).toBeNull();
});

test("a call costs at least a tick, and more with its length", () => {
  const cost = (text: string) => answerPure(JSON.stringify({ op: "pure.sha256", text }))?.fuel ?? 0;
  expect(cost("")).toBeGreaterThanOrEqual(1);
  expect(cost("x".repeat(200_000))).toBeGreaterThan(cost("x") + 10);
  expect(answerPure('{"op":"pure.md5"}')?.fuel).toBe(1);
});

test("no answer says where the code lies", () => {
  const texts = [
    '{"op":"pure.sha256","text":"\\ud800"}',
    '{"op":"pure.encode","to":"text","hex":"ff"}',
  ];
  for (const text of texts) expect(answerPure(text)?.text).not.toMatch(/enclave-sim|node:|\/work/);
});
