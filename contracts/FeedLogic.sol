// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AggregatorInterface} from "./interfaces/AggregatorInterface.sol";
import {AggregatorV3Interface} from "./interfaces/AggregatorV3Interface.sol";
import {IFeedStore} from "./interfaces/IFeedStore.sol";
import {FeedState} from "./FeedState.sol";
import {ObservationHash} from "./libraries/ObservationHash.sol";
import {SignerSet} from "./SignerSet.sol";

/// @title The rules of every feed, in plain Solidity: what is accepted, what is refused and why, what readers get.
/// @notice Runs in the storage of a `FeedStore` by delegatecall; deployed once. Called directly it is a feed without
/// name and signers, which refuses everything. Reads never revert and never filter: freshness is the reader's, by
/// `updatedAt`, which is the sources' time.
contract FeedLogic is FeedState, SignerSet, IFeedStore, AggregatorV3Interface, AggregatorInterface {
    /// @dev Position in calldata behind the selector and the two arguments of `update`.
    uint256 private constant SIGNATURES_AT = 68;

    /// @inheritdoc IFeedStore
    function update_QJGga(uint256 report, bytes32 statementDigest) external {
        (, uint256 length) = _packedLength(report);
        _checkCalldata(length);
        _checkPacked(_checkReport(report, statementDigest), report, SIGNATURES_AT);
        _store(report);
    }

    /// @inheritdoc IFeedStore
    function updateByGroup_RUALF(uint256 report, bytes32 statementDigest) external {
        _checkCalldata(GROUP_PROOF_LENGTH);
        _checkGroup(_checkReport(report, statementDigest), report, SIGNATURES_AT);
        _store(report);
    }

    /// @inheritdoc IFeedStore
    function submit(bytes calldata payload, bytes[] calldata signatures) external {
        if (payload.length != ObservationHash.PAYLOAD_LENGTH)
            revert WrongLength(ObservationHash.PAYLOAD_LENGTH, payload.length);
        (bytes32 feed, uint256 round, int256 value, uint256 observedAt, uint256 validUntil, ) = abi.decode(
            payload,
            (bytes32, uint256, int256, uint256, uint256, bytes32)
        );
        if (feed != _feedHash) revert WrongFeed(feed);
        if (value != int80(value)) revert ValueOutOfRange(value);
        if (round > type(uint32).max) revert NumberOutOfRange(round);
        if (observedAt > type(uint32).max) revert NumberOutOfRange(observedAt);
        if (validUntil > type(uint32).max) revert NumberOutOfRange(validUntil);
        _checkOrder(_head, round, observedAt, validUntil);
        _checkSignatures(ObservationHash.ofPayload(payload), signatures);
        _store((round << 224) | (observedAt << 192) | (uint256(uint80(int80(value))) << 112));
    }

    /// @inheritdoc AggregatorV3Interface
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return _answer(_head);
    }

    /// @inheritdoc AggregatorV3Interface
    function getRoundData(uint80 roundId) external view returns (uint80, int256, uint256, uint256, uint80) {
        return _answer(_roundOf(roundId));
    }

    /// @notice The newest kept round with `observedAt <= time` (seconds); zeros when the ring does not reach back that
    /// far. Costs one slot per round looked at, at most `ringSize + 1`.
    function roundAt(uint256 time) external view returns (uint80, int256, uint256, uint256, uint80) {
        uint256 found = _head;
        uint256 latest = found >> 224;
        uint256 last = latest > _ringSize ? latest - _ringSize : 1;
        for (uint256 round = latest; round > last && _timeOf(found) > time; ) {
            uint256 older = _roundOf(--round);
            // A number that never landed has no slot of its own: go on with the one before it.
            if (older != 0) found = older;
        }
        return _timeOf(found) > time ? _answer(0) : _answer(found);
    }

    /// @inheritdoc AggregatorInterface
    function latestAnswer() external view returns (int256) {
        return _valueOf(_head);
    }

    /// @inheritdoc AggregatorInterface
    function latestTimestamp() external view returns (uint256) {
        return _timeOf(_head);
    }

    /// @inheritdoc AggregatorInterface
    function latestRound() external view returns (uint256) {
        return _head >> 224;
    }

    /// @inheritdoc AggregatorInterface
    function getAnswer(uint256 roundId) external view returns (int256) {
        return _valueOf(_roundOf(roundId));
    }

    /// @inheritdoc AggregatorInterface
    function getTimestamp(uint256 roundId) external view returns (uint256) {
        return _timeOf(_roundOf(roundId));
    }

    /// @inheritdoc AggregatorV3Interface
    function decimals() external view returns (uint8) {
        return _feedDecimals;
    }

    /// @inheritdoc AggregatorV3Interface
    function description() external view returns (string memory) {
        return _feedDescription;
    }

    /// @notice Name of the feed in every signed message.
    function feedHash() external view returns (bytes32) {
        return _feedHash;
    }

    /// @notice Older rounds that are kept; 0 keeps the latest only and does not announce `NewRound`.
    function ringSize() external view returns (uint16) {
        return _ringSize;
    }

    /// @inheritdoc AggregatorV3Interface
    function version() external pure returns (uint256) {
        return 1;
    }

    function _checkCalldata(uint256 length) private pure {
        if (msg.data.length != SIGNATURES_AT + length) revert WrongLength(SIGNATURES_AT + length, msg.data.length);
    }

    /// @dev Order and time of a packed report, and what its signers signed.
    function _checkReport(uint256 report, bytes32 statementDigest) private view returns (bytes32) {
        uint256 round = report >> 224;
        uint256 observedAt = _timeOf(report);
        uint256 validUntil = observedAt + uint32(report >> 80);
        _checkOrder(_head, round, observedAt, validUntil);
        return
            ObservationHash.ofFields(_feedHash, round, _valueOf(report), observedAt, validUntil, statementDigest);
    }

    /// @dev Strict order and time, before any signature is paid for.
    function _checkOrder(uint256 head, uint256 round, uint256 observedAt, uint256 validUntil) private view {
        uint256 latest = head >> 224;
        if (round <= latest) {
            if (round == latest && round != 0) revert DuplicateRound(round);
            revert OldRound(round, latest);
        }
        uint256 latestTime = _timeOf(head);
        if (observedAt <= latestTime) revert ObservedAtNotIncreasing(observedAt, latestTime);
        if (observedAt > block.timestamp + MAX_AHEAD) revert FutureDated(observedAt, block.timestamp);
        if (validUntil < block.timestamp) revert ObservationExpired(validUntil, block.timestamp);
        if (latest != 0 && round - latest > MAX_JUMP + MAX_ROUNDS_PER_SECOND * (observedAt - latestTime))
            revert RoundTooFar(round, latest);
    }

    /// @dev The superseded round moves to the ring, the new one becomes the head.
    function _store(uint256 report) private {
        uint256 head = _head;
        uint256 round = report >> 224;
        uint256 observedAt = _timeOf(report);
        if (_ringSize != 0) {
            if (head >> 224 != 0) _ring[(head >> 224) % _ringSize] = head & ~TAG_MASK;
            emit NewRound(round, msg.sender, observedAt);
        }
        _head = (report & ~TAG_MASK) | (head & TAG_MASK);
        emit AnswerUpdated(_valueOf(report), round, observedAt);
    }

    /// @dev A kept round in the head's layout; 0 when it is unknown.
    function _roundOf(uint256 roundId) private view returns (uint256) {
        uint256 head = _head;
        if (roundId == head >> 224) return head;
        if (_ringSize == 0) return 0;
        uint256 kept = _ring[roundId % _ringSize];
        return roundId == kept >> 224 ? kept : 0;
    }

    function _valueOf(uint256 stored) private pure returns (int256) {
        return int80(uint80(stored >> 112));
    }

    function _timeOf(uint256 stored) private pure returns (uint256) {
        return uint32(stored >> 192);
    }

    function _answer(uint256 stored) private pure returns (uint80, int256, uint256, uint256, uint80) {
        uint80 round = uint80(stored >> 224);
        uint256 time = _timeOf(stored);
        return (round, _valueOf(stored), time, time, round);
    }
}
