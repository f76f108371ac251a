// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ISignerSet} from "../interfaces/ISignerSet.sol";
import {GroupSignature} from "../libraries/GroupSignature.sol";
import {Signature} from "../libraries/Signature.sol";

/// @title An observation as enclaves sign it, checked against a feed's signers without storing it.
library SignedObservation {
    /// @notice The signed fields.
    struct Observation {
        bytes32 feedHash;
        uint256 round;
        int256 value;
        uint256 observedAt;
        uint256 validUntil;
        bytes32 statementDigest;
    }

    /// @notice Fields of a payload of `ObservationHash.PAYLOAD_LENGTH` bytes; nothing about them is checked.
    function decode(bytes calldata payload) internal pure returns (Observation memory) {
        return abi.decode(payload, (Observation));
    }

    /// @notice Where each signature lies in calldata; `ok` is false when one has another length than 65.
    function positionsOf(bytes[] calldata signatures) internal pure returns (uint256[] memory positions, bool ok) {
        positions = new uint256[](signatures.length);
        for (uint256 i = 0; i < signatures.length; ++i) {
            if (signatures[i].length != Signature.LENGTH) return (positions, false);
            positions[i] = positionOf(signatures[i]);
        }
        return (positions, true);
    }

    /// @notice Where bytes lie in calldata.
    function positionOf(bytes calldata part) internal pure returns (uint256 position) {
        assembly ("memory-safe") {
            position := part.offset
        }
    }

    /// @notice Where each of `count` signatures lies that stand one behind the other.
    function positionsFrom(uint256 position, uint256 count) internal pure returns (uint256[] memory positions) {
        positions = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) positions[i] = position + i * Signature.LENGTH;
    }

    /// @notice Whether as many members of the feed's current signer set as its threshold asks for signed the message,
    /// each once, with signatures that are not the malleable twin. Attestation, revocation and expiry count as of now.
    function isSigned(address feed, bytes32 hash, uint256[] memory positions) internal view returns (bool) {
        (uint8 threshold, uint32 notAfter, address[] memory active) = ISignerSet(feed).signerSet();
        if (threshold == 0 || positions.length < threshold || notAfter < block.timestamp) return false;
        uint256 seen;
        for (uint256 i = 0; i < positions.length; ++i) {
            uint256 bit = _memberBit(hash, positions[i], active);
            if (bit == 0 || seen & bit != 0) return false;
            seen |= bit;
        }
        return true;
    }

    /// @notice Whether the feed's current group made the signature of `GroupSignature.LENGTH` bytes at this position.
    function isSignedByGroup(address feed, bytes32 hash, uint256 position) internal view returns (bool) {
        (address group, uint256 x, uint8 parity, uint32 notAfter) = ISignerSet(feed).groupKey();
        if (group == address(0) || notAfter < block.timestamp) return false;
        uint256 z;
        address commitment;
        assembly ("memory-safe") {
            z := calldataload(position)
            commitment := shr(96, calldataload(add(position, 32)))
        }
        return GroupSignature.isValid(hash, x, parity, z, commitment);
    }

    /// @dev One bit per member; 0 when nobody of the set made the signature.
    function _memberBit(bytes32 hash, uint256 position, address[] memory active) private view returns (uint256) {
        if (Signature.isMalleable(position)) return 0;
        address signer = Signature.recover(hash, position);
        if (signer == address(0)) return 0;
        for (uint256 i = 0; i < active.length; ++i) if (active[i] == signer) return 1 << i;
        return 0;
    }
}
