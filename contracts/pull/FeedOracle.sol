// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {IERC7412} from "../interfaces/IERC7412.sol";
import {IFeedStore} from "../interfaces/IFeedStore.sol";
import {IFeedRegistry} from "../facades/FeedDirectory.sol";
import {GatewayResponse} from "./GatewayResponse.sol";

/// @title The feeds of a registry for consumers that bring what they need along (ERC-7412): a read of a value that is
/// missing or too old reverts with `OracleDataRequired`, and the caller's client puts the newest observation in front.
/// @notice Nothing is kept or decided here: an update goes to the feed's own contract, which checks it as always, so that
/// whoever reads the feed directly has it too. No fee is taken and nobody administers this.
contract FeedOracle is IERC7412 {
    /// @notice No feed of this name is registered: no update would help.
    error UnknownFeed(bytes32 feedHash);
    /// @notice Ether is not taken: the update is free.
    error UnexpectedValue(uint256 value);
    /// @notice One call reads 1 to 32 feeds.
    error BadFeedCount(uint256 count);

    /// @notice Where feeds are looked up.
    IFeedRegistry public immutable registry;

    constructor(IFeedRegistry registry_) {
        registry = registry_;
    }

    /// @inheritdoc IERC7412
    function oracleId() external pure returns (bytes32) {
        return "CRYPTLET";
    }

    /// @notice The newest value of a feed, at most `maxAge` seconds old by the sources' time; it may be zero or negative.
    /// Reverts with `OracleDataRequired`, whose query is `abi.encode(feedHash, maxAge)`.
    function latest(bytes32 feedHash, uint256 maxAge) external view returns (int256 value, uint256 observedAt) {
        bool fresh;
        (value, observedAt, fresh) = _read(feedHash, maxAge);
        if (!fresh) revert OracleDataRequired(address(this), abi.encode(feedHash, maxAge));
    }

    /// @notice The same for several feeds; `Errors` names at once everything that is missing.
    function latestMany(
        bytes32[] calldata feedHashes,
        uint256 maxAge
    ) external view returns (int256[] memory values, uint256[] memory observedAt) {
        uint256 count = feedHashes.length;
        if (count == 0 || count > 32) revert BadFeedCount(count);
        values = new int256[](count);
        observedAt = new uint256[](count);
        bytes[] memory missing = new bytes[](count);
        uint256 found;
        for (uint256 i = 0; i < count; ++i) {
            bool fresh;
            (values[i], observedAt[i], fresh) = _read(feedHashes[i], maxAge);
            if (!fresh)
                missing[found++] = abi.encodeWithSelector(
                    OracleDataRequired.selector,
                    address(this),
                    abi.encode(feedHashes[i], maxAge)
                );
        }
        if (found == 0) return (values, observedAt);
        assembly ("memory-safe") {
            mstore(missing, found)
        }
        revert Errors(missing);
    }

    /// @notice Put an observation into its feed: `abi.encode(bytes payload, bytes[] signatures)`, as a fabric's gateway
    /// answers. When somebody was first with it, or with a newer one, there is nothing to do and that is no failure.
    function fulfillOracleQuery(bytes calldata signedOffchainData) external payable {
        _takeFee();
        (bytes calldata payload, bytes[] calldata signatures) = GatewayResponse.split(signedOffchainData);
        bytes32 feedHash = bytes32(payload[:32]);
        address feed = registry.feedOf(feedHash);
        if (feed == address(0)) revert UnknownFeed(feedHash);
        uint256 observedAt = uint256(bytes32(payload[96:128]));
        (, , , uint256 storedAt, ) = AggregatorV3Interface(feed).latestRoundData();
        if (storedAt != 0 && observedAt <= storedAt) return;
        IFeedStore(feed).submit(payload, signatures);
    }

    /// @dev An heir that wants to be paid reverts with `FeeRequired` here.
    function _takeFee() internal virtual {
        if (msg.value != 0) revert UnexpectedValue(msg.value);
    }

    function _read(
        bytes32 feedHash,
        uint256 maxAge
    ) private view returns (int256 value, uint256 observedAt, bool fresh) {
        address feed = registry.feedOf(feedHash);
        if (feed == address(0)) revert UnknownFeed(feedHash);
        (, value, , observedAt, ) = AggregatorV3Interface(feed).latestRoundData();
        // No sum: a caller's maxAge may be the largest number there is.
        fresh = observedAt != 0 && (block.timestamp <= observedAt || block.timestamp - observedAt <= maxAge);
    }
}
