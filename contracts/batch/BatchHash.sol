// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title What a signature over a batch signs: keccak-256 of the DSSE pre-authentication encoding.
/// @notice PAE = `DSSEv1 52 application/vnd.cryptlet.observation-batch.v1+solabi 160 ` and the payload, which is
/// `abi.encode(bytes32 batchHash, uint64 round, uint64 issuedAt, uint64 validUntil, bytes32 content)` with
/// `content = keccak256(abi.encode(root, storedHash, packedHash, statementDigest))`.
library BatchHash {
    /// @notice First 32 bytes of the prefix of 67.
    bytes32 internal constant PREFIX_HEAD = "DSSEv1 52 application/vnd.cryptl";
    /// @notice The next 32.
    bytes32 internal constant PREFIX_MIDDLE = "et.observation-batch.v1+solabi 1";
    /// @notice The last three.
    bytes3 internal constant PREFIX_TAIL = "60 ";

    /// @notice Hash of the message with these fields.
    function ofFields(
        bytes32 batchHash,
        uint256 round,
        uint256 issuedAt,
        uint256 validUntil,
        bytes32 content
    ) internal pure returns (bytes32) {
        return
            keccak256(
                bytes.concat(
                    PREFIX_HEAD,
                    PREFIX_MIDDLE,
                    PREFIX_TAIL,
                    abi.encode(batchHash, round, issuedAt, validUntil, content)
                )
            );
    }

    /// @notice What the tuple holds of the batch's parts.
    function ofContent(
        bytes32 root,
        bytes32 storedHash,
        bytes32 packedHash,
        bytes32 statementDigest
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(root, storedHash, packedHash, statementDigest));
    }
}
