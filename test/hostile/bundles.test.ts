import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFabricError } from "../../src/core/errors/fabric-error.ts";
import { parseEnvelope } from "../../src/envelope/dsse.ts";
import { parseObservation } from "../../src/envelope/observation-json.ts";
import { decodeOnchainObservation } from "../../src/envelope/observation-solabi.ts";
import { verificationSteps } from "../../src/envelope/verification-report.ts";
import { verifyBundle } from "../../src/envelope/verify-bundle.ts";
import {
  bundleBytes,
  createBundle,
  createKeyPair,
  createPolicy,
} from "../support/bundle-fixture.ts";
import { FIXTURE_TIME, createObservation } from "../support/observation-fixture.ts";

const pair = createKeyPair();
const trust = createPolicy([pair.json.record, pair.onchain.record]);
const observation = createObservation();
const bytes = bundleBytes(createBundle(pair, observation));
const verify = (input: Uint8Array | string) =>
  verifyBundle(input, { trust, at: FIXTURE_TIME + 10_000 });

/** A bundle that came from anywhere never throws, and is accepted only while it still says the signed fact. */
const expectHeld = async (input: Uint8Array | string): Promise<boolean> => {
  const report = await verify(input);
  expect(report.steps.map(({ step }) => step)).toEqual(verificationSteps);
  if (report.ok) expect(report.observation).toEqual(observation);
  else expect(report.exitCode).toBeGreaterThan(1);
  return report.ok;
};

test("one changed byte never changes the fact", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, byte) => {
      const changed = bytes.slice();
      changed[at] = byte;
      await expectHeld(changed);
    }),
    { numRuns: 400 },
  );
});

test("a changed byte inside a payload or a signature is refused", async () => {
  const text = new TextDecoder().decode(bytes);
  const { envelope, onchain } = createBundle(pair, observation);
  const targets = [envelope, onchain].flatMap((each) =>
    each ? [each.payload, ...each.signatures.map(({ sig }) => sig)] : [],
  );
  const known = targets.filter((target) => text.includes(target));
  expect(known.length).toBeGreaterThan(0);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...known),
      fc.nat(),
      fc.constantFrom("A", "b", "7", "/"),
      async (target, at, letter) => {
        const index = text.indexOf(target) + (at % target.length);
        fc.pre(text[index] !== letter);
        expect(await expectHeld(`${text.slice(0, index)}${letter}${text.slice(index + 1)}`)).toBe(
          false,
        );
      },
    ),
    { numRuns: 200 },
  );
});

test("cut, doubled and spliced bundles are refused", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(bytes.length - 1), async (from, to) => {
      const text = new TextDecoder().decode(bytes);
      expect(await expectHeld(text.slice(0, from))).toBe(false);
      expect(await expectHeld(text + text)).toBe(false);
      await expectHeld(text.slice(0, from) + text.slice(to));
    }),
    { numRuns: 150 },
  );
});

test("arbitrary JSON is refused with a usage code", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), async (text) => {
      expect(await verify(text)).toMatchObject({ ok: false, exitCode: 2 });
    }),
  );
});

describe("parsers throw nothing but coded errors", () => {
  const codedOnly = (parse: () => unknown): void => {
    try {
      parse();
    } catch (error) {
      expect(isFabricError(error)).toBe(true);
      expect(error).not.toMatchObject({ code: "INTERNAL" });
    }
  };
  test.each([
    ["envelope", (input: Uint8Array) => parseEnvelope(input)],
    ["statement", (input: Uint8Array) => parseObservation(input)],
    ["tuple", (input: Uint8Array) => decodeOnchainObservation(input)],
  ])("%s", (_, parse) => {
    const input = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ minLength: 192, maxLength: 192 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(fc.property(input, (data) => codedOnly(() => parse(data))));
  });
});
