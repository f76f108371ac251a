// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";

/// @title Measures what a consumer pays for one read: first (cold) and again (warm).
contract ReadProbe {
    /// @notice Gas of `latestRoundData` as a consumer calls it, decoding included.
    function latest(AggregatorV3Interface feed) external view returns (uint256 cold, uint256 warm) {
        cold = _read(feed);
        warm = _read(feed);
    }

    function _read(AggregatorV3Interface feed) private view returns (uint256 gas_) {
        uint256 before = gasleft();
        feed.latestRoundData();
        gas_ = before - gasleft();
    }
}
