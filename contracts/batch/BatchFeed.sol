// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AggregatorInterface} from "../interfaces/AggregatorInterface.sol";
import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {IBatchStore} from "../interfaces/IBatchStore.sol";

/// @title One member of a batch in the form `stored`, as Chainlink's readers know a feed.
/// @notice The latest round is true, and is the only one: a batch keeps no older values, and another round answers zeros.
/// Reads never revert because a value is old: freshness is the reader's, by `updatedAt`. The events are the batch's.
contract BatchFeed is AggregatorV3Interface, AggregatorInterface {
    /// @notice The batch that holds the value.
    IBatchStore public immutable batch;
    /// @notice Name of the feed in every signed message.
    bytes32 public immutable feedHash;
    /// @notice Of the feed in the batch.
    uint256 public immutable place;
    /// @inheritdoc AggregatorV3Interface
    uint8 public immutable decimals;
    /// @inheritdoc AggregatorV3Interface
    string public description;

    /// @param batch_ The batch that holds the value.
    /// @param feedHash_ Name of the feed.
    /// @param place_ Of the feed in the batch.
    /// @param decimals_ Decimals of every answer.
    /// @param description_ Text for people.
    constructor(
        IBatchStore batch_,
        bytes32 feedHash_,
        uint256 place_,
        uint8 decimals_,
        string memory description_
    ) {
        (batch, feedHash, place, decimals, description) = (batch_, feedHash_, place_, decimals_, description_);
    }

    /// @inheritdoc AggregatorV3Interface
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        (uint80 round, int256 value, uint256 time, ) = batch.itemAt(place);
        return (round, value, time, time, round);
    }

    /// @inheritdoc AggregatorV3Interface
    function getRoundData(uint80 roundId) external view returns (uint80, int256, uint256, uint256, uint80) {
        (int256 value, uint256 time) = _roundOf(roundId);
        return time == 0 ? (uint80(0), int256(0), uint256(0), uint256(0), uint80(0)) : (roundId, value, time, time, roundId);
    }

    /// @inheritdoc AggregatorInterface
    function latestAnswer() external view returns (int256 value) {
        (, value, , ) = batch.itemAt(place);
    }

    /// @inheritdoc AggregatorInterface
    function latestTimestamp() external view returns (uint256 time) {
        (, , time, ) = batch.itemAt(place);
    }

    /// @inheritdoc AggregatorInterface
    function latestRound() external view returns (uint256 round) {
        (round, , , ) = batch.itemAt(place);
    }

    /// @inheritdoc AggregatorInterface
    function getAnswer(uint256 roundId) external view returns (int256 value) {
        (value, ) = _roundOf(roundId);
    }

    /// @inheritdoc AggregatorInterface
    function getTimestamp(uint256 roundId) external view returns (uint256 time) {
        (, time) = _roundOf(roundId);
    }

    /// @inheritdoc AggregatorV3Interface
    function version() external pure returns (uint256) {
        return 1;
    }

    function _roundOf(uint256 roundId) private view returns (int256, uint256) {
        (uint80 round, int256 value, uint256 time, ) = batch.itemAt(place);
        return round == roundId ? (value, time) : (int256(0), uint256(0));
    }
}
