// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// @title API3's published reader interface: one feed, always 18 decimals.
interface IApi3ReaderProxy {
    /// @notice The value with 18 decimals and the time of its sources in seconds.
    function read() external view returns (int224 value, uint32 timestamp);
}
