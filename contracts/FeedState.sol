// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICryptletKeys} from "./interfaces/ICryptletKeys.sol";

/// @title Storage of one feed, shared by `FeedStore`, which owns it, and `FeedLogic`, which runs in it.
/// @dev One slot, `_head`, holds the latest round *and* binds the signer set, so that an update reads and writes one
/// slot and a read costs one cold slot. The set is bound by 112 bits of a hash over this contract, expiry, threshold
/// and members; `CryptletKeys` pushes every change of a key into it (docs/decisions/0002-feed-storage.md).
abstract contract FeedState {
    /// @dev How far, in seconds, a source's clock may be ahead of the chain's.
    uint256 internal constant MAX_AHEAD = 60;

    /// @dev How far a round may be ahead of the last one: this many, and this many more for each second between their
    /// times, which no feed reaches. A stolen key could otherwise use up the round numbers with one message, and a feed
    /// without numbers is dead for ever. A feed's first round may have any number: chains join late.
    uint256 internal constant MAX_JUMP = 65_536;
    uint256 internal constant MAX_ROUNDS_PER_SECOND = 1_000;

    /// @dev Low bits of `_head` that bind the signer set.
    uint256 internal constant TAG_MASK = (1 << 112) - 1;

    /// @dev Slot 0, from the top: round (32 bits) | observedAt (32) | value (int80) | tag of the signer set (112, 0 = none).
    uint256 internal _head;

    /// @dev Name of the feed in every signed message.
    bytes32 internal _feedHash;
    /// @dev Measurement that every signing key must be attested for.
    bytes32 internal _workload;
    /// @dev Registry of attested keys.
    ICryptletKeys internal _keys;
    /// @dev Older rounds that are kept; 0 keeps the latest only and does not announce `NewRound`.
    uint16 internal _ringSize;
    uint8 internal _feedDecimals;
    /// @dev The registry that made this feed and may change its signers.
    address internal _registry;
    /// @dev What `refreshSigners` found, and the rules it goes by.
    uint32 internal _active;
    uint32 internal _notAfter;
    uint8 internal _threshold;
    bool internal _requireHardware;
    /// @dev True when hardware vouches for every active key; false for simulated ones.
    bool internal _hardware;
    address[] internal _admitted;
    string internal _feedDescription;

    /// @dev Slot `round % ringSize`: a superseded round as it stood in `_head`, without the tag.
    uint256[65_535] internal _ring;
}
