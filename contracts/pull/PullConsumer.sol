// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICryptletKeys} from "../interfaces/ICryptletKeys.sol";
import {SignerSet} from "../SignerSet.sol";

/// @title Base of a consumer that verifies a signed observation in its own call: nobody has to push, nothing is stored
/// for anybody else.
/// @notice The caller puts behind the function's arguments what a feed would get: report and digest as arguments, then
/// signatures. The signers are bound in the consumer's own slot by the keys' registry, so that attestation, expiry and
/// revocation hold in every call: `CryptletKeys` calls `refreshSigners` where this contract is a watcher, anybody may call
/// it, and a set that was not refreshed for `maxSetAge` seconds does not count.
///
/// Of several messages that are valid at one time a caller chooses the one it likes. `_pull` refuses what is older than
/// the newest that `_pullNewer` saw, and older than `maxAge`; where an older price is worth money use `_pullNewer`.
/// @dev The heir's function: `function borrow(uint256 amount, uint256 report, bytes32 digest) external`, which calls
/// `_pull(report, digest, 100)`: 100 is where its arguments end. The heir's own storage comes after this contract's.
abstract contract PullConsumer is SignerSet {
    /// @notice The observation is older than this contract accepts.
    error ObservationTooOld(uint256 observedAt, uint256 blockTime);
    /// @notice An observation at least as new was seen before.
    error ObservationNotNewer(uint256 observedAt, uint256 seen);
    /// @notice The round is further ahead than any feed gets in the time between: see `FeedState`.
    error ObservationTooFar(uint256 round, uint256 seen);
    /// @notice The source's time is ahead of the chain's by more than the tolerance.
    error ObservationFutureDated(uint256 observedAt, uint256 blockTime);
    /// @notice The message is past its `validUntil`.
    error ObservationPast(uint256 validUntil, uint256 blockTime);
    /// @notice Nobody looked at the keys for too long: call `refreshSigners`.
    error SignersNotRefreshed(uint256 refreshedAt, uint256 blockTime);

    /// @notice Half the order of secp256k1.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    uint256 private constant UINT32 = 0xffffffff;
    /// @dev How far, in seconds, a source's clock may be ahead of the chain's.
    uint256 private constant MAX_AHEAD = 60;
    /// @dev How far a round may be ahead of the last one that was seen: as `FeedState` has it, and why.
    uint256 private constant MAX_JUMP = 65_536;
    uint256 private constant MAX_ROUNDS_PER_SECOND = 1_000;

    /// @notice The feed whose observations count.
    bytes32 public immutable feedHash;
    /// @notice Oldest observation, in seconds by the source's time, that counts.
    uint256 public immutable maxAge;
    /// @notice Longest time, in seconds, between two looks at the keys.
    uint256 public immutable maxSetAge;

    /// @param keys_ Registry of attested keys.
    /// @param admin May set the signers: an account, a multisig, a registry.
    /// @param feedHash_ Name of the feed in every signed message.
    /// @param maxAge_ Oldest observation that counts, s.
    /// @param maxSetAge_ Longest time between two looks at the keys, s.
    constructor(ICryptletKeys keys_, address admin, bytes32 feedHash_, uint32 maxAge_, uint32 maxSetAge_) {
        (_keys, _registry) = (keys_, admin);
        (feedHash, maxAge, maxSetAge) = (feedHash_, maxAge_, maxSetAge_);
    }

    /// @notice Reads the keys again. Open to anyone.
    function refreshSigners() public override {
        super.refreshSigners();
        // Slot 0, from the top: 48 bits for the heir | refreshedAt (32) | seen round (32) | seen observedAt (32) | tag (112).
        _head = (_head & ~(UINT32 << 176)) | (uint256(uint32(block.timestamp)) << 176);
    }

    /// @notice Round and source's time of the newest observation that was seen by `_pullNewer`.
    function seen() external view returns (uint32 round, uint32 observedAt) {
        return (uint32(_head >> 144), uint32(_head >> 112));
    }

    /// @notice When the keys were looked at last.
    function refreshedAt() external view returns (uint32) {
        return uint32(_head >> 176);
    }

    /// @dev Verifies report, digest and the signatures from calldata `position` to the end. The observation may be used
    /// again, and by others before.
    /// @return value The value in the feed's decimals.
    /// @return observedAt The sources' time, s.
    function _pull(
        uint256 report,
        bytes32 statementDigest,
        uint256 position
    ) internal view returns (int256 value, uint256 observedAt) {
        uint256 head = _head;
        observedAt = (report >> 192) & UINT32;
        if (observedAt < ((head >> 112) & UINT32)) revert ObservationNotNewer(observedAt, uint32(head >> 112));
        value = _verify(head, report, statementDigest, position);
    }

    /// @dev The same, and strictly newer, in round and time, than what this contract saw before; remembers it.
    function _pullNewer(
        uint256 report,
        bytes32 statementDigest,
        uint256 position
    ) internal returns (int256 value, uint256 observedAt) {
        uint256 head = _head;
        uint256 seenAt = (head >> 112) & UINT32;
        uint256 seenRound = (head >> 144) & UINT32;
        observedAt = (report >> 192) & UINT32;
        if (observedAt <= seenAt || (report >> 224) <= seenRound) revert ObservationNotNewer(observedAt, seenAt);
        unchecked {
            if (
                seenRound != 0 && (report >> 224) - seenRound > MAX_JUMP + MAX_ROUNDS_PER_SECOND * (observedAt - seenAt)
            ) revert ObservationTooFar(report >> 224, seenRound);
        }
        value = _verify(head, report, statementDigest, position);
        _head = (head & ~(uint256(type(uint64).max) << 112)) | ((report >> 192) << 112);
    }

    /// @dev The short way for a list whose every member must sign, or k of n; what is not plainly sound is judged, and
    /// refused by name, by the plain rules.
    function _verify(
        uint256 head,
        uint256 report,
        bytes32 statementDigest,
        uint256 position
    ) private view returns (int256 value) {
        bytes32 name = feedHash;
        uint256 oldest = maxAge;
        uint256 oldestSet = maxSetAge;
        uint256 begin = position;
        bool bad;
        bytes32 hash;
        assembly ("memory-safe") {
            let m := mload(0x40)
            let observedAt := and(shr(192, report), UINT32)
            let validUntil := add(observedAt, and(shr(80, report), UINT32))
            value := sar(176, shl(64, report))
            mstore(m, "DSSEv1 46 application/vnd.cryptl")
            mstore(add(m, 32), "et.observation.v1+solabi 192 ")
            mstore(add(m, 61), name)
            mstore(add(m, 93), shr(224, report))
            mstore(add(m, 125), value)
            mstore(add(m, 157), observedAt)
            mstore(add(m, 189), validUntil)
            mstore(add(m, 221), statementDigest)
            hash := keccak256(m, 253)
            // The precompile's input over the message's beginning, the signer set over its end.
            mstore(m, hash)
            let slot := add(m, 160)
            mstore(add(m, 128), or(shl(208, report), address()))
            bad := or(
                or(gt(observedAt, add(timestamp(), MAX_AHEAD)), gt(timestamp(), add(observedAt, oldest))),
                or(
                    or(gt(timestamp(), validUntil), gt(timestamp(), and(shr(16, report), UINT32))),
                    gt(timestamp(), add(and(shr(176, head), UINT32), oldestSet))
                )
            )
            let absent := and(shr(48, report), UINT32)
            let mayMiss := and(shr(8, report), 0xff)
            // A group's report has no list to walk; it is judged below.
            let end := mul(add(add(m, 192), shl(5, and(report, 0xff))), iszero(eq(mayMiss, GROUP_MARK)))
            for {} lt(slot, end) {} {
                switch and(absent, 1)
                case 0 {
                    calldatacopy(add(m, 64), position, 64)
                    mstore(add(m, 32), byte(0, calldataload(add(position, 64))))
                    // A signer that cannot be recovered is 0, which is never a member.
                    mstore(slot, 0)
                    pop(staticcall(gas(), 1, m, 128, slot, 32))
                    bad := or(bad, gt(mload(add(m, 96)), HALF_ORDER))
                    position := add(position, 65)
                }
                default {
                    mstore(slot, shr(96, calldataload(position)))
                    position := add(position, 20)
                    bad := or(bad, iszero(mayMiss))
                    mayMiss := sub(mayMiss, 1)
                }
                absent := shr(1, absent)
                slot := add(slot, 32)
            }
            bad := or(bad, or(absent, xor(position, calldatasize())))
            let set := add(m, 128)
            bad := or(bad, shl(144, xor(head, keccak256(set, sub(slot, set)))))
        }
        if (bad) _judge(head, report, hash, begin);
    }

    /// @dev Reverts with what is wrong; returns for a group's signature, and for the list's beside a group.
    function _judge(uint256 head, uint256 report, bytes32 hash, uint256 position) private view {
        uint256 observedAt = uint32(report >> 192);
        uint256 validUntil = observedAt + uint32(report >> 80);
        uint256 looked = uint32(head >> 176);
        if (observedAt > block.timestamp + MAX_AHEAD) revert ObservationFutureDated(observedAt, block.timestamp);
        if (validUntil < block.timestamp) revert ObservationPast(validUntil, block.timestamp);
        if (observedAt + maxAge < block.timestamp) revert ObservationTooOld(observedAt, block.timestamp);
        if (looked + maxSetAge < block.timestamp) revert SignersNotRefreshed(looked, block.timestamp);
        uint256 length = GROUP_PROOF_LENGTH;
        bool byGroup = uint8(report >> 8) == GROUP_MARK;
        if (!byGroup) (, length) = _packedLength(report);
        if (msg.data.length != position + length) revert WrongLength(position + length, msg.data.length);
        if (byGroup) _checkGroup(hash, report, position);
        else _checkPacked(hash, report, position);
    }
}
