// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// @title Chainlink's older feed interface and the events that indexers follow, as published.
interface AggregatorInterface {
    /// @notice A new answer is readable.
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    /// @notice A round was opened; `startedBy` is the account that carried it here, which proves nothing.
    event NewRound(uint256 indexed roundId, address indexed startedBy, uint256 startedAt);

    /// @notice The latest answer; 0 while there is none.
    function latestAnswer() external view returns (int256);

    /// @notice Time of the latest answer in seconds; 0 while there is none.
    function latestTimestamp() external view returns (uint256);

    /// @notice The latest round; 0 while there is none.
    function latestRound() external view returns (uint256);

    /// @notice Answer of one round; 0 when it is unknown.
    function getAnswer(uint256 roundId) external view returns (int256);

    /// @notice Time of one round in seconds; 0 when it is unknown.
    function getTimestamp(uint256 roundId) external view returns (uint256);
}
