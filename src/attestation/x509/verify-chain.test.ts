import { describe, expect, it } from "vitest";
import {
  extension as writeExtension,
  spkiOf,
} from "../../../enclave-sim/platform/write-certificate.ts";
import { boolean, octets, sequence } from "../../../enclave-sim/platform/der-writer.ts";
import { codeOf } from "../../../test/support/code-of.ts";
import {
  WORLD_TIME,
  worldAnchor,
  worldCertificate,
  worldCrl,
  worldExtension,
  worldKeys,
} from "../../../test/support/quote-world.ts";
import { parseCertificate } from "./certificate.ts";
import { parseCrl } from "./crl.ts";
import { type ChainRules, verifyChain } from "./verify-chain.ts";

const DAY = 86_400_000;
const root = worldCertificate("root");
const ca = worldCertificate("ca");
const pck = worldCertificate("pck");
const crls = [parseCrl(worldCrl("root")), parseCrl(worldCrl("ca"))];
const rules: ChainRules = { anchors: [worldAnchor()], at: WORLD_TIME, crls };

const verify = (chain: readonly Uint8Array[], change: Partial<ChainRules> = {}) =>
  verifyChain(chain.map(parseCertificate), { ...rules, ...change });
const refusal = (chain: readonly Uint8Array[], change: Partial<ChainRules> = {}) =>
  codeOf(() => verify(chain, change));

describe("a chain", () => {
  it("holds from leaf to anchor, with or without the root sent along", () => {
    const { anchor, path, validFrom, validUntil, crls: used } = verify([pck, ca, root]);
    expect(anchor.name).toBe("world");
    expect(path.map(({ name }) => name)).toEqual(["pck", "ca", "root"]);
    expect([validFrom, validUntil]).toEqual([WORLD_TIME - DAY, WORLD_TIME + 30 * DAY]);
    expect(used).toHaveLength(2);
    expect(verify([pck, ca]).path).toHaveLength(3);
  });

  it("hands out the anchor that it ended in, with what its owner said of it", () => {
    const anchors = [{ ...worldAnchor(false), certificate: worldCertificate("ca") }, worldAnchor()];
    expect(verify([pck, ca, root], { anchors }).anchor.simulated).toBe(true);
  });

  it("is simulated where its root is given as both", () => {
    for (const anchors of [
      [worldAnchor(false), worldAnchor(true)],
      [worldAnchor(true), worldAnchor(false)],
    ])
      for (const chain of [
        [pck, ca],
        [pck, ca, root],
      ])
        expect(verify(chain, { anchors }).anchor.simulated).toBe(true);
  });

  it("ends in exactly the anchor's bytes", () => {
    const again = worldCertificate("root", { serial: Uint8Array.of(9) });
    expect(refusal([pck, ca, again])).toBe("CERTIFICATE_ROOT_UNKNOWN");
    expect(refusal([pck, ca, root], { anchors: [] })).toBe("CERTIFICATE_ROOT_UNKNOWN");
    expect(refusal([pck])).toBe("CERTIFICATE_ROOT_UNKNOWN");
    expect(refusal([])).toBe("CERTIFICATE_INVALID");
    expect(refusal(Array<Uint8Array>(9).fill(pck))).toBe("CERTIFICATE_INVALID");
  });

  it("holds at a time and not before or after it", () => {
    for (const [link, at] of [
      ["pck", WORLD_TIME - 50 * DAY],
      ["ca", WORLD_TIME - 50 * DAY],
      ["root", WORLD_TIME - 50 * DAY],
    ] as const) {
      const late = worldCertificate(link, { notBefore: at + DAY });
      const chain = { pck, ca, root, [link]: late };
      const anchors = [{ ...worldAnchor(), certificate: chain.root }];
      expect(refusal([chain.pck, chain.ca, chain.root], { at, anchors })).toBe(
        "CERTIFICATE_EXPIRED",
      );
    }
    const ended = worldCertificate("pck", { notAfter: WORLD_TIME - 1_000 });
    expect(refusal([ended, ca, root])).toBe("CERTIFICATE_EXPIRED");
  });

  it("has every link signed by the next", () => {
    const forged = worldCertificate(
      "pck",
      { issuerPublicKey: spkiOf(worldKeys.ca) },
      worldKeys.pck,
    );
    expect(refusal([forged, ca, root])).toBe("CERTIFICATE_CHAIN_REFUSED");
    const otherCa = worldCertificate(
      "ca",
      { issuerPublicKey: spkiOf(worldKeys.root) },
      worldKeys.ca,
    );
    expect(refusal([pck, otherCa, root])).toBe("CERTIFICATE_CHAIN_REFUSED");
    expect(refusal([pck, root])).toBe("CERTIFICATE_CHAIN_REFUSED");
    expect(refusal([ca, pck, root])).toBe("CERTIFICATE_CHAIN_REFUSED");
    expect(refusal([pck, ca, pck, root])).toBe("CERTIFICATE_CHAIN_REFUSED");
  });

  it("has no leaf that issues and no CA as leaf", () => {
    // A platform's key signs a certificate of a platform that does not exist.
    const below = worldCertificate(
      "pck",
      { subject: "fake", issuer: "pck", publicKey: spkiOf(worldKeys.attestation) },
      worldKeys.pck,
    );
    const chain = [below, pck, ca, root];
    expect(refusal(chain)).toBe("CERTIFICATE_CHAIN_REFUSED");
    expect(refusal(chain, { crls: "none" })).toBe("CERTIFICATE_CHAIN_REFUSED");
    expect(refusal([ca, root])).toBe("CERTIFICATE_CHAIN_REFUSED");
    expect(refusal([root])).toBe("CERTIFICATE_CHAIN_REFUSED");
  });

  it("is no longer than its authorities allow", () => {
    const short = worldCertificate("root", { pathLength: 0 });
    const anchors = [{ ...worldAnchor(), certificate: short }];
    expect(refusal([pck, ca, short], { anchors })).toBe("CERTIFICATE_CHAIN_REFUSED");
    expect(refusal([worldCertificate("signing"), short], { anchors })).toBe("none");
  });

  it("leaves no critical extension aside", () => {
    const odd = worldCertificate("pck", {
      extensions: [writeExtension("1.3.6.1.4.1.99999.1", sequence(boolean(true)), true)],
    });
    expect(refusal([odd, ca, root])).toBe("CERTIFICATE_CHAIN_REFUSED");
    expect(refusal([odd, ca, root], { criticalExtensions: ["1.3.6.1.4.1.99999.1"] })).toBe("none");
    const plain = worldCertificate("pck", {
      extensions: [worldExtension(), writeExtension("1.3.6.1.4.1.99999.1", octets(pck))],
    });
    expect(refusal([plain, ca, root])).toBe("none");
  });
});

describe("revocation", () => {
  const rootCrl = worldCrl("root");
  const caCrl = worldCrl("ca");
  const serialOf = (bytes: Uint8Array) =>
    Uint8Array.from(Buffer.from(parseCertificate(bytes).serial.padStart(32, "0"), "hex"));
  const withLists = (...lists: readonly Uint8Array[]) =>
    refusal([pck, ca, root], { crls: lists.map(parseCrl) });

  it("needs the list of every issuer", () => {
    expect(withLists(rootCrl, caCrl)).toBe("none");
    expect(withLists(caCrl)).toBe("CRL_MISSING");
    expect(withLists(rootCrl)).toBe("CRL_MISSING");
    expect(withLists()).toBe("CRL_MISSING");
  });

  it("refuses who is listed, in any of the lists", () => {
    const listed = worldCrl("ca", { revoked: [serialOf(pck)] });
    expect(withLists(rootCrl, listed)).toBe("CERTIFICATE_REVOKED");
    expect(withLists(rootCrl, caCrl, listed)).toBe("CERTIFICATE_REVOKED");
    expect(withLists(worldCrl("root", { revoked: [serialOf(ca)] }), caCrl)).toBe(
      "CERTIFICATE_REVOKED",
    );
    expect(withLists(rootCrl, worldCrl("ca", { revoked: [serialOf(ca)] }))).toBe("none");
  });

  it("believes no list that its issuer did not sign", () => {
    const forged = worldCrl("ca", { issuerPublicKey: spkiOf(worldKeys.ca) }, worldKeys.pck);
    expect(withLists(rootCrl, forged)).toBe("CRL_INVALID");
    expect(withLists(rootCrl, worldCrl("ca", {}, worldKeys.pck))).toBe("CRL_INVALID");
    const foreign = worldCrl("ca", { issuer: "someone" });
    expect(withLists(rootCrl, foreign)).toBe("CRL_MISSING");
    const flipped = caCrl.with(caCrl.length - 1, (caCrl.at(-1) ?? 0) ^ 1);
    expect(withLists(rootCrl, flipped)).toBe("CRL_INVALID");
  });

  it("believes no list of a CA that may not sign any", () => {
    // The leaf's own list about itself.
    const own = worldCrl("ca", { issuer: "pck" }, worldKeys.pck);
    expect(withLists(rootCrl, own)).toBe("CRL_MISSING");
  });

  it("needs a list of the time", () => {
    const stale = worldCrl("ca", { nextUpdate: WORLD_TIME - 1_000 });
    const early = worldCrl("ca", { thisUpdate: WORLD_TIME + 1_000 });
    expect(withLists(rootCrl, stale)).toBe("CRL_EXPIRED");
    expect(withLists(rootCrl, early)).toBe("CRL_EXPIRED");
    expect(withLists(rootCrl, caCrl, stale)).toBe("CRL_EXPIRED");
  });

  it("is left out only where that is asked for", () => {
    expect(verify([pck, ca, root], { crls: "none" }).crls).toEqual([]);
  });
});
