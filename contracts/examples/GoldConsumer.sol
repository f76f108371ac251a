// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";

/// @title A consumer written for Chainlink's published interface; it knows nothing of this product.
contract GoldConsumer {
    /// @notice The price is older than this contract accepts.
    error StalePrice(uint256 updatedAt);
    /// @notice The feed has no usable answer.
    error NoPrice();

    /// @notice The feed: any `AggregatorV3Interface`.
    AggregatorV3Interface public immutable feed;
    /// @notice Oldest price, in seconds, that is accepted.
    uint256 public immutable maxAge;

    /// @param feed_ Any `AggregatorV3Interface`.
    /// @param maxAge_ Oldest price, in seconds, that is accepted.
    constructor(AggregatorV3Interface feed_, uint256 maxAge_) {
        feed = feed_;
        maxAge = maxAge_;
    }

    /// @notice Latest price of gold in the feed's decimals. Freshness is the consumer's own rule.
    function goldPrice() public view returns (int256 price, uint8 decimals) {
        (, int256 answer, , uint256 updatedAt, ) = feed.latestRoundData();
        if (answer <= 0 || updatedAt == 0) revert NoPrice();
        if (updatedAt + maxAge < block.timestamp) revert StalePrice(updatedAt);
        return (answer, feed.decimals());
    }

    /// @notice Value of `grams` grams of gold in whole cents (one troy ounce is 31.1034768 g).
    function valueInCents(uint256 grams) external view returns (uint256) {
        (int256 price, uint8 decimals) = goldPrice();
        return (grams * uint256(price) * 1e9) / (311_034_768 * 10 ** decimals);
    }
}
