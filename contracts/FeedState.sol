// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {SignerSetState} from "./SignerSetState.sol";

/// @title Storage of one feed, shared by `FeedStore`, which owns it, and `FeedLogic`, which runs in it.
/// @dev `_head` (slot 0), from the top: round (32 bits) | observedAt (32) | value (int80) | tag of the signers (112).
abstract contract FeedState is SignerSetState {
    /// @dev How far, in seconds, a source's clock may be ahead of the chain's.
    uint256 internal constant MAX_AHEAD = 60;

    /// @dev How far a round may be ahead of the last one: this many, and this many more for each second between their
    /// times, which no feed reaches. A stolen key could otherwise use up the round numbers with one message, and a feed
    /// without numbers is dead for ever. A feed's first round may have any number: chains join late.
    uint256 internal constant MAX_JUMP = 65_536;
    uint256 internal constant MAX_ROUNDS_PER_SECOND = 1_000;

    /// @dev Name of the feed in every signed message.
    bytes32 internal _feedHash;
    /// @dev Older rounds that are kept; 0 keeps the latest only and does not announce `NewRound`.
    uint16 internal _ringSize;
    uint8 internal _feedDecimals;
    string internal _feedDescription;

    /// @dev Slot `round % ringSize`: a superseded round as it stood in `_head`, without the tag.
    uint256[65_535] internal _ring;
}
