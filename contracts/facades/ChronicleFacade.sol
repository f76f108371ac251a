// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {IChronicle} from "../interfaces/IChronicle.sol";
import {Decimals18} from "./Decimals18.sol";

/// @title One feed as a Chronicle oracle: 18 decimals, open to every reader.
/// @notice Chronicle's type has no sign and takes 0 for "no value". A feed at 0 therefore reads as if it had none, and a
/// negative value is refused by name, or is not valid where the reader only tries.
contract ChronicleFacade is IChronicle {
    /// @inheritdoc IChronicle
    bytes32 public immutable wat;
    /// @notice The feed behind this facade.
    AggregatorV3Interface public immutable feed;
    int256 private immutable _multiplier;
    int256 private immutable _divisor;

    /// @param feed_ A `FeedStore`, whose decimals never change.
    /// @param wat_ Name of the feed, text of at most 32 bytes.
    constructor(AggregatorV3Interface feed_, bytes32 wat_) {
        (feed, wat) = (feed_, wat_);
        (_multiplier, _divisor) = Decimals18.factorsOf(feed_.decimals());
    }

    /// @inheritdoc IChronicle
    function read() external view returns (uint256 value) {
        (value, ) = readWithAge();
    }

    /// @inheritdoc IChronicle
    function tryRead() external view returns (bool isValid, uint256 value) {
        (isValid, value, ) = tryReadWithAge();
    }

    /// @inheritdoc IChronicle
    function readWithAge() public view returns (uint256 value, uint256 age) {
        (int256 scaled, uint256 updatedAt) = _latest();
        if (scaled < 0) revert Decimals18.ValueDoesNotFit(scaled);
        // Chronicle's own oracles say no more either.
        if (scaled == 0) {
            assembly ("memory-safe") {
                revert(0, 0)
            }
        }
        return (uint256(scaled), updatedAt);
    }

    /// @inheritdoc IChronicle
    function tryReadWithAge() public view returns (bool isValid, uint256 value, uint256 age) {
        (int256 scaled, uint256 updatedAt) = _latest();
        return scaled > 0 ? (true, uint256(scaled), updatedAt) : (false, 0, 0);
    }

    function _latest() private view returns (int256 scaled, uint256 updatedAt) {
        int256 answer;
        (, answer, , updatedAt, ) = feed.latestRoundData();
        scaled = Decimals18.scale(answer, _multiplier, _divisor);
    }
}
