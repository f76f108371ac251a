// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IBatchStore} from "../interfaces/IBatchStore.sol";
import {SignerSetState} from "../SignerSetState.sol";

/// @title Storage of one batch, shared by `BatchStore`, which owns it, and `BatchLogic`, which runs in it.
/// @dev `_head` (slot 0), from the top: issuedAt of the newest batch (32 bits) | the low 112 bits of the hash that its
/// signers signed | tag of the signers (112). 112 bits of a hash are enough here because the signed message holds bits that
/// the enclave chose last (the statement's digest): whoever wants another batch under the same head needs a second
/// preimage, and cannot prepare two batches together (NIST SP 800-106 calls this randomised hashing).
abstract contract BatchState is SignerSetState {
    /// @dev How far, in seconds, an enclave's clock, or a source's, may be ahead of the chain's.
    uint256 internal constant MAX_AHEAD = 60;
    /// @dev As in `FeedState`: how far a member's round may be ahead of the stored one.
    uint256 internal constant MAX_JUMP = 65_536;
    uint256 internal constant MAX_ROUNDS_PER_SECOND = 1_000;
    /// @dev Members of a batch: a place is one byte.
    uint256 internal constant MAX_MEMBERS = 256;
    /// @dev Values in one slot of the packed form.
    uint256 internal constant LANES = 4;

    /// @dev Name of the batch in every signed message.
    bytes32 internal _batchHash;
    /// @dev Contract whose code, behind its first byte, is the members' feed hashes in their order.
    address internal _membersAt;
    uint16 internal _memberCount;
    /// @dev Older heads that are kept for proofs, and the seconds that share one place among them.
    uint16 internal _ringSize;
    uint32 internal _ringSpacing;
    /// @dev The one form in which batches are taken.
    IBatchStore.Form internal _form;
    string internal _description;

    /// @dev Stored form, by place: round (32) | observedAt (32) | validUntil - observedAt (32) | value (int80) | 0 (80).
    uint256[MAX_MEMBERS] internal _items;
    /// @dev Packed form, by place / 4: observedAt of the oldest (32) | four values (int56 each, the least stands for none).
    uint256[MAX_MEMBERS / LANES] internal _words;
    /// @dev Slot `issuedAt / spacing % size`: a superseded head, without the tag.
    uint256[65_535] internal _ring;
}
