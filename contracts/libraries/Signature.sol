// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Recover the signer of one 65-byte signature `r || s || v` in calldata.
/// @notice OpenZeppelin's `ECDSA` copies the signature to memory first and costs about 250 gas more per signature; it is
/// used where that does not matter (`CryptletKeys`).
library Signature {
    /// @notice Bytes of one signature.
    uint256 internal constant LENGTH = 65;

    /// @notice Half the order of secp256k1: the highest `s` that is accepted (EIP-2).
    uint256 internal constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice `s` at this calldata position is the malleable twin.
    function isMalleable(uint256 position) internal pure returns (bool malleable) {
        uint256 half = HALF_ORDER;
        assembly ("memory-safe") {
            malleable := gt(calldataload(add(position, 32)), half)
        }
    }

    /// @notice The signer, or 0 when no key can have made the signature. `v` is 27 or 28, as the precompile demands.
    /// @dev The precompile is called by hand: `ecrecover` allocates its 128 bytes anew for each signature.
    function recover(bytes32 hash, uint256 position) internal view returns (address signer) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, hash)
            mstore(add(m, 32), byte(0, calldataload(add(position, 64))))
            calldatacopy(add(m, 64), position, 64)
            // The precompile returns nothing for a signature that cannot be: scratch space must not hold an old answer.
            mstore(0, 0)
            pop(staticcall(gas(), 1, m, 128, 0, 32))
            signer := mload(0)
        }
    }
}
