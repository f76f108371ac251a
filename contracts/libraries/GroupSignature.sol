// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Schnorr signatures over secp256k1 that the precompile for ECDSA checks, so that k of n cost one check.
/// @notice Key P = x * G with coordinates (Px, Py), Px < n; parity 27 or 28 for an even or odd Py; message hash m. The
/// signer has R = k * G, `e = keccak256(Px || parity || m || address(R)) mod n` and `z = k + e * x mod n`. The precompile
/// gives `address(Px^-1 * (s * P - h * G))` for (h, parity, Px, s); with `h = -z * Px` and `s = -e * Px` that is
/// `address(z * G - e * P)`, which is `address(R)` exactly when the signature holds.
/// @dev R is known by the 160 bits of its address; the challenge has it under the hash, so that finding another R for a
/// signature is finding a second preimage, and a forgery costs what one against Schnorr's scheme costs.
library GroupSignature {
    /// @notice Bytes of one signature: z (32) and address(R) (20).
    uint256 internal constant LENGTH = 52;

    /// @notice Order of secp256k1.
    uint256 internal constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    /// @notice Whether (z, commitment) is the signature of the key (x, parity) over the hash.
    function isValid(
        bytes32 hash,
        uint256 x,
        uint8 parity,
        uint256 z,
        address commitment
    ) internal pure returns (bool) {
        if (x == 0 || x >= ORDER || z == 0 || z >= ORDER || commitment == address(0)) return false;
        uint256 e = uint256(keccak256(abi.encodePacked(x, parity, hash, commitment))) % ORDER;
        if (e == 0) return false;
        bytes32 h = bytes32(ORDER - mulmod(z, x, ORDER));
        bytes32 s = bytes32(ORDER - mulmod(e, x, ORDER));
        return ecrecover(h, parity, bytes32(x), s) == commitment;
    }

    /// @notice Address of the point with this x and parity; 0 when there is none that can sign.
    /// @dev `ecrecover(0, v, r, r)` is `address(r^-1 * r * R)` for the R whose x is r.
    function addressOf(uint256 x, uint8 parity) internal pure returns (address) {
        if (x == 0 || x >= ORDER) return address(0);
        return ecrecover(bytes32(0), parity, bytes32(x), bytes32(x));
    }
}
