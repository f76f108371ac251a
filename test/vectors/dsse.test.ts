import { createPublicKey, verify as nodeVerify } from "node:crypto";
import { crypto as sigstoreCrypto, dsse as sigstoreDsse } from "@sigstore/core";
import { keccak256, recoverAddress } from "ethers";
import { describe, expect, test } from "vitest";
import { decodeBase64 } from "../../src/crypto/base64.ts";
import { bytesToHex, concatBytes, hexToBytes } from "../../src/crypto/bytes.ts";
import { createKeyRecord, createSigningKey } from "../../src/crypto/key-record.ts";
import { spkiToPem } from "../../src/crypto/pem.ts";
import { suites } from "../../src/crypto/suites.ts";
import { parseEnvelope, payloadBytes, preAuthEncoding } from "../../src/envelope/dsse.ts";
import { signEnvelope } from "../../src/envelope/dsse-sign.ts";
import { verifyEnvelope } from "../../src/envelope/dsse-verify.ts";
import { createKeyRing } from "../../src/envelope/key-ring.ts";
import { OBSERVATION_SOLABI_TYPE, OBSERVATION_TYPE } from "../../src/envelope/observation.ts";
import { signObservation } from "../../src/envelope/signed-observation.ts";
import { createObservation } from "../support/observation-fixture.ts";

const word = (number: bigint) => hexToBytes(number.toString(16).padStart(64, "0"), 32);

describe("the test vector of DSSE 1.0.2 (protocol.md)", () => {
  const TYPE = "http://example.com/HelloWorld";
  const text = `{"payload": "aGVsbG8gd29ybGQ=",
 "payloadType": "http://example.com/HelloWorld",
 "signatures": [{"sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]}`;
  const secret = word(
    97358161215184420915383655311931858321456579547487070936769975997791359926199n,
  );
  const publicKey = concatBytes(
    Uint8Array.of(4),
    word(46950820868899156662930047687818585632848591499744589407958293238635476079160n),
    word(5640078356564379163099075877009565129882514886557779369047442380624545832820n),
  );
  const suite = suites["p256-sha256"];
  const record = createKeyRecord("p256-sha256", publicKey);

  test("its encoding", () => {
    expect(new TextDecoder().decode(preAuthEncoding(TYPE, new TextEncoder().encode("hello world")))).toBe(
      "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    );
  });

  test("its envelope verifies", () => {
    const verified = verifyEnvelope(parseEnvelope(text), {
      ring: createKeyRing([record]),
      threshold: 1,
      payloadType: TYPE,
    });
    expect(new TextDecoder().decode(verified.payload)).toBe("hello world");
    expect(verified.signers).toEqual([record]);
  });

  test("we write the same signature", () => {
    const { signatures, payload } = parseEnvelope(text);
    expect(suite.publicKeyFromSecret(secret)).toEqual(publicKey);
    const message = preAuthEncoding(TYPE, decodeBase64(payload));
    const signature = suite.signer(secret, suite.reference).sign(message);
    expect(Buffer.from(signature).toString("base64")).toBe(signatures[0]?.sig);
  });
});

describe("implementations that are not ours verify our envelopes", () => {
  const json = createSigningKey("ed25519");
  const onchain = createSigningKey("secp256k1-keccak256");
  const signed = signObservation(createObservation(), { json: [json], onchain: [onchain] });
  const { envelope } = signed;
  const payload = Buffer.from(envelope.payload, "base64");
  const signature = Buffer.from(envelope.signatures[0]?.sig ?? "", "base64");
  const pem = spkiToPem(Buffer.from(json.record.publicKey, "base64"));

  test("sigstore: the JSON form with a PEM key, and nothing else", () => {
    const message = sigstoreDsse.preAuthEncoding(envelope.payloadType, payload);
    const key = sigstoreCrypto.createPublicKey(pem);
    expect(envelope.payloadType).toBe(OBSERVATION_TYPE);
    expect(sigstoreCrypto.verify(message, key, signature)).toBe(true);
    message[message.length - 1] = (message.at(-1) ?? 0) ^ 1;
    expect(sigstoreCrypto.verify(message, key, signature)).toBe(false);
  });

  test("sigstore reads the key record's base64 as it stands", () => {
    const key = sigstoreCrypto.createPublicKey(json.record.publicKey);
    const message = sigstoreDsse.preAuthEncoding(envelope.payloadType, payload);
    expect(sigstoreCrypto.verify(message, key, signature)).toBe(true);
  });

  test("node:crypto alone, with the encoding spelled out", () => {
    const message = Buffer.concat([
      Buffer.from(`DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${payload.length} `),
      payload,
    ]);
    expect(nodeVerify(null, message, createPublicKey(pem), signature)).toBe(true);
  });

  test("node:crypto: a P-256 envelope", () => {
    const key = createSigningKey("p256-sha256");
    const other = signEnvelope("application/x-test", payload, [key]);
    const message = sigstoreDsse.preAuthEncoding(other.payloadType, payload);
    const publicKey = createPublicKey(spkiToPem(Buffer.from(key.record.publicKey, "base64")));
    const raw = Buffer.from(other.signatures[0]?.sig ?? "", "base64");
    const options = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
    expect(nodeVerify("sha256", message, options, raw)).toBe(true);
  });

  test("ethers recovers the on-chain form's signer", () => {
    const form = signed.onchain;
    if (!form) throw new Error("a decimal observation has an on-chain form");
    expect(form.payloadType).toBe(OBSERVATION_SOLABI_TYPE);
    const message = sigstoreDsse.preAuthEncoding(form.payloadType, Buffer.from(payloadBytes(form)));
    const raw = bytesToHex(decodeBase64(form.signatures[0]?.sig ?? ""));
    expect(recoverAddress(keccak256(message), `0x${raw}`).toLowerCase()).toBe(onchain.record.address);
  });

  test("sigstore's encoding is ours for any bytes", () => {
    for (const [type, bytes] of [["", []], ["ü/€", [0, 255]], ["a b", Array.from({ length: 300 }, () => 7)]] as const) {
      const data = Buffer.from(bytes);
      expect(Buffer.from(preAuthEncoding(type, data))).toEqual(
        Buffer.from(sigstoreDsse.preAuthEncoding(type, data)),
      );
    }
  });
});
