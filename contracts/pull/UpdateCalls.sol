// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Call3Value, CallList, Result} from "./CallList.sol";

/// @title Several calls in one transaction, by Multicall3's `aggregate3Value`, for chains without Multicall3.
/// @notice Unlike Multicall3 it hands on the error of the call that failed. The contracts that are called see this one as
/// sender. It keeps nothing: what is sent along must be what the calls need.
contract UpdateCalls {
    /// @notice What was sent along is not the sum of what the calls need.
    error ValueMismatch(uint256 sent, uint256 needed);

    /// @notice Make the calls in their order.
    function aggregate3Value(Call3Value[] calldata calls) external payable returns (Result[] memory) {
        uint256 needed;
        for (uint256 i = 0; i < calls.length; ++i) needed += calls[i].value;
        if (needed != msg.value) revert ValueMismatch(msg.value, needed);
        return CallList.run(calls);
    }
}
