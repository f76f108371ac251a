// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AggregatorInterface} from "./interfaces/AggregatorInterface.sol";
import {AggregatorV3Interface} from "./interfaces/AggregatorV3Interface.sol";
import {ICryptletKeys} from "./interfaces/ICryptletKeys.sol";
import {IFeedStore} from "./interfaces/IFeedStore.sol";
import {FeedState} from "./FeedState.sol";
import {ObservationHash} from "./libraries/ObservationHash.sol";
import {Signature} from "./libraries/Signature.sol";

/// @title The rules of every feed, in plain Solidity: what is accepted, what is refused and why, what readers get.
/// @notice Runs in the storage of a `FeedStore` by delegatecall; deployed once. Called directly it is a feed without
/// name and signers, which refuses everything. Reads never revert and never filter: freshness is the reader's, by
/// `updatedAt`, which is the sources' time.
contract FeedLogic is FeedState, IFeedStore, AggregatorV3Interface, AggregatorInterface {
    /// @notice Most members of a signer set.
    uint256 public constant MAX_SIGNERS = 32;

    /// @dev Position in calldata behind the selector and the two arguments of `update`.
    uint256 private constant SIGNATURES_AT = 68;

    /// @inheritdoc IFeedStore
    function update_QJGga(uint256 report, bytes32 statementDigest) external {
        uint256 head = _head;
        uint256 round = report >> 224;
        uint256 observedAt = uint32(report >> 192);
        int256 value = _valueOf(report);
        uint256 validUntil = observedAt + uint32(report >> 80);
        uint256 members = uint256(uint8(report)) + 1;
        uint256 missing = _checkLength(report, members);
        _checkOrder(head, round, observedAt, validUntil);
        uint256 mayMiss = uint8(report >> 8);
        if (missing > mayMiss) revert UnderSigned(members - missing, members > mayMiss ? members - mayMiss : 0);
        _checkSigners(
            ObservationHash.ofFields(_feedHash, round, value, observedAt, validUntil, statementDigest),
            report,
            members
        );
        _store(head, report);
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
        uint256 head = _head;
        _checkOrder(head, round, observedAt, validUntil);
        _checkSignatures(ObservationHash.ofPayload(payload), signatures);
        _store(head, (round << 224) | (observedAt << 192) | (uint256(uint80(int80(value))) << 112));
    }

    /// @inheritdoc IFeedStore
    function setSigners(Signers calldata signers) external {
        if (msg.sender != _registry) revert NotRegistry(msg.sender);
        uint256 count = signers.admitted.length;
        if (count == 0 || count > MAX_SIGNERS || signers.threshold == 0 || signers.threshold > count)
            revert BadSignerSet();
        for (uint256 i = 0; i < count; ++i)
            if (signers.admitted[i] <= (i == 0 ? address(0) : signers.admitted[i - 1])) revert BadSignerSet();
        _workload = signers.workload;
        _threshold = signers.threshold;
        _requireHardware = signers.requireHardware;
        _admitted = signers.admitted;
        refreshSigners();
    }

    /// @inheritdoc IFeedStore
    function refreshSigners() public {
        uint256 active;
        uint256 count;
        uint256 notAfter = type(uint32).max;
        bool allHardware = true;
        address[] memory members = new address[](_admitted.length);
        for (uint256 i = 0; i < members.length; ++i) {
            ICryptletKeys.Key memory key = _keys.keyOf(_admitted[i]);
            if (
                key.status != ICryptletKeys.Status.ACTIVE ||
                key.notAfter < block.timestamp ||
                key.workload != _workload ||
                (_requireHardware && !key.hardware)
            ) continue;
            active |= 1 << i;
            members[count++] = _admitted[i];
            if (key.notAfter < notAfter) notAfter = key.notAfter;
            allHardware = allHardware && key.hardware;
        }
        if (count < _threshold) (active, count, notAfter, allHardware) = (0, 0, 0, false);
        (_active, _notAfter, _hardware) = (uint32(active), uint32(notAfter), allHardware);
        uint256 tag = count == 0 ? 0 : _tagOf(members, count, count - _threshold, notAfter);
        _head = (_head & ~TAG_MASK) | tag;
        emit SignerSetChanged(_threshold, count, notAfter, allHardware);
    }

    /// @inheritdoc IFeedStore
    function signerSet() public view returns (uint8 threshold, uint32 notAfter, address[] memory active) {
        (threshold, notAfter) = (_threshold, _notAfter);
        active = new address[](_admitted.length);
        uint256 count;
        for (uint256 i = 0; i < active.length; ++i) if ((_active >> i) & 1 == 1) active[count++] = _admitted[i];
        assembly ("memory-safe") {
            mstore(active, count)
        }
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

    /// @notice Measurement that every signing key must be attested for.
    function workload() external view returns (bytes32) {
        return _workload;
    }

    /// @notice Registry of attested keys.
    function keys() external view returns (ICryptletKeys) {
        return _keys;
    }

    /// @notice The registry that made this feed and may change its signers.
    function registry() external view returns (address) {
        return _registry;
    }

    /// @notice Older rounds that are kept; 0 keeps the latest only and does not announce `NewRound`.
    function ringSize() external view returns (uint16) {
        return _ringSize;
    }

    /// @notice True when hardware vouches for every active key; false for simulated ones.
    function hardware() external view returns (bool) {
        return _hardware;
    }

    /// @inheritdoc AggregatorV3Interface
    function version() external pure returns (uint256) {
        return 1;
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

    /// @dev The plain way: signatures in any order against the stored members.
    function _checkSignatures(bytes32 hash, bytes[] calldata signatures) private view {
        (uint8 threshold, uint32 notAfter, address[] memory active) = signerSet();
        uint256 seen;
        for (uint256 i = 0; i < signatures.length; ++i) {
            if (signatures[i].length != Signature.LENGTH) revert WrongLength(Signature.LENGTH, signatures[i].length);
            bytes calldata signature = signatures[i];
            uint256 position;
            assembly ("memory-safe") {
                position := signature.offset
            }
            if (Signature.isMalleable(position)) revert MalleableSignature(i);
            address signer = Signature.recover(hash, position);
            if (signer == address(0)) revert InvalidSignature(i);
            uint256 member;
            while (member < active.length && active[member] != signer) ++member;
            if (member == active.length || notAfter < block.timestamp) {
                _refuseSigner(signer);
                revert StaleSignerSet();
            }
            if ((seen >> member) & 1 == 1) revert DuplicateSigner(signer);
            seen |= 1 << member;
        }
        if (threshold == 0 || signatures.length < threshold) revert UnderSigned(signatures.length, threshold);
    }

    /// @dev The superseded round moves to the ring, the new one becomes the head.
    function _store(uint256 head, uint256 report) private {
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

    /// @dev 112 bits that stand for this contract, notAfter, the report's two counts and the members in their order.
    function _tagOf(
        address[] memory members,
        uint256 count,
        uint256 mayMiss,
        uint256 notAfter
    ) private view returns (uint256) {
        uint256 rules = (notAfter << 16) | (mayMiss << 8) | (count - 1);
        bytes memory set = abi.encode((rules << 208) | uint160(address(this)));
        for (uint256 i = 0; i < count; ++i) set = bytes.concat(set, abi.encode(members[i]));
        return uint256(keccak256(set)) & TAG_MASK;
    }

    /// @dev The calldata's length must be the one that its own bitmap asks for. Gives the number of absent members.
    function _checkLength(uint256 report, uint256 members) private pure returns (uint256 missing) {
        for (uint256 i = 0; i < members; ++i) if ((uint32(report >> 48) >> i) & 1 == 1) ++missing;
        uint256 expected = SIGNATURES_AT + (members - missing) * Signature.LENGTH + missing * 20;
        if (msg.data.length != expected) revert WrongLength(expected, msg.data.length);
    }

    /// @dev Rebuild the signer set from calldata and compare it with the bound one; else say what is wrong.
    function _checkSigners(bytes32 hash, uint256 report, uint256 members) private view {
        address[] memory set = new address[](members);
        uint256 position = SIGNATURES_AT;
        for (uint256 i = 0; i < members; ++i) {
            if ((uint32(report >> 48) >> i) & 1 == 1) {
                set[i] = address(bytes20(msg.data[position:position + 20]));
                position += 20;
                continue;
            }
            if (Signature.isMalleable(position)) revert MalleableSignature(i);
            set[i] = Signature.recover(hash, position);
            if (set[i] == address(0)) revert InvalidSignature(i);
            position += Signature.LENGTH;
        }
        uint256 notAfter = uint32(report >> 16);
        // A bit beyond the members would be a second form of the same message.
        bool exact = members > 31 || uint32(report >> 48) >> members == 0;
        bool bound = _tagOf(set, members, uint8(report >> 8), notAfter) == _head & TAG_MASK;
        if (exact && bound && notAfter >= block.timestamp) return;
        for (uint256 i = 0; i < members; ++i) if ((uint32(report >> 48) >> i) & 1 == 0) _refuseSigner(set[i]);
        revert StaleSignerSet();
    }

    /// @dev Returns only when nothing is wrong with the signer itself.
    function _refuseSigner(address signer) private view {
        ICryptletKeys.Key memory key = _keys.keyOf(signer);
        if (key.status == ICryptletKeys.Status.NONE) revert UnknownSigner(signer);
        if (key.status != ICryptletKeys.Status.ACTIVE) revert KeyNotActive(signer, key.status);
        if (key.notAfter < block.timestamp) revert KeyExpired(signer, key.notAfter);
        if (key.workload != _workload) revert WrongWorkload(signer, key.workload);
        if (_requireHardware && !key.hardware) revert HardwareRequired(signer);
        for (uint256 i = 0; i < _admitted.length; ++i) if (_admitted[i] == signer) return;
        revert SignerNotAdmitted(signer);
    }
}
