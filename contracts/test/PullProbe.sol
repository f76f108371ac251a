// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICryptletKeys} from "../interfaces/ICryptletKeys.sol";
import {PullConsumer} from "../pull/PullConsumer.sol";

/// @title A consumer that pulls, for tests and measurements.
contract PullProbe is PullConsumer {
    /// @notice What was used.
    event Used(int256 value, uint256 observedAt);

    constructor(
        ICryptletKeys keys_,
        address admin,
        bytes32 feedHash_,
        uint32 maxAge_,
        uint32 maxSetAge_
    ) PullConsumer(keys_, admin, feedHash_, maxAge_, maxSetAge_) {}

    /// @notice Verifies and does nothing with it.
    function check(uint256 report, bytes32 statementDigest) external view returns (int256 value) {
        (value, ) = _pull(report, statementDigest, 68);
    }

    /// @notice Verifies, remembers, and says what was used.
    function useNewer(uint256 report, bytes32 statementDigest) external {
        (int256 value, uint256 observedAt) = _pullNewer(report, statementDigest, 68);
        emit Used(value, observedAt);
    }

    /// @notice Reads the slot that the checks read, and nothing else: what a call costs without them.
    function touch() external view returns (uint256) {
        return _head;
    }
}
