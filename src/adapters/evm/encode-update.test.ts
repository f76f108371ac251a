import { AbiCoder, concat, keccak256, recoverAddress, toUtf8Bytes } from "ethers";
import { describe, expect, it } from "vitest";
import type { Digest, FeedHash } from "../../core/ids.ts";
import { addressSchema } from "../../core/ids.ts";
import { bytesToHex, hexToBytes } from "../../crypto/bytes.ts";
import { createSigningKey, type SigningKey } from "../../crypto/key-record.ts";
import { preAuthEncoding } from "../../envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../envelope/observation.ts";
import {
  encodeOnchainObservation,
  type OnchainObservation,
} from "../../envelope/observation-solabi.ts";
import {
  encodeGroupUpdate,
  encodeSubmit,
  encodeUpdate,
  type SignedPayload,
} from "./encode-update.ts";
import { feedAbi } from "./feed-abi.ts";

const observation: OnchainObservation = {
  feedHash: `0x${"ab".repeat(32)}` as FeedHash,
  round: 7,
  value: -265_010_000_000n,
  observedAt: 1_768_492_800,
  validUntil: 1_768_496_400,
  statementDigest: `sha256:${"cd".repeat(32)}` as Digest,
};

const key = (digit: string): SigningKey =>
  createSigningKey("secp256k1-keccak256", hexToBytes(digit.repeat(64)));
const addressOf = ({ record }: SigningKey) => addressSchema.parse(record.address);

const sign = (change: Partial<OnchainObservation>, keys: readonly SigningKey[]): SignedPayload => {
  const payload = encodeOnchainObservation({ ...observation, ...change });
  const message = preAuthEncoding(OBSERVATION_SOLABI_TYPE, payload);
  return { payload, signatures: keys.map((each) => each.sign(message)) };
};

const words = (data: string): readonly string[] => [
  data.slice(0, 10),
  data.slice(10, 74),
  data.slice(74, 138),
  data.slice(138),
];

describe("golden vector", () => {
  it("ethers' ABI coder, DSSE by hand and our encoder agree byte for byte", () => {
    const { signatures, payload } = sign({}, [key("1")]);
    const tuple = AbiCoder.defaultAbiCoder().encode(
      ["bytes32", "uint64", "int256", "uint64", "uint64", "bytes32"],
      [
        observation.feedHash,
        observation.round,
        observation.value,
        observation.observedAt,
        observation.validUntil,
        `0x${"cd".repeat(32)}`,
      ],
    );
    expect(`0x${bytesToHex(payload)}`).toBe(tuple);
    const prefix = "DSSEv1 46 application/vnd.cryptlet.observation.v1+solabi 192 ";
    const digest = keccak256(concat([toUtf8Bytes(prefix), tuple]));
    expect(digest).toBe("0xb223931e0209f4283384b3694e47102a9e389f3669cba2f81ec05ff6fb939e69");
    const [signature] = signatures;
    const signer = recoverAddress(digest, `0x${bytesToHex(signature ?? new Uint8Array())}`);
    expect(signer).toBe("0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A");
  });

  it("packs the report as IFeedStore lays it out", () => {
    const signer = key("1");
    const set = { threshold: 1, notAfter: 1_800_000_000, members: [addressOf(signer)] };
    const message = sign({}, [signer]);
    const [selector, report, digest, tail] = words(encodeUpdate(message, set) ?? "");
    expect(selector).toBe("0x00000074");
    expect(report).toBe(
      [
        "00000007",
        "69690f00",
        "ffffffffffc24c2c4f80",
        "00000e10",
        "00000000",
        "6b49d200",
        "00",
        "00",
      ].join(""),
    );
    expect(digest).toBe("cd".repeat(32));
    expect(tail).toBe(bytesToHex(message.signatures[0] ?? new Uint8Array()));
  });
});

describe("signer sets", () => {
  const keys = ["1", "2", "3"].map(key).toSorted((a, b) => (addressOf(a) < addressOf(b) ? -1 : 1));
  const set = { threshold: 2, notAfter: 1_800_000_000, members: keys.map(addressOf) };
  const rules = (data: string | null) => words(data ?? "")[1]?.slice(36);

  it("put addresses for those that did not sign, and take no more than the threshold", () => {
    const [first, second, third] = keys;
    if (!first || !second || !third) throw new Error("no keys");
    const some = encodeUpdate(sign({}, [third, first]), set);
    expect(rules(some)).toBe(["00000e10", "00000002", "6b49d200", "01", "02"].join(""));
    expect(some).toContain(addressOf(second).slice(2));
    const all = encodeUpdate(sign({}, keys), set);
    expect(rules(all)).toBe(["00000e10", "00000004", "6b49d200", "01", "02"].join(""));
    expect((all?.length ?? 0) / 2 - 1).toBe(4 + 64 + 2 * 65 + 20);
  });

  it("that the signatures do not fit give null", () => {
    const [first] = keys;
    if (!first) throw new Error("no keys");
    expect(encodeUpdate(sign({}, [first]), set)).toBeNull();
    expect(encodeUpdate(sign({}, [first, key("9")]), set)).toBeNull();
    expect(encodeUpdate(sign({}, keys), { ...set, members: [] })).toBeNull();
    expect(encodeUpdate({ ...sign({}, [first]), signatures: [new Uint8Array(3)] }, set)).toBeNull();
    expect(encodeUpdate(sign({ validUntil: observation.observedAt - 1 }, keys), set)).toBeNull();
  });
});

describe("a group", () => {
  const signer = key("1");
  const group = {
    address: addressOf(signer),
    x: 0xabcdn,
    parity: 28,
    notAfter: 1_900_000_000,
  } as const;
  const list = { threshold: 1, notAfter: 1_800_000_000, members: [addressOf(signer)] };
  const signature = new Uint8Array(52).fill(0x77);
  const { payload, signatures } = sign({}, [signer]);

  it("has an entry of its own: report with its mark, point and signature", () => {
    const data = encodeGroupUpdate({ payload, signatures: [signature] }, group);
    const [selector, report, digest, tail] = words(data ?? "");
    expect(selector).toBe("0x0000001a");
    expect(report?.slice(36)).toBe(["00000e10", "00000000", "713fb300", "ff", "1c"].join(""));
    expect(digest).toBe("cd".repeat(32));
    expect(tail).toBe(`${"abcd".padStart(64, "0")}${"77".repeat(52)}`);
    expect(encodeGroupUpdate({ payload, signatures }, group)).toBeNull();
    const past = sign({ validUntil: observation.observedAt - 1 }, []);
    expect(encodeGroupUpdate({ ...past, signatures: [signature] }, group)).toBeNull();
  });

  it("goes first where the feed has one and the message its signature, else the list does", () => {
    const both = { payload, signatures: [...signatures, signature] };
    const selectorOf = (data: string | null) => words(data ?? "")[0];
    expect(selectorOf(encodeUpdate(both, { ...list, group }))).toBe("0x0000001a");
    expect(selectorOf(encodeUpdate(both, list))).toBe("0x00000074");
    expect(selectorOf(encodeUpdate({ payload, signatures }, { ...list, group }))).toBe(
      "0x00000074",
    );
    expect(encodeUpdate({ payload, signatures: [signature] }, list)).toBeNull();
  });

  it("stands alone in the plain entry, and leaves it to single signatures", () => {
    const carried = (message: SignedPayload) =>
      [...(feedAbi.decodeFunctionData("submit", encodeSubmit(message))[1] as Iterable<string>)].map(
        (each) => each.length / 2 - 1,
      );
    expect(carried({ payload, signatures: [signature] })).toEqual([52]);
    expect(carried({ payload, signatures: [signature, ...signatures] })).toEqual([65]);
  });
});

describe("limits", () => {
  const set = { threshold: 1, notAfter: 1, members: [addressOf(key("1"))] };
  it.each([
    [{ value: 2n ** 79n }, "ONCHAIN_VALUE_OUT_OF_RANGE"],
    [{ value: -(2n ** 79n) - 1n }, "ONCHAIN_VALUE_OUT_OF_RANGE"],
    [{ validUntil: 2 ** 32 }, "ONCHAIN_NUMBER_OUT_OF_RANGE"],
    [{ observedAt: 2 ** 32, validUntil: 2 ** 32 - 1 }, "ONCHAIN_NUMBER_OUT_OF_RANGE"],
  ])("%o is refused by code", (change, code) => {
    const message = sign(change, [key("1")]);
    expect(() => encodeUpdate(message, set)).toThrow(expect.objectContaining({ code }));
  });

  it("the outermost values pass", () => {
    for (const value of [2n ** 79n - 1n, -(2n ** 79n)])
      expect(encodeUpdate(sign({ value }, [key("1")]), set)).not.toBeNull();
  });
});

it("the plain entry carries payload and signatures unchanged", () => {
  const message = sign({}, [key("1"), key("2")]);
  const [payload, signatures] = feedAbi
    .decodeFunctionData("submit", encodeSubmit(message))
    .toArray() as [string, Iterable<string>];
  expect(payload).toBe(`0x${bytesToHex(message.payload)}`);
  expect([...signatures]).toEqual(message.signatures.map((each) => `0x${bytesToHex(each)}`));
});
