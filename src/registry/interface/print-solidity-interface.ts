import type { FeedManifest, Manifest } from "../../sdk/manifest.ts";
import {
  checkDeployedFeeds,
  checksumAddress,
  type DeployedFeed,
  type KnownFeed,
} from "./deployed-feed.ts";
import { createSourceNames } from "./source-names.ts";
import { commentText, solidityText } from "./source-text.ts";

type DecimalFeed = Extract<FeedManifest, { kind: "decimal" }>;

const ROUND =
  "uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound";

/** What every feed's contract answers: `IFeedStore` with both interfaces of Chainlink. */
const printFeedInterface = (name: string): string => `\
/// @title A feed of this Cryptlet on chain. It also answers Chainlink's AggregatorV3Interface and AggregatorInterface.
/// @notice Reads never revert and never filter: an unknown round is zeros, and freshness is the reader's, by updatedAt,
/// the sources' time in seconds. Answers are signed integers in the feed's decimals and may be zero or negative.
interface I${name}Feed {
    /// @notice A round was stored.
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);
    /// @notice A round was stored, where older rounds are kept.
    event NewRound(uint256 indexed roundId, address indexed startedBy, uint256 startedAt);

    /// @notice Name of the feed in every signed message.
    function feedHash() external view returns (bytes32);

    /// @notice Decimals of every answer.
    function decimals() external view returns (uint8);

    /// @notice Text for people.
    function description() external view returns (string memory);

    /// @notice The newest round; zeros where there is none.
    function latestRoundData() external view returns (${ROUND});

    /// @notice One kept round by its number; zeros when it is unknown.
    function getRoundData(uint80 id) external view returns (${ROUND});

    /// @notice The newest kept round that was observed at this second or before; zeros when none is kept.
    function roundAt(uint256 time) external view returns (${ROUND});

    /// @notice Store a round from the signed payload and its signatures as a bundle has them. Open to anyone; reverts unless
    /// enough of the feed's signers signed and it is newer than what is stored.
    function submit(bytes calldata payload, bytes[] calldata signatures) external;
}
`;

const printReceiver = (name: string): string => `\
/// @title A contract that gets rounds by callback, from a ReportForwarder (Keystone's IReceiver). Say so through ERC-165.
/// @notice report is abi.encode of a list of one (bytes32 feedHash, uint224 value with 18 decimals, uint32 observedAt).
/// A forwarder carries no negative value: read such a feed by its own interface.
interface I${name}Receiver {
    /// @notice Check msg.sender: anybody can call.
    function onReport(bytes calldata metadata, bytes calldata report) external;
}
`;

const printAddresses = (name: string, addresses: readonly KnownFeed[]): string => {
  if (addresses.length === 0) return "";
  const hashes = new Set(addresses.map(({ feedHash }) => feedHash));
  const [hash] = hashes;
  const known =
    hashes.size === 1
      ? `
    /// @dev Name of the feed in every signed message.
    bytes32 internal constant FEED_HASH = ${hash};
`
      : "";
  const rows = addresses.map(
    ({ chainId, address }) =>
      `        if (chainId == ${chainId}) return I${name}Feed(${checksumAddress(address)});\n`,
  );
  return `${known}
    /// @dev No address of this feed on this chain was known when this was printed.
    error NoFeedOnChain(uint256 chainId);
    /// @dev There is no value, or it is older than was asked for.
    error StaleValue(uint256 observedAt, uint256 maxAge);

    /// @dev The feed's contract on a chain (EIP-155 id).
    function feedOn(uint256 chainId) internal pure returns (I${name}Feed) {
${rows.join("")}        revert NoFeedOnChain(chainId);
    }

    /// @dev The feed's contract on this chain.
    function feed() internal view returns (I${name}Feed) {
        return feedOn(block.chainid);
    }

    /// @dev The newest value, at most maxAge seconds old by the sources' time. It may be zero or negative.
    function latest(uint256 maxAge) internal view returns (int256 value, uint256 observedAt) {
        (, value, , observedAt, ) = feed().latestRoundData();
        if (observedAt == 0 || observedAt + maxAge < block.timestamp) revert StaleValue(observedAt, maxAge);
    }
`;
};

const printFeed = (
  feed: DecimalFeed,
  names: { readonly cryptlet: string; readonly feed: string },
  addresses: readonly KnownFeed[],
): string => `\
/// @title Feed ${feed.id}: ${commentText(feed.description)}
/// @notice Integers with ${feed.decimals} decimals, in ${commentText(feed.unit)}.
library ${names.feed} {
    /// @dev Digits behind the point of every answer.
    uint8 internal constant DECIMALS = ${feed.decimals};
    /// @dev One whole unit.
    int256 internal constant ONE = 1e${feed.decimals};
    /// @dev What one whole unit is.
    string internal constant UNIT = ${solidityText(feed.unit)};
${printAddresses(names.cryptlet, addresses)}}
`;

/**
 * The Solidity header of a Cryptlet: an interface of its feeds' contracts, one for callbacks, and for each decimal feed a
 * library with decimals, unit, addresses by chain id and a read that refuses what is too old. It imports nothing and
 * compiles with solc 0.8.24 or newer; text of the manifest cannot become code. A record has no form for contracts and is
 * named in a comment. Throws `INTERFACE_ADDRESSES_INVALID`.
 * @example
 * ```ts
 * const source = printSolidityInterface(manifest, {
 *   addresses: [{ feed: "xau-usd", feedHash, chainId: 1, address: "0x…" }],
 * });
 * ```
 */
export const printSolidityInterface = (
  manifest: Manifest,
  options: { readonly addresses: readonly DeployedFeed[] },
): string => {
  const addresses = checkDeployedFeeds(options.addresses);
  const names = createSourceNames(manifest);
  const decimal = manifest.feeds.filter((feed) => feed.kind === "decimal");
  const records = manifest.feeds.filter((feed) => feed.kind === "record");
  const head = [
    "// SPDX-License-Identifier: Apache-2.0",
    `// Printed from the manifest of ${manifest.id} ${manifest.version}; print it again in place of a change.`,
    `// ${commentText(manifest.description)}`,
    ...records.map(({ id }) => `// Feed ${id} is a record, which has no form for contracts.`),
    "pragma solidity ^0.8.24;",
    "",
  ];
  const parts = [
    head.join("\n"),
    ...(decimal.length > 0
      ? [printFeedInterface(names.cryptlet), printReceiver(names.cryptlet)]
      : []),
    ...decimal.map((feed) =>
      printFeed(
        feed,
        { cryptlet: names.cryptlet, feed: names.ofFeed(feed) },
        addresses.filter((one) => one.feed === feed.id),
      ),
    ),
  ];
  return parts.join("\n");
};
