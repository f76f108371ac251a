// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// @title Keystone's published receiver of reports. A receiver says through ERC-165 that it is one (0x805f2132).
interface IReceiver {
    /// @notice Take a report whose signatures the caller, a forwarder, has checked.
    /// @param metadata `abi.encodePacked(bytes32 workflowId, bytes10 name, address owner, bytes2 reportId)`.
    /// @param report What the workflow reports.
    function onReport(bytes calldata metadata, bytes calldata report) external;
}
