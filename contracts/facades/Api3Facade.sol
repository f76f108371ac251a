// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {IApi3ReaderProxy} from "../interfaces/IApi3ReaderProxy.sol";
import {Decimals18} from "./Decimals18.sol";

/// @title One feed as an API3 reader proxy: 18 decimals, negative values included.
contract Api3Facade is IApi3ReaderProxy {
    /// @notice The feed has no value yet: the error of API3's own proxy.
    error DataFeedIsNotInitialized();

    /// @notice The feed behind this facade.
    AggregatorV3Interface public immutable feed;
    int256 private immutable _multiplier;
    int256 private immutable _divisor;

    /// @param feed_ A `FeedStore`, whose decimals never change.
    constructor(AggregatorV3Interface feed_) {
        feed = feed_;
        (_multiplier, _divisor) = Decimals18.factorsOf(feed_.decimals());
    }

    /// @inheritdoc IApi3ReaderProxy
    function read() external view returns (int224 value, uint32 timestamp) {
        (, int256 answer, , uint256 updatedAt, ) = feed.latestRoundData();
        if (updatedAt == 0) revert DataFeedIsNotInitialized();
        if (updatedAt > type(uint32).max) revert Decimals18.ValueDoesNotFit(int256(updatedAt));
        return (int224(Decimals18.scale(answer, _multiplier, _divisor)), uint32(updatedAt));
    }
}
