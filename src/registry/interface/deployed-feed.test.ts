import { getAddress, hexlify } from "ethers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../test/support/code-of.ts";
import { checkDeployedFeeds, checksumAddress } from "./deployed-feed.ts";

const feedHash = `0x${"ab".repeat(32)}`;
const address = `0x${"cd".repeat(20)}`;
const one = { feed: "xau-usd", feedHash, chainId: 1, address };

describe("checksumAddress", () => {
  it("is what ethers makes of it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
        expect(checksumAddress(hexlify(bytes))).toBe(getAddress(hexlify(bytes)));
      }),
    );
  });
});

describe("checkDeployedFeeds", () => {
  it("orders by chain, then address, whatever order they came in", () => {
    const addresses = [
      { ...one, chainId: 10 },
      { ...one, chainId: 2 },
      { ...one, feed: "xag-usd", chainId: 2, address: `0x${"01".repeat(20)}` },
    ];
    const order = checkDeployedFeeds(addresses).map((each) => [each.chainId, each.feed]);
    expect(order).toEqual([
      [2, "xag-usd"],
      [2, "xau-usd"],
      [10, "xau-usd"],
    ]);
    expect(checkDeployedFeeds(addresses.toReversed())).toEqual(checkDeployedFeeds(addresses));
  });

  it.each([
    ["code for an address", [{ ...one, address: "0x00); selfdestruct(" }]],
    ["code for a feed", [{ ...one, feed: 'x"' }]],
    ["a short hash", [{ ...one, feedHash: "0xab" }]],
    ["chain 0", [{ ...one, chainId: 0 }]],
    ["a chain that is no whole number", [{ ...one, chainId: 1.5 }]],
    ["two contracts of one feed on one chain", [one, { ...one, address: `0x${"01".repeat(20)}` }]],
    ["too many", Array.from({ length: 1_025 }, (_, index) => ({ ...one, chainId: index + 1 }))],
    ["an unknown field", [{ ...one, more: 1 }]],
  ])("refuses %s", (_what, addresses) => {
    expect(codeOf(() => checkDeployedFeeds(addresses))).toBe("INTERFACE_ADDRESSES_INVALID");
  });
});
