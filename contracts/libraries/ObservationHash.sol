// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title What a signature over an observation signs: keccak-256 of the DSSE pre-authentication encoding.
/// @notice PAE = `DSSEv1 46 application/vnd.cryptlet.observation.v1+solabi 192 ` and the payload, which is
/// `abi.encode(bytes32 feedHash, uint64 round, int256 value, uint64 observedAt, uint64 validUntil, bytes32 statementDigest)`.
/// Every part has a fixed length, so the prefix is a constant of 61 bytes.
library ObservationHash {
    /// @notice Bytes of the payload.
    uint256 internal constant PAYLOAD_LENGTH = 192;

    /// @notice First 32 bytes of the prefix.
    bytes32 internal constant PREFIX_HEAD = "DSSEv1 46 application/vnd.cryptl";
    /// @notice Its other 29 bytes.
    bytes32 internal constant PREFIX_TAIL = "et.observation.v1+solabi 192 ";

    /// @notice Hash of the message with these fields.
    /// @dev Written over free memory without moving the free pointer: `bytes.concat` + `abi.encode` copy the 253 bytes
    /// twice and cost about 350 gas more. The tuple's first word overwrites the three zero bytes behind the prefix.
    function ofFields(
        bytes32 feedHash,
        uint256 round,
        int256 value,
        uint256 observedAt,
        uint256 validUntil,
        bytes32 statementDigest
    ) internal pure returns (bytes32 hash) {
        bytes32 prefixHead = PREFIX_HEAD;
        bytes32 prefixTail = PREFIX_TAIL;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, prefixHead)
            mstore(add(m, 32), prefixTail)
            mstore(add(m, 61), feedHash)
            mstore(add(m, 93), round)
            mstore(add(m, 125), value)
            mstore(add(m, 157), observedAt)
            mstore(add(m, 189), validUntil)
            mstore(add(m, 221), statementDigest)
            hash := keccak256(m, 253)
        }
    }

    /// @notice Hash of the message with this payload of `PAYLOAD_LENGTH` bytes.
    function ofPayload(bytes calldata payload) internal pure returns (bytes32) {
        return keccak256(bytes.concat(PREFIX_HEAD, bytes29(PREFIX_TAIL), payload));
    }
}
