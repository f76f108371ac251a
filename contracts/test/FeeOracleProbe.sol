// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IFeedRegistry} from "../facades/FeedDirectory.sol";
import {FeedOracle} from "../pull/FeedOracle.sol";

/// @title An oracle that wants to be paid.
contract FeeOracleProbe is FeedOracle {
    uint256 private constant FEE = 1_000;

    constructor(IFeedRegistry registry_) FeedOracle(registry_) {}

    /// @dev Exactly the fee.
    function _takeFee() internal override {
        if (msg.value != FEE) revert FeeRequired(FEE);
    }
}
