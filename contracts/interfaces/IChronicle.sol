// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// @title Chronicle's documented reader interface: one feed, always 18 decimals, never negative; 0 stands for no value.
interface IChronicle {
    /// @notice Name of the feed, for example `XAU/USD`.
    function wat() external view returns (bytes32 wat);

    /// @notice The value; reverts while there is none.
    function read() external view returns (uint256 value);

    /// @notice The value and its time in seconds; reverts while there is none.
    function readWithAge() external view returns (uint256 value, uint256 age);

    /// @notice Whether there is a value, and the value.
    function tryRead() external view returns (bool isValid, uint256 value);

    /// @notice Whether there is a value, the value and its time in seconds.
    function tryReadWithAge() external view returns (bool isValid, uint256 value, uint256 age);
}
