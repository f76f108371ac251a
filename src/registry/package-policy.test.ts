import { describe, expect, it } from "vitest";
import { codeOf } from "../../test/support/code-of.ts";
import { publisherKey, tinyPackage, tinyRelease } from "../../test/support/release-fixture.ts";
import type { Digest } from "../core/ids.ts";
import { judgeRelease, nameCovers, type AcceptRule } from "./package-policy.ts";

const publisher = publisherKey(1).record.keyid;
const { statement } = tinyRelease(
  tinyPackage({
    capabilities: {
      http: { hosts: [{ host: "api.example.com", paths: ["/v1/gold"] }] },
      time: true,
    },
  }),
);
const rule: AcceptRule = {
  names: "gold-price",
  publisher,
  measurements: null,
  minimumSvn: 0,
  capabilities: ["http api.example.com:443/v1/gold", "time"],
};
const judge = (rules: readonly AcceptRule[], claim = { statement, publisher }) =>
  codeOf(() => judgeRelease(claim, rules));
const other = `sha256:${"0".repeat(64)}` as Digest;

describe("the policy of a host", () => {
  it("refuses what no rule names", () => {
    expect(judge([])).toBe("RELEASE_NOT_ACCEPTED");
    expect(judge([{ ...rule, names: "gold" }])).toBe("RELEASE_NOT_ACCEPTED");
    expect(judge([{ ...rule, publisher: publisherKey(2).record.keyid }])).toBe(
      "RELEASE_NOT_ACCEPTED",
    );
  });

  it("accepts by name or beginning, publisher, measurement and capabilities together", () => {
    expect(judge([rule])).toBe("none");
    expect(judge([{ ...rule, names: "gold-*" }])).toBe("none");
    expect(judge([{ ...rule, names: "*" }])).toBe("none");
    expect(judge([{ ...rule, measurements: [other, statement.measurement] }])).toBe("none");
    expect(judge([{ ...rule, measurements: [other] }])).toBe("RELEASE_NOT_ACCEPTED");
    for (const capabilities of [[], ["time"], ["http api.example.com:443/v1/gold"]])
      expect(judge([{ ...rule, capabilities }])).toBe("RELEASE_NOT_ACCEPTED");
  });

  it("never adds two rules up to one that accepts", () => {
    const narrow = { ...rule, capabilities: ["time"] };
    const wide = { ...rule, capabilities: ["http api.example.com:443/"] };
    expect(judge([narrow, wide])).toBe("RELEASE_NOT_ACCEPTED");
    expect(judge([narrow, wide, rule])).toBe("none");
  });

  it("asks for a security version where one is demanded, and unsigned packages have none", () => {
    const signed = (svn: number) => ({
      publisher,
      statement: { ...statement, signer: { mrsigner: "a".repeat(64), prodId: 1, svn } },
    });
    expect(judge([{ ...rule, minimumSvn: 3 }])).toBe("RELEASE_NOT_ACCEPTED");
    expect(judge([{ ...rule, minimumSvn: 3 }], signed(2))).toBe("RELEASE_NOT_ACCEPTED");
    expect(judge([{ ...rule, minimumSvn: 3 }], signed(3))).toBe("none");
  });

  it("covers names by a star at the end alone", () => {
    expect(nameCovers("gold-*", "gold-price")).toBe(true);
    expect(nameCovers("gold-*", "gold")).toBe(false);
    expect(nameCovers("gold", "gold-price")).toBe(false);
    expect(nameCovers("*", "anything")).toBe(true);
  });
});
