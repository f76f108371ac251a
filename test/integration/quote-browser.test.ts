import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { verifyDcapQuote } from "../../src/attestation/dcap/verify-dcap-quote.ts";
import { bytesToHex } from "../../src/crypto/bytes.ts";
import { WORLD_TIME, worldAnchor, worldEvidence } from "../support/quote-world.ts";

let script = "";
let left: readonly string[] = [];

beforeAll(async () => {
  const result = await build({
    entryPoints: ["src/attestation/dcap/verify-dcap-quote.ts"],
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "verifier",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  left = Object.values(result.metafile.inputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external, path }) => external === true || path.startsWith("node:"))
    .map(({ path }) => path);
  script = result.outputFiles[0]?.text ?? "";
});

/** Verify in a realm with what every browser has; data enters as text, so that its objects are the realm's own. */
const verifyInRealm = (quote: Uint8Array, collateral: object): unknown => {
  const realm = createContext({ TextEncoder, TextDecoder, atob, btoa, crypto: globalThis.crypto });
  runInContext(script, realm);
  const call = `(() => {
    const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
    const anchor = { name: "world", certificate: bytes("${bytesToHex(worldAnchor().certificate)}"), simulated: true };
    try {
      return JSON.stringify(verifier.verifyDcapQuote(bytes("${bytesToHex(quote)}"),
        { collateral: ${JSON.stringify(collateral)}, anchors: [anchor], at: ${WORLD_TIME} }));
    } catch (error) {
      return JSON.stringify(error.code);
    }
  })()`;
  return JSON.parse(runInContext(call, realm) as string);
};

describe.each(["sgx", "tdx"] as const)("the verifier of quotes in a browser (%s)", (tee) => {
  const { quote, collateral } = worldEvidence({ tee });

  it("brings everything along and finds what it finds in Node", () => {
    expect(left).toEqual([]);
    const claims = verifyDcapQuote(quote, {
      collateral,
      anchors: [worldAnchor()],
      at: WORLD_TIME,
    });
    expect(verifyInRealm(quote, collateral)).toEqual(claims);
  });

  it("refuses what it refuses in Node", () => {
    expect(verifyInRealm(quote.with(100, 1), collateral)).toBe("QUOTE_SIGNATURE_WRONG");
    expect(verifyInRealm(quote, { ...collateral, pck_crl: collateral.root_ca_crl })).toBe(
      "CRL_MISSING",
    );
  });
});
