import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { INTEL_SGX_ROOT } from "../../src/attestation/dcap/intel-root.ts";
import { HARDWARE_ANCHORS } from "../../src/attestation/hardware-anchors.ts";
import { SIMULATED_VENDOR } from "../../src/attestation/simulated-vendor.ts";
import { phalaStatus } from "../../test/support/phala-verifier.ts";
import {
  createPlatformFixture,
  PATCHED_NODE,
  PLATFORM_AT,
} from "../../test/support/simulated-platform-fixture.ts";
import { createSimulatedPki } from "./simulated-pki.ts";
import { createSimulatedPlatform } from "./simulated-platform.ts";

const { platform, quote, verify } = createPlatformFixture();
const DAY = 86_400_000;
const YEAR = 365 * DAY;
const code = (expected: string) => expect.objectContaining({ code: expected });
/** Whatever the code is, it is one of the verifier's. */
const refused = expect.objectContaining({ name: "FabricError" });
const hex = (bytes: number, value: string) => value.repeat(bytes);

describe.each(["sgx", "tdx"] as const)("a %s quote", (tee) => {
  test("verifies strictly under its own root and says that it is simulated", () => {
    const claims = verify(quote(tee), tee);
    expect(claims).toMatchObject({
      tee,
      simulated: true,
      debug: false,
      tcb: { status: "UpToDate", advisories: [] },
      reportData: hex(64, "09"),
      platform: "53494d000000",
    });
    expect(claims.configId?.startsWith(hex(32, "03"))).toBe(true);
  });

  test("carries what runs where a verifier looks for it", () => {
    const claims = verify(quote(tee), tee);
    if (tee === "sgx")
      expect(claims).toMatchObject({
        measurement: hex(32, "01"),
        signer: hex(32, "02"),
        prodId: 4,
        svn: 5,
      });
    else expect(claims.registers["rtmr3"]).toBe(hex(48, "06"));
  });

  test("verifies with a foreign, unmodified verifier under our root, and not under Intel's", () => {
    const evidence = { collateral: platform.collateral(tee, PLATFORM_AT), at: PLATFORM_AT };
    expect(phalaStatus(quote(tee), { ...evidence, root: platform.root })).toBe("UpToDate");
    const root = INTEL_SGX_ROOT.certificate;
    expect(phalaStatus(quote(tee), { ...evidence, root })).toBe("refused");
  });

  test("is refused under the vendors' roots", () => {
    expect(() => verify(quote(tee), tee, { anchors: HARDWARE_ANCHORS })).toThrow(
      code("CERTIFICATE_ROOT_UNKNOWN"),
    );
  });

  test("is refused where its root is loaded as a real one", () => {
    const anchors = [
      { vendor: "intel", name: "", certificate: platform.root, simulated: false } as const,
    ];
    expect(() => verify(quote(tee), tee, { anchors })).toThrow(code("QUOTE_VENDOR_REFUSED"));
  });

  test("says debug when it is", () => {
    expect(verify(quote(tee, { debug: true }), tee).debug).toBe(true);
  });

  test("names its vendor in 16 bytes", () => {
    expect(new TextDecoder().decode(quote(tee).subarray(12, 28))).toBe(SIMULATED_VENDOR);
  });

  test("holds no byte that can be changed", () => {
    const bytes = quote(tee);
    const end = bytes.length;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: end - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, by) => {
          const changed = bytes.slice();
          changed[at] = (changed[at] ?? 0) ^ by;
          expect(() => verify(changed, tee)).toThrow(refused);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("TCB recovery", () => {
  test("an older Node is out of date, with the advisories that it lacks", () => {
    const old = createPlatformFixture({ nodeVersion: "22.17.1" });
    expect(old.verify(old.quote("sgx"), "sgx").tcb).toMatchObject({
      status: "OutOfDate",
      advisories: ["SIM-SA-2026-01", "SIM-SA-2026-03"],
    });
    expect(old.verify(old.quote("tdx"), "tdx").tcb.status).toBe("OutOfDate");
  });

  test("a Node without even the oldest release has no level at all", () => {
    const ancient = createPlatformFixture({ nodeVersion: "20.18.0" });
    expect(() => ancient.verify(ancient.quote("sgx"), "sgx")).toThrow(code("TCB_LEVEL_UNKNOWN"));
  });

  test("a new level makes yesterday's quote out of date, and a newer Node mends it", () => {
    const recovered = {
      evaluationNumber: 6,
      levels: [
        { svn: 6, date: "2026-06-01T00:00:00Z", status: "UpToDate", advisories: [] },
        {
          svn: 5,
          date: "2026-03-24T00:00:00Z",
          status: "OutOfDate",
          advisories: ["SIM-SA-2026-06"],
        },
      ],
    } as const;
    expect(verify(quote("sgx"), "sgx", { pcs: recovered }).tcb).toEqual({
      status: "OutOfDate",
      advisories: ["SIM-SA-2026-06"],
      evaluationNumber: 6,
    });
  });

  test.each(["pck", "platform-ca", "tcb-signing"] as const)("a revoked %s ends it", (revoked) => {
    expect(() => verify(quote("sgx"), "sgx", { pcs: { revoked: [revoked] } })).toThrow(
      code("CERTIFICATE_REVOKED"),
    );
  });
});

describe("certificates and collateral", () => {
  test("every certificate says that there is no hardware root, and none names a vendor", () => {
    const pki = createSimulatedPki(new Uint8Array(32).fill(7), {
      createdAt: PLATFORM_AT,
      cpuSvn: platform.cpuSvn,
      pceSvn: 1,
    });
    for (const der of Object.values(pki.certificates(PLATFORM_AT))) {
      const { subject, issuer } = new X509Certificate(der);
      for (const name of [subject, issuer]) {
        expect(name).toMatch(/CN=SIMULATED .*NO HARDWARE ROOT/);
        expect(name).not.toMatch(/intel|amd|aws|amazon/i);
      }
    }
    expect(JSON.stringify(platform.collateral("tdx", PLATFORM_AT))).not.toMatch(/intel|amazon/i);
  });

  test("a seed gives the same platform at every start, another seed another", () => {
    const again = createPlatformFixture().platform;
    const later = PLATFORM_AT + 10 * DAY;
    expect(again.rootPem).toBe(platform.rootPem);
    expect(again.hostKey.record).toEqual(platform.hostKey.record);
    expect(again.collateral("sgx", later)).toEqual(platform.collateral("sgx", later));
    const other = createPlatformFixture({ seed: 8 }).platform;
    expect(other.rootPem).not.toBe(platform.rootPem);
  });

  test("collateral of one hour is one, grows by number and ends after 31 days", () => {
    const issued = platform.collateral("sgx", PLATFORM_AT);
    expect(platform.collateral("sgx", PLATFORM_AT + 3_599_999)).toBe(issued);
    expect(platform.collateral("sgx", PLATFORM_AT + 3_600_000)).not.toEqual(issued);
    const bytes = quote("sgx");
    expect(verify(bytes, "sgx").validUntil).toBe(PLATFORM_AT + 31 * DAY);
  });

  test("certificates are renewed before they end, for decades", () => {
    for (const years of [0, 1, 3, 9, 19, 23, 30]) {
      const at = PLATFORM_AT + years * YEAR;
      expect(verify(quote("sgx", { at }), "sgx", { at }).tcb.status).toBe("UpToDate");
    }
  });

  test("nothing holds before the platform was made", () => {
    const at = PLATFORM_AT - 7_200_000;
    expect(() => verify(quote("sgx", { at }), "sgx", { at })).toThrow(code("CERTIFICATE_EXPIRED"));
  });

  test("the clock's minute does not matter: what is issued now holds now", () => {
    const createdAt = PLATFORM_AT + 1_234_567;
    const young = createSimulatedPlatform(new Uint8Array(32).fill(9), {
      createdAt,
      nodeVersion: PATCHED_NODE,
    });
    const info = JSON.parse(young.collateral("sgx", createdAt).tcb_info) as { issueDate: string };
    expect(Date.parse(info.issueDate)).toBeLessThanOrEqual(createdAt);
  });
});
