// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice A call as Multicall3 takes it.
/// @param target Whom to call.
/// @param allowFailure Go on when it fails.
/// @param value Wei to send along.
/// @param callData What to call.
struct Call3Value {
    address target;
    bool allowFailure;
    uint256 value;
    bytes callData;
}

/// @notice What became of it.
/// @param success Whether it did not revert.
/// @param returnData What it returned, or its error.
struct Result {
    bool success;
    bytes returnData;
}

/// @dev Shared by the contract that stands on a chain and the one that lives for a single question.
library CallList {
    /// @notice Make the calls in their order; one that fails and may not reverts everything with its own error.
    function run(Call3Value[] memory calls) internal returns (Result[] memory results) {
        results = new Result[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            Call3Value memory one = calls[i];
            (bool success, bytes memory data) = one.target.call{value: one.value}(one.callData);
            if (!success && !one.allowFailure) {
                assembly ("memory-safe") {
                    revert(add(data, 32), mload(data))
                }
            }
            results[i] = Result(success, data);
        }
    }
}
