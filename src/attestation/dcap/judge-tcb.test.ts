import { describe, expect, it } from "vitest";
import { codeOf } from "../../../test/support/code-of.ts";
import {
  WORLD_TIME,
  type WorldChange,
  worldAnchor,
  worldEvidence,
  worldLevel,
} from "../../../test/support/quote-world.ts";
import { verifyDcapQuote } from "./verify-dcap-quote.ts";

const verify = (change: WorldChange) => {
  const { quote, collateral } = worldEvidence(change);
  return verifyDcapQuote(quote, { collateral, anchors: [worldAnchor()], at: WORLD_TIME });
};
const verdict = (change: WorldChange) => {
  const { status, advisories } = verify(change).tcb;
  return [status, ...advisories];
};
const refusal = (change: WorldChange) => codeOf(() => verify(change));

/** Set the SVNs of a TD: its module's minor SVN and version, late microcode. */
const td = (minor: number, version: number, microcode: number) => (body: Uint8Array) =>
  body.set([minor, version, microcode], 0);
const TEE_TCB_SVN2 = 584;
const MR_SERVICE_TD = 600;
const TD_ATTRIBUTES = 120;

describe("SGX", () => {
  it("takes the first level that every SVN reaches", () => {
    expect(verdict({})).toEqual(["UpToDate"]);
    const second = worldLevel([6], [], "UpToDate");
    expect(
      verdict({
        tcbInfo: (info) => ({ ...info, tcbLevels: [second, ...info.tcbLevels.slice(1)] }),
      }),
    ).toEqual(["SWHardeningNeeded", "SIM-SA-00002"]);
  });

  it("asks for the PCE's SVN as well", () => {
    const level = worldLevel([1], [], "UpToDate");
    const higher = { ...level, tcb: { ...level.tcb, pcesvn: 4 } };
    expect(refusal({ tcbInfo: (info) => ({ ...info, tcbLevels: [higher] }) })).toBe(
      "TCB_LEVEL_UNKNOWN",
    );
  });

  it("refuses a platform that reaches no level", () => {
    const beyond = worldLevel([255], [], "UpToDate");
    expect(refusal({ tcbInfo: (info) => ({ ...info, tcbLevels: [beyond] }) })).toBe(
      "TCB_LEVEL_UNKNOWN",
    );
  });

  it("counts the quoting enclave in", () => {
    const old = (report: Uint8Array) => report.set([2, 0], 258);
    expect(verdict({ qeReport: old })).toEqual(["OutOfDate", "SIM-SA-00004"]);
    expect(refusal({ qeReport: (report) => report.set([1, 0], 258) })).toBe("TCB_LEVEL_UNKNOWN");
  });

  it.each([
    ["ConfigurationNeeded", "OutOfDateConfigurationNeeded"],
    ["ConfigurationAndSWHardeningNeeded", "OutOfDateConfigurationNeeded"],
    ["SWHardeningNeeded", "OutOfDate"],
    ["Revoked", "Revoked"],
    ["OutOfDate", "OutOfDate"],
  ])("converges %s with an outdated quoting enclave to %s", (status, expected) => {
    const tcbInfo: WorldChange["tcbInfo"] = (info) => ({
      ...info,
      tcbLevels: [worldLevel([5], [], status)],
    });
    expect(verdict({ tcbInfo })[0]).toBe(status);
    const old = (report: Uint8Array) => report.set([2, 0], 258);
    expect(verdict({ tcbInfo, qeReport: old })[0]).toBe(expected);
  });
});

describe("TDX", () => {
  it("leaves the module's two SVNs to its identity", () => {
    // The level asks for 5 at index 0, the module has 5 of version 1; at index 2 stands what the level judges.
    expect(verdict({ tee: "tdx", body: td(5, 1, 5) })).toEqual(["UpToDate"]);
    expect(verdict({ tee: "tdx", body: td(9, 1, 3) })).toEqual([
      "SWHardeningNeeded",
      "SIM-SA-00002",
    ]);
    expect(refusal({ tee: "tdx", body: td(9, 1, 0) })).toBe("TCB_LEVEL_UNKNOWN");
  });

  it("judges the first modules, which have no version, with the platform", () => {
    expect(verdict({ tee: "tdx", body: td(5, 0, 5) })).toEqual(["UpToDate"]);
    expect(verdict({ tee: "tdx", body: td(4, 0, 5) })).toEqual(["OutOfDate", "SIM-SA-00001"]);
    expect(refusal({ tee: "tdx", body: td(0, 0, 5) })).toBe("TCB_LEVEL_UNKNOWN");
  });

  it("converges with the module's level and names both advisories", () => {
    expect(verdict({ tee: "tdx", body: td(3, 1, 3) })).toEqual([
      "OutOfDate",
      "SIM-SA-00002",
      "SIM-SA-00003",
    ]);
    expect(verdict({ tee: "tdx", body: td(1, 1, 5) })).toEqual(["Revoked"]);
    expect(refusal({ tee: "tdx", body: td(0, 1, 5) })).toBe("TCB_LEVEL_UNKNOWN");
  });

  it("refuses a module that TCB info does not know, of another signer, or with attributes", () => {
    expect(refusal({ tee: "tdx", body: td(5, 2, 5) })).toBe("TDX_MODULE_REFUSED");
    expect(refusal({ tee: "tdx", body: (body) => body.set([1], 64) })).toBe("TDX_MODULE_REFUSED");
    expect(refusal({ tee: "tdx", body: (body) => body.set([1], 112) })).toBe("TDX_MODULE_REFUSED");
    const without: WorldChange["tcbInfo"] = (info) => ({ ...info, tdxModuleIdentities: undefined });
    expect(refusal({ tee: "tdx", tcbInfo: without })).toBe("TDX_MODULE_REFUSED");
    const nothing: WorldChange["tcbInfo"] = (info) => ({ ...info, tdxModule: undefined });
    expect(refusal({ tee: "tdx", tcbInfo: nothing, body: td(5, 0, 5) })).toBe("TDX_MODULE_REFUSED");
  });

  it("refuses TCB info without SVNs of TDs", () => {
    const tcbInfo: WorldChange["tcbInfo"] = (info) => ({
      ...info,
      tcbLevels: info.tcbLevels.map(({ tcb, ...level }) => ({
        ...level,
        tcb: { sgxtcbcomponents: tcb.sgxtcbcomponents, pcesvn: tcb.pcesvn },
      })),
    });
    expect(refusal({ tee: "tdx", tcbInfo })).toBe("TCB_LEVEL_UNKNOWN");
  });

  it("refuses a service TD, and only after the level", () => {
    const body = (bytes: Uint8Array) => bytes.set([1], MR_SERVICE_TD);
    expect(refusal({ tee: "tdx", version: 5 })).toBe("none");
    expect(refusal({ tee: "tdx", version: 5, body })).toBe("SERVICE_TD_REFUSED");
    const both = (bytes: Uint8Array) => {
      body(bytes);
      td(9, 1, 0)(bytes);
    };
    expect(refusal({ tee: "tdx", version: 5, body: both })).toBe("TCB_LEVEL_UNKNOWN");
  });

  it("refuses a TD that may be moved where its report has no place for who may do it", () => {
    const migratable = (bytes: Uint8Array) => bytes.set([0x20], TD_ATTRIBUTES + 3);
    expect(refusal({ tee: "tdx", body: migratable })).toBe("SERVICE_TD_REFUSED");
    expect(refusal({ tee: "tdx", version: 5, body: migratable })).toBe("none");
    // SEPT_VE_DISABLE and PKS stand beside it and move nothing.
    const others = (bytes: Uint8Array) => bytes.set([0x50], TD_ATTRIBUTES + 3);
    expect(refusal({ tee: "tdx", body: others })).toBe("none");
  });
});

describe("a TD that was started under an old module (TDX 1.5)", () => {
  const started = (svn2: readonly number[]) => (body: Uint8Array) => {
    td(3, 1, 5)(body);
    body.set(svn2, TEE_TCB_SVN2);
  };
  const relaunch = (svn2: readonly number[], change: WorldChange = {}) =>
    verdict({ tee: "tdx", version: 5, body: started(svn2), ...change })[0];

  it("is advised to start again where the platform has the newest module by now", () => {
    expect(relaunch([5, 1, 5])).toBe("TDRelaunchAdvised");
    expect(relaunch([5, 0, 5])).toBe("TDRelaunchAdvised");
  });

  it("is out of date where the platform has not", () => {
    expect(relaunch([4, 1, 5])).toBe("OutOfDate");
    expect(relaunch([5, 1, 4])).toBe("OutOfDate");
    expect(relaunch([4, 0, 5])).toBe("OutOfDate");
  });

  it("says when configuration is needed as well", () => {
    const tcbInfo: WorldChange["tcbInfo"] = (info) => ({
      ...info,
      tcbLevels: [worldLevel([5], [5, 0, 5], "ConfigurationNeeded")],
    });
    expect(relaunch([5, 1, 5], { tcbInfo })).toBe("TDRelaunchAdvisedConfigurationNeeded");
  });

  it("stays out of date when the quoting enclave is", () => {
    const old = (report: Uint8Array) => report.set([2, 0], 258);
    expect(relaunch([5, 1, 5], { qeReport: old })).toBe("OutOfDate");
  });

  it("refuses a module that runs now and is unknown", () => {
    expect(refusal({ tee: "tdx", version: 5, body: started([5, 9, 5]) })).toBe(
      "TDX_MODULE_REFUSED",
    );
  });
});
