// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Whether a leaf stands at a place of a tree (RFC 6962's tree with keccak-256, proofs as RFC 9162 section 2.1.3.2).
/// @dev OpenZeppelin's `MerkleProof` sorts each pair of hashes: it says that a leaf is somewhere in a tree and not at which
/// place, which is what names the member here.
library MerkleProof {
    /// @notice The root that follows from leaf, place and siblings; 0 when their number does not fit place and size.
    /// @param leaf Bytes of the leaf, without the byte that tells leaves from nodes.
    /// @param place Of the leaf, less than `size`.
    /// @param size Leaves of the tree.
    /// @param path Siblings from leaf to root.
    function rootOf(
        bytes calldata leaf,
        uint256 place,
        uint256 size,
        bytes32[] calldata path
    ) internal pure returns (bytes32 hash) {
        if (place >= size) return 0;
        uint256 node = place;
        uint256 last = size - 1;
        hash = keccak256(bytes.concat(bytes1(0), leaf));
        for (uint256 i = 0; i < path.length; ++i) {
            if (last == 0) return 0;
            if (node & 1 == 1 || node == last) {
                hash = keccak256(bytes.concat(bytes1(uint8(1)), path[i], hash));
                // A last node without partner moved up as it is.
                while (node & 1 == 0 && node != 0) {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                hash = keccak256(bytes.concat(bytes1(uint8(1)), hash, path[i]));
            }
            node >>= 1;
            last >>= 1;
        }
        if (last != 0) return 0;
    }
}
