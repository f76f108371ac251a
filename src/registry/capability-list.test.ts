import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tinyPackage } from "../../test/support/release-fixture.ts";
import {
  CAPABILITY,
  capabilitiesOf,
  capabilityCovers,
  describeCapability,
  ungranted,
} from "./capability-list.ts";

const address = `0x${"ab".repeat(20)}`;
const all = tinyPackage({
  capabilities: {
    http: {
      hosts: [
        { host: "api.example.com", paths: ["/v1", "/v2"] },
        { host: "*.data.example.org", port: 8_443, paths: ["/"] },
      ],
    },
    secrets: [{ name: "API_KEY", hosts: ["api.example.com"] }],
    time: true,
    random: true,
    configuration: true,
    state: {},
    chains: [
      {
        chain: "local",
        chainId: 31_337,
        contracts: [{ address, selectors: ["0x12345678"], events: [`0x${"cd".repeat(32)}`] }],
      },
    ],
    calls: [{ cryptlet: "other", feeds: ["a", "b"] }],
  },
}).manifest;

describe("what a package may touch", () => {
  it("is one line each, sorted, whatever the manifest's order", () => {
    const lines = capabilitiesOf(all);
    expect(lines).toEqual([
      "call other a",
      "call other b",
      `chain local:31337 ${address} 0x12345678`,
      `chain local:31337 ${address} 0x${"cd".repeat(32)}`,
      "configuration",
      "http *.data.example.org:8443/",
      "http api.example.com:443/v1",
      "http api.example.com:443/v2",
      "random",
      "secret API_KEY api.example.com",
      "state",
      "time",
    ]);
    for (const line of lines) {
      expect(line).toMatch(CAPABILITY);
      expect(describeCapability(line)).not.toBe("");
    }
    expect(capabilitiesOf(tinyPackage({ capabilities: {} }).manifest)).toEqual([]);
  });

  it("covers hosts and paths as the enclave does, and nothing beside them", () => {
    const granted = "http *.example.com:443/v1";
    for (const asked of ["http api.example.com:443/v1", "http api.example.com:443/v1/gold"])
      expect(capabilityCovers(granted, asked)).toBe(true);
    for (const asked of [
      "http api.example.com:443/v10",
      "http api.example.com:443/",
      "http api.example.com:8443/v1",
      "http a.b.example.com:443/v1",
      "http example.com:443/v1",
      "time",
      "http api.example.com:443/v1 x",
    ])
      expect(capabilityCovers(granted, asked)).toBe(false);
    expect(capabilityCovers("http api.example.com:443/", "http api.example.com:443/any")).toBe(
      true,
    );
    expect(capabilityCovers("secret A a.b.c", "secret A a.b.d")).toBe(false);
  });

  it("asks for nothing more than itself, and for everything over nothing", () => {
    const line = fc.constantFrom(...capabilitiesOf(all));
    fc.assert(
      fc.property(fc.uniqueArray(line), fc.uniqueArray(line), (asked, granted) => {
        const more = ungranted(asked, granted);
        expect(ungranted(asked, asked)).toEqual([]);
        expect(ungranted(asked, [])).toEqual(asked);
        expect(ungranted(asked, [...granted, ...more])).toEqual([]);
        expect(more.every((each) => asked.includes(each))).toBe(true);
      }),
    );
  });
});
