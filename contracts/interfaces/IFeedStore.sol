// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ISignerSet} from "./ISignerSet.sol";

/// @title One feed on chain: what it accepts and what it refuses.
interface IFeedStore is ISignerSet {
    /// @notice The payload speaks of another feed.
    error WrongFeed(bytes32 feedHash);
    /// @notice The value does not fit 80 bits with sign.
    error ValueOutOfRange(int256 value);
    /// @notice A round or a time does not fit 32 bits.
    error NumberOutOfRange(uint256 number);
    /// @notice This round is stored already.
    error DuplicateRound(uint256 round);
    /// @notice A newer round is stored already.
    error OldRound(uint256 round, uint256 latest);
    /// @notice The round is further ahead of the stored one than any feed gets in the time between them.
    error RoundTooFar(uint256 round, uint256 latest);
    /// @notice The source's time does not grow: the older of two valid messages.
    error ObservedAtNotIncreasing(uint256 observedAt, uint256 latest);
    /// @notice The source's time is ahead of the chain's by more than the tolerance.
    error FutureDated(uint256 observedAt, uint256 blockTime);
    /// @notice The message is past its `validUntil`.
    error ObservationExpired(uint256 validUntil, uint256 blockTime);

    /// @notice Store one observation, packed: the cheapest way in. The name is chosen for its selector, 0x00000074, whose
    /// three zero bytes save 36 gas.
    /// @dev Behind the two arguments follows, for each member of the signer set in its order, either its signature
    /// (65 bytes `r || s || v`) or, when its bit in the bitmap is set, its address (20 bytes), and nothing else.
    /// @param report From the top: round (32 bits) | observedAt (32) | value (int80) | validUntil - observedAt (32) |
    /// bitmap of the absent (32, bit i = member i) | the set's notAfter (32) | members that may be absent (8) | members - 1 (8).
    /// @param statementDigest SHA-256 of the JSON statement that says the same in full.
    function update_QJGga(uint256 report, bytes32 statementDigest) external;

    /// @notice The same by a group's signature: one check for any k of n. Selector 0x0000001a.
    /// @dev Behind the two arguments follow x of the group's point (32 bytes) and the signature, z (32) and address of R
    /// (20), see `GroupSignature`, and nothing else.
    /// @param report As above, without a bitmap (0), and with 255 and the point's parity (27 or 28) as the last two bytes;
    /// notAfter is the group's.
    /// @param statementDigest SHA-256 of the JSON statement that says the same in full.
    function updateByGroup_RUALF(uint256 report, bytes32 statementDigest) external;

    /// @notice Store one observation from the signed payload and its signatures exactly as the envelope has them: 65 bytes
    /// each, or one of 52 bytes of the group.
    function submit(bytes calldata payload, bytes[] calldata signatures) external;
}
