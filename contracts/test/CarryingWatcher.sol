// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title A watcher that calls back with what it was given, for tests.
contract CarryingWatcher {
    bytes private _data;
    /// @notice Whether the call back went through.
    bool public carried;

    /// @notice What to call back with.
    function prepare(bytes calldata data) external {
        _data = data;
    }

    fallback() external {
        (carried, ) = msg.sender.call(_data);
    }
}
