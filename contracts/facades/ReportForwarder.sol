// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";
import {IReceiver} from "../interfaces/IReceiver.sol";
import {GroupSignature} from "../libraries/GroupSignature.sol";
import {ObservationHash} from "../libraries/ObservationHash.sol";
import {Decimals18} from "./Decimals18.sol";
import {FeedDirectory, IFeedRegistry} from "./FeedDirectory.sol";
import {SignedObservation} from "./SignedObservation.sol";

/// @notice What a report says about the code behind a feed.
interface IFeedWorkload {
    /// @notice Measurement that every signing key must be attested for.
    function workload() external view returns (bytes32);
}

/// @title Carries signed observations to consumers that were written for a Keystone forwarder.
/// @notice `report` checks an observation as its feed would and calls the receiver's `onReport` with
/// - metadata: the workload's measurement as workflow id, the feed's short name as workflow name, the feed registry as
///   workflow owner, `REPORT_ID`;
/// - report: a list of one `(bytes32 feedId, uint224 price, uint32 timestamp)`, the price with 18 decimals.
/// Anyone may carry any observation to any receiver: a receiver goes by sender, metadata and feed id, as with Keystone.
/// Rounds reach a receiver in order and once. One that fails harms only itself: the failure is announced and stored, the
/// same message may be tried again, and the next round is not held up.
contract ReportForwarder is FeedDirectory {
    /// @notice What became of the latest round that was carried to a receiver.
    enum State {
        NOT_ATTEMPTED,
        SUCCEEDED,
        FAILED,
        RUNNING
    }

    /// @notice The latest round of a feed that was carried to a receiver.
    /// @param round Its number; 0 when none was.
    /// @param observedAt Time of its sources, in seconds.
    /// @param state See `State`.
    /// @param message First 184 bits of the message's hash.
    struct Delivery {
        uint32 round;
        uint32 observedAt;
        State state;
        bytes23 message;
    }

    /// @notice The report is not an observation, or a number of it does not fit.
    error InvalidReport();
    /// @notice A context is not part of what is signed, so none is taken.
    error UnexpectedContext();
    /// @notice Too few signatures, or one that is not of the feed's signers.
    error InvalidSignatures();
    /// @notice The receiver has this round.
    error DuplicateReport(uint256 round);
    /// @notice The receiver has a newer round.
    error OldReport(uint256 round, uint256 latest);
    /// @notice The source's time does not grow.
    error ObservedAtNotIncreasing(uint256 observedAt, uint256 latest);
    /// @notice The round is further ahead than any feed gets in the time between: see `FeedState`.
    error RoundTooFar(uint256 round, uint256 latest);
    /// @notice The source's time is ahead of the chain's by more than the tolerance.
    error FutureDated(uint256 observedAt, uint256 blockTime);
    /// @notice The observation is past its `validUntil`.
    error ReportExpired(uint256 validUntil, uint256 blockTime);
    /// @notice The receiver is no contract, or does not say through ERC-165 that it receives reports.
    error InvalidReceiver(address receiver);
    /// @notice The transaction has too little gas left to give the receiver what it may use.
    error NotEnoughGas(uint256 left, uint256 needed);
    /// @notice Receivers get between 20,000 and 10,000,000 gas.
    error BadGasLimit(uint256 gasLimit);

    /// @notice A report was carried to a receiver; `result` is false when the receiver failed. Keystone's event.
    event ReportProcessed(
        address indexed receiver,
        bytes32 indexed workflowExecutionId,
        bytes2 indexed reportId,
        bool result
    );

    /// @notice Report id of every report made here: there is one kind.
    bytes2 public constant REPORT_ID = 0x0001;

    uint256 private constant MAX_AHEAD = 60;
    uint256 private constant MAX_JUMP = 65_536;
    uint256 private constant MAX_ROUNDS_PER_SECOND = 1_000;
    /// @dev What is left to do after the call: one dirty slot and one event.
    uint256 private constant RESERVE = 10_000;

    /// @notice Gas that every receiver gets, no more and no less. Not the caller's choice, who could starve a receiver.
    uint256 public immutable gasLimit;
    /// @notice Whether receivers must say through ERC-165 that they are one. Keystone's first receivers did not.
    bool public immutable requireErc165;

    mapping(address receiver => mapping(bytes32 feedHash => Delivery)) private _latest;

    /// @param registry_ Where feeds are looked up.
    /// @param gasLimit_ Gas that every receiver gets.
    /// @param requireErc165_ Refuse receivers that do not say that they are one.
    constructor(IFeedRegistry registry_, uint256 gasLimit_, bool requireErc165_) FeedDirectory(registry_) {
        if (gasLimit_ < 20_000 || gasLimit_ > 10_000_000) revert BadGasLimit(gasLimit_);
        (gasLimit, requireErc165) = (gasLimit_, requireErc165_);
    }

    /// @notice Check an observation and carry it to a receiver. Keystone's signature.
    /// @param receiver A contract with `onReport`.
    /// @param rawReport The signed payload of 192 bytes.
    /// @param reportContext Empty.
    /// @param signatures 65 bytes each, as many as the feed's threshold at least; or one of 52 bytes of its group.
    function report(
        address receiver,
        bytes calldata rawReport,
        bytes calldata reportContext,
        bytes[] calldata signatures
    ) external {
        if (reportContext.length != 0) revert UnexpectedContext();
        if (rawReport.length != ObservationHash.PAYLOAD_LENGTH) revert InvalidReport();
        SignedObservation.Observation memory said = SignedObservation.decode(rawReport);
        Feed memory feed = _find(said.feedHash);
        if (feed.feed == address(0)) revert UnknownFeed(said.feedHash);
        bytes32 hash = ObservationHash.ofPayload(rawReport);
        Delivery storage latest = _latest[receiver][said.feedHash];
        _checkOrder(latest, said, bytes23(hash));
        _checkSignatures(feed.feed, hash, signatures);
        _checkReceiver(receiver);
        bytes memory call_ = _callOf(feed, said);

        // Effects first: while the receiver runs, the round is taken.
        latest.round = uint32(said.round);
        latest.observedAt = uint32(said.observedAt);
        latest.state = State.RUNNING;
        latest.message = bytes23(hash);
        bool ok = _call(receiver, call_);
        latest.state = ok ? State.SUCCEEDED : State.FAILED;
        emit ReportProcessed(receiver, hash, REPORT_ID, ok);
    }

    /// @notice What became of the latest round of a feed that was carried to a receiver.
    function latestDelivery(
        address receiver,
        bytes32 feedHash
    ) external view returns (uint32 round, uint32 observedAt, State state) {
        Delivery storage latest = _latest[receiver][feedHash];
        return (latest.round, latest.observedAt, latest.state);
    }

    /// @dev The receiver gets exactly `gasLimit`; what it returns is not copied, however long it is. Another `report` from
    /// inside takes more than that here and is refused, so that its outcome is never taken for this one's.
    function _call(address receiver, bytes memory call_) private returns (bool ok) {
        uint256 limit = gasLimit;
        // EIP-150 keeps back a 64th of what is left.
        uint256 needed = (limit * 64) / 63 + RESERVE;
        if (gasleft() < needed) revert NotEnoughGas(gasleft(), needed);
        assembly ("memory-safe") {
            ok := call(limit, receiver, 0, add(call_, 32), mload(call_), 0, 0)
        }
    }

    /// @dev Strict order and time, but for a failed message that is tried again.
    function _checkOrder(
        Delivery storage latest,
        SignedObservation.Observation memory said,
        bytes23 message
    ) private view {
        (uint256 round, uint256 time) = (latest.round, latest.observedAt);
        if (said.round == 0 || said.round > type(uint32).max || said.observedAt > type(uint32).max)
            revert InvalidReport();
        if (said.validUntil < block.timestamp) revert ReportExpired(said.validUntil, block.timestamp);
        if (said.observedAt > block.timestamp + MAX_AHEAD) revert FutureDated(said.observedAt, block.timestamp);
        if (said.round == round && latest.state == State.FAILED && latest.message == message) return;
        if (said.round == round) revert DuplicateReport(round);
        if (said.round < round) revert OldReport(said.round, round);
        if (said.observedAt <= time) revert ObservedAtNotIncreasing(said.observedAt, time);
        if (round != 0 && said.round - round > MAX_JUMP + MAX_ROUNDS_PER_SECOND * (said.observedAt - time))
            revert RoundTooFar(said.round, round);
    }

    function _checkSignatures(address feed, bytes32 hash, bytes[] calldata signatures) private view {
        if (signatures.length == 1 && signatures[0].length == GroupSignature.LENGTH) {
            if (SignedObservation.isSignedByGroup(feed, hash, SignedObservation.positionOf(signatures[0]))) return;
            revert InvalidSignatures();
        }
        (uint256[] memory positions, bool ok) = SignedObservation.positionsOf(signatures);
        if (!ok || !SignedObservation.isSigned(feed, hash, positions)) revert InvalidSignatures();
    }

    function _checkReceiver(address receiver) private view {
        if (receiver.code.length == 0) revert InvalidReceiver(receiver);
        if (requireErc165 && !ERC165Checker.supportsInterface(receiver, type(IReceiver).interfaceId))
            revert InvalidReceiver(receiver);
    }

    function _callOf(
        Feed memory feed,
        SignedObservation.Observation memory said
    ) private view returns (bytes memory) {
        (int256 multiplier, int256 divisor) = Decimals18.factorsOf(feed.decimals);
        int256 price = Decimals18.scale(said.value, multiplier, divisor);
        // Keystone's price reports have no sign.
        if (price < 0) revert Decimals18.ValueDoesNotFit(price);
        bytes32 workload = IFeedWorkload(feed.feed).workload();
        bytes memory metadata = abi.encodePacked(workload, feed.name, address(registry), REPORT_ID);
        // A list with one item: offset, length, item.
        bytes memory list = abi.encode(uint256(32), uint256(1), said.feedHash, price, said.observedAt);
        return abi.encodeCall(IReceiver.onReport, (metadata, list));
    }
}
