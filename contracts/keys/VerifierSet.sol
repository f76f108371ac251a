// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

/// @title Verifiers of evidence, k of whom must sign a result (EIP-712) before this contract believes it.
abstract contract VerifierSet is AccessControl, EIP712 {
    using EnumerableSet for EnumerableSet.AddressSet;

    /// @notice Fewer verifiers signed than the threshold.
    error TooFewVerifiers(uint256 signatures, uint256 threshold);
    /// @notice The signature at this position is of nobody in the verifier set (or of an altered result).
    error UnknownVerifier(address signer);
    /// @notice Signatures must stand in strictly ascending order of their signers.
    error VerifiersNotAscending(address signer);
    /// @notice The signature cannot be read: wrong length, malleable or of no key.
    error InvalidVerifierSignature(uint256 position);
    /// @notice The threshold must be 1 to the number of verifiers.
    error BadThreshold(uint256 threshold, uint256 verifiers);

    /// @notice The verifier set changed.
    event VerifierChanged(address indexed verifier, bool admitted);
    /// @notice The number of verifiers that must agree changed.
    event ThresholdChanged(uint256 threshold);

    EnumerableSet.AddressSet private _verifiers;

    /// @notice Verifiers that must agree.
    uint256 public threshold;

    /// @notice Change the verifier set and the threshold together.
    function setVerifiers(
        address[] calldata admit,
        address[] calldata dismiss,
        uint256 threshold_
    ) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setVerifiers(admit, dismiss, threshold_);
    }

    /// @notice The verifier set.
    function verifiers() external view returns (address[] memory) {
        return _verifiers.values();
    }

    /// @notice EIP-712 domain separator of this contract on this chain.
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _setVerifiers(address[] memory admit, address[] memory dismiss, uint256 threshold_) internal {
        for (uint256 i = 0; i < admit.length; ++i) {
            if (admit[i] == address(0)) revert UnknownVerifier(address(0));
            if (_verifiers.add(admit[i])) emit VerifierChanged(admit[i], true);
        }
        for (uint256 i = 0; i < dismiss.length; ++i)
            if (_verifiers.remove(dismiss[i])) emit VerifierChanged(dismiss[i], false);
        if (threshold_ == 0 || threshold_ > _verifiers.length()) revert BadThreshold(threshold_, _verifiers.length());
        threshold = threshold_;
        emit ThresholdChanged(threshold_);
    }

    function _checkVerifiers(bytes32 structHash, bytes[] calldata signatures) internal view {
        if (signatures.length < threshold) revert TooFewVerifiers(signatures.length, threshold);
        bytes32 digest = _hashTypedDataV4(structHash);
        address previous;
        for (uint256 i = 0; i < signatures.length; ++i) {
            (address signer, ECDSA.RecoverError fault, ) = ECDSA.tryRecover(digest, signatures[i]);
            if (fault != ECDSA.RecoverError.NoError) revert InvalidVerifierSignature(i);
            if (!_verifiers.contains(signer)) revert UnknownVerifier(signer);
            if (signer <= previous) revert VerifiersNotAscending(signer);
            previous = signer;
        }
    }
}
