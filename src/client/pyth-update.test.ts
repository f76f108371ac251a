import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeUpdate } from "../adapters/evm/encode-update.ts";
import { addressSchema, type Digest } from "../core/ids.ts";
import { decodeBase64, encodeBase64 } from "../crypto/base64.ts";
import { bytesToHex } from "../crypto/bytes.ts";
import { createSigningKey } from "../crypto/key-record.ts";
import type { Bundle } from "../envelope/bundle.ts";
import { payloadBytes } from "../envelope/dsse.ts";
import { signOnchainForm } from "../envelope/signed-observation.ts";
import { codeOf } from "../../test/support/code-of.ts";
import { createBundle, createKeyPair } from "../../test/support/bundle-fixture.ts";
import { createObservation } from "../../test/support/observation-fixture.ts";
import { namedGroupKey } from "../../test/support/group-key.ts";
import { encodePythUpdate } from "./encode-pyth-update.ts";
import { packPythUpdate } from "./pack-pyth-update.ts";

const keys = Array.from({ length: 3 }, () => createSigningKey("secp256k1-keccak256")).toSorted(
  (a, b) => (String(a.record.address) < String(b.record.address) ? -1 : 1),
);
const members = keys.map(({ record }) => addressSchema.parse(record.address));
const DIGEST = `sha256:${"ab".repeat(32)}` as Digest;
const NOT_AFTER = 1_800_000_000;

/** A bundle whose on-chain form these keys signed. */
const bundleOf = (signers: readonly (typeof keys)[number][]): Bundle => {
  const plain = createBundle(createKeyPair());
  const onchain = signOnchainForm(createObservation(), DIGEST, signers);
  return { ...plain, onchain, keys: [...plain.keys, ...signers.map(({ record }) => record)] };
};
const onchainOf = (bundle: Bundle) => {
  if (bundle.onchain === null) throw new Error("no form for contracts");
  const { signatures } = bundle.onchain;
  return {
    payload: payloadBytes(bundle.onchain),
    signatures: signatures.map(({ sig }) => decodeBase64(sig, "signature")),
  };
};
const withGroup = (bundle: Bundle, name: string): Bundle => {
  const { payload } = onchainOf(bundle);
  const sig = encodeBase64(namedGroupKey(name).signPayload(payload));
  const signatures = [...(bundle.onchain?.signatures ?? []), { keyid: "", sig }];
  return { ...bundle, onchain: bundle.onchain && { ...bundle.onchain, signatures } };
};

describe("encodePythUpdate", () => {
  it("puts form, payload and signatures one behind the other", () => {
    const bundle = bundleOf(keys.slice(0, 2));
    const { payload, signatures } = onchainOf(bundle);
    const parts = [payload, ...signatures].map(bytesToHex);
    expect(encodePythUpdate(bundle)).toBe(`0x00${parts.join("")}`);
    expect(encodePythUpdate(JSON.parse(JSON.stringify(bundle)))).toBe(encodePythUpdate(bundle));
  });

  it("prefers a group's signature, unless the list is asked for", () => {
    const bundle = withGroup(bundleOf(keys.slice(0, 2)), "encoder");
    const { payload, signatures } = onchainOf(bundle);
    const [group = new Uint8Array()] = signatures.slice(-1);
    expect(encodePythUpdate(bundle)).toBe(`0x01${bytesToHex(payload)}${bytesToHex(group)}`);
    expect(encodePythUpdate(bundle, { by: "list" })).toBe(encodePythUpdate(withoutLast(bundle)));
  });

  const withoutLast = (bundle: Bundle): Bundle => ({
    ...bundle,
    onchain: bundle.onchain && {
      ...bundle.onchain,
      signatures: bundle.onchain.signatures.slice(0, -1),
    },
  });

  it.each<[string, () => unknown]>([
    ["a record", () => ({ ...bundleOf(keys), onchain: null })],
    ["something else", () => ({ mediaType: "text/plain" })],
    ["nothing", () => undefined],
    ["another type", () => change({ payloadType: "application/json" })],
    ["another length", () => change({ payload: encodeBase64(new Uint8Array(191)) })],
    ["no signature", () => change({ signatures: [] })],
    [
      "a signature of no known length",
      () => change({ signatures: [{ keyid: "", sig: encodeBase64(new Uint8Array(64)) }] }),
    ],
  ])("refuses %s", (_, make) => {
    expect(codeOf(() => encodePythUpdate(make()))).toMatch(/^(BUNDLE|JSON)_MALFORMED$/);
  });
  const change = (fields: object): unknown => {
    const bundle = bundleOf(keys);
    return { ...bundle, onchain: { ...bundle.onchain, ...fields } };
  };
});

describe("packPythUpdate", () => {
  const head = (bundle: Bundle): string => bytesToHex(onchainOf(bundle).payload.subarray(0, 32));

  it("is what the adapter sends to the feed, for every choice of signers", () => {
    fc.assert(
      fc.property(
        fc.subarray([0, 1, 2], { minLength: 1 }),
        fc.integer({ min: 1, max: 3 }),
        (chosen, threshold) => {
          const bundle = bundleOf(chosen.flatMap((index) => keys[index] ?? []));
          const set = { threshold, notAfter: NOT_AFTER, members };
          const data = encodeUpdate(onchainOf(bundle), set);
          if (data === null)
            expect(codeOf(() => packPythUpdate(bundle, set))).toBe("BUNDLE_MALFORMED");
          else expect(packPythUpdate(bundle, set)).toBe(`0x02${head(bundle)}${data.slice(10)}`);
        },
      ),
    );
  });

  it("takes the group's entry where feed and bundle have one", () => {
    const { address, x, parity } = namedGroupKey("packer");
    const bundle = withGroup(bundleOf(keys), "packer");
    const group = { address, x, parity, notAfter: NOT_AFTER - 1 };
    const set = { threshold: 2, notAfter: NOT_AFTER, members, group };
    const data = encodeUpdate(onchainOf(bundle), set);
    expect(packPythUpdate(bundle, set)).toBe(`0x02${head(bundle)}${data?.slice(10)}`);
    const { group: _, ...list } = set;
    const byList = encodeUpdate(onchainOf(bundle), list);
    expect(packPythUpdate(bundle, list)).toBe(`0x02${head(bundle)}${byList?.slice(10)}`);
  });

  it("refuses values and signers that do not fit", () => {
    const set = { threshold: 1, notAfter: NOT_AFTER, members };
    expect(codeOf(() => packPythUpdate(bundleOf([]), set))).toBe("BUNDLE_MALFORMED");
    expect(codeOf(() => packPythUpdate(bundleOf(keys), { ...set, members: [] }))).toBe(
      "BUNDLE_MALFORMED",
    );
    const value = {
      kind: "decimal",
      text: (2n ** 79n).toString(),
      decimals: 0,
      unit: "USD",
    } as const;
    const wide = createObservation({ value });
    const onchain = signOnchainForm(wide, DIGEST, keys);
    expect(codeOf(() => packPythUpdate({ ...bundleOf(keys), onchain }, set))).toBe(
      "BUNDLE_MALFORMED",
    );
  });
});
