// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// @title Chainlink's published feed interface: signatures exactly as published, so that consumers change one address.
interface AggregatorV3Interface {
    /// @notice Decimals of every answer.
    function decimals() external view returns (uint8);

    /// @notice Text for people, for example `XAU / USD`.
    function description() external view returns (string memory);

    /// @notice Version of the implementation.
    function version() external view returns (uint256);

    /// @notice One round; zeros when it is unknown, in the future, or has left the ring.
    function getRoundData(
        uint80 _roundId
    )
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// @notice The latest round; zeros while there is none. Never reverts for staleness: look at `updatedAt`.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
