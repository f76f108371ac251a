// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICryptletKeys} from "./interfaces/ICryptletKeys.sol";

/// @title Storage of a contract that takes signed values: one slot holds the latest of them *and* binds who may sign.
/// @dev Slot 0 is the only one that a message in steady state reads and writes. Its low 112 bits are the tag: part of a
/// hash over this contract, expiry and signers (docs/decisions/0002 and 0048); the upper 144 bits are the heir's.
/// `CryptletKeys` pushes every change of a key into the tag.
abstract contract SignerSetState {
    /// @dev Low bits of `_head` that bind the signers.
    uint256 internal constant TAG_MASK = (1 << 112) - 1;

    /// @dev Slot 0: the heir's 144 bits | tag of the signers (112, 0 = none).
    uint256 internal _head;
    /// @dev Measurement that every signing key must be attested for.
    bytes32 internal _workload;

    /// @dev Registry of attested keys.
    ICryptletKeys internal _keys;
    /// @dev What `refreshSigners` found of the list, and the rules it goes by.
    uint32 internal _active;
    uint32 internal _notAfter;
    uint8 internal _threshold;
    bool internal _requireHardware;
    /// @dev True when hardware vouches for every key that may sign now; false for simulated ones.
    bool internal _hardware;

    /// @dev Who may change the signers.
    address internal _registry;
    /// @dev What `refreshSigners` found of the group: 0 when it may not sign now, and the tag in `_head` is the list's.
    uint32 internal _groupNotAfter;
    uint8 internal _groupParity;

    /// @dev The admitted group, whether or not it may sign now; 0 = none.
    address internal _group;
    uint256 internal _groupX;
    /// @dev The list's tag while `_head` has the group's.
    uint256 internal _listTag;
    address[] internal _admitted;
}
