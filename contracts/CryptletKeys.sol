// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {ICryptletKeys} from "./interfaces/ICryptletKeys.sol";
import {IFeedStore} from "./interfaces/IFeedStore.sol";

/// @title Signing keys of enclaves, attested by k-of-n verifiers: appraise once, then one signature per value.
/// @notice Verifiers appraise evidence off chain and sign the result (EIP-712); anyone carries it here. A change of a
/// key is pushed into every feed that admitted it, in the same transaction: it holds everywhere or reverts.
contract CryptletKeys is ICryptletKeys, AccessControl, EIP712 {
    using EnumerableSet for EnumerableSet.AddressSet;

    /// @notice May set a key's status alone, for emergencies.
    bytes32 public constant REVOKER_ROLE = keccak256("REVOKER_ROLE");
    /// @notice May link keys to feeds: the feed registry.
    bytes32 public constant FEED_ROLE = keccak256("FEED_ROLE");

    /// @notice Longest time, in seconds, for which one appraisal is believed.
    uint256 public constant MAX_LIFETIME = 366 days;
    /// @notice Most feeds that admit one key: keeps a revocation inside one transaction (EIP-7825).
    uint256 public constant MAX_FEEDS_PER_KEY = 256;
    /// @notice Value of `tee` that stands for the simulator.
    uint8 public constant SIMULATOR = 0;

    bytes32 private constant RESULT_TYPE = keccak256(
        "AttestationResult(address key,bytes32 workload,uint8 tee,bool hardware,uint32 svn,uint64 notAfter,bytes32 evidenceId,bytes32 policyDigest,uint64 nonce)"
    );
    bytes32 private constant STATUS_TYPE = keccak256("StatusResult(address key,uint8 status,uint64 nonce)");

    /// @notice What verifiers sign for a key.
    struct AttestationResult {
        address key;
        bytes32 workload;
        uint8 tee;
        bool hardware;
        uint32 svn;
        uint64 notAfter;
        bytes32 evidenceId;
        bytes32 policyDigest;
        uint64 nonce;
    }

    /// @notice Fewer verifiers signed than the threshold.
    error TooFewVerifiers(uint256 signatures, uint256 threshold);
    /// @notice The signature at this position is of nobody in the verifier set (or of an altered result).
    error UnknownVerifier(address signer);
    /// @notice Signatures must stand in strictly ascending order of their signers.
    error VerifiersNotAscending(address signer);
    /// @notice The signature cannot be read: wrong length, malleable or of no key.
    error InvalidVerifierSignature(uint256 position);
    /// @notice A result is used once, in order.
    error WrongNonce(uint64 expected, uint64 actual);
    /// @notice Decommissioned and compromised keys never come back.
    error KeyRetired(address key, Status status);
    /// @notice Never registered.
    error KeyUnknown(address key);
    /// @notice The security version of a key never goes back.
    error SvnRollback(uint32 svn, uint32 current);
    /// @notice Already past, or further ahead than `MAX_LIFETIME`.
    error BadLifetime(uint64 notAfter);
    /// @notice A simulator has no hardware.
    error SimulatedHardware();
    /// @notice Not a key, or a measurement that says nothing.
    error EmptyResult();
    /// @notice A status that a key cannot be set to.
    error BadStatus(Status status);
    /// @notice The threshold must be 1 to the number of verifiers.
    error BadThreshold(uint256 threshold, uint256 verifiers);
    /// @notice The key is admitted to as many feeds as one revocation can reach.
    error TooManyFeeds(address key);

    /// @notice A result was applied.
    event KeyAttested(
        address indexed key,
        bytes32 indexed workload,
        uint8 tee,
        bool hardware,
        uint32 svn,
        uint64 notAfter,
        bytes32 evidenceId,
        bytes32 policyDigest
    );
    /// @notice A key's status changed; `by` is 0 when verifiers decided.
    event KeyStatusChanged(address indexed key, Status status, address by);
    /// @notice The verifier set changed.
    event VerifierChanged(address indexed verifier, bool admitted);
    /// @notice The number of verifiers that must agree changed.
    event ThresholdChanged(uint256 threshold);

    mapping(address key => Key) private _keys;
    mapping(address key => EnumerableSet.AddressSet) private _feeds;
    EnumerableSet.AddressSet private _verifiers;

    /// @notice Verifiers that must agree.
    uint256 public threshold;

    /// @param admin May change verifiers and roles, and revoke.
    /// @param verifiers_ First verifier set.
    /// @param threshold_ Verifiers that must agree.
    constructor(address admin, address[] memory verifiers_, uint256 threshold_) EIP712("CryptletKeys", "1") {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(REVOKER_ROLE, admin);
        _setVerifiers(verifiers_, new address[](0), threshold_);
    }

    /// @notice Register a key, or renew one, by the verifiers' result.
    /// @param signatures 65 bytes each, in strictly ascending order of their signers.
    function register(AttestationResult calldata result, bytes[] calldata signatures) external {
        Key storage key = _keys[result.key];
        if (result.key == address(0) || result.workload == 0) revert EmptyResult();
        if (result.tee == SIMULATOR && result.hardware) revert SimulatedHardware();
        if (key.status == Status.DECOMMISSIONED || key.status == Status.COMPROMISED)
            revert KeyRetired(result.key, key.status);
        if (result.nonce != key.nonce) revert WrongNonce(key.nonce, result.nonce);
        if (result.svn < key.svn) revert SvnRollback(result.svn, key.svn);
        if (result.notAfter <= block.timestamp || result.notAfter > block.timestamp + MAX_LIFETIME)
            revert BadLifetime(result.notAfter);
        _checkVerifiers(
            keccak256(
                abi.encode(
                    RESULT_TYPE,
                    result.key,
                    result.workload,
                    result.tee,
                    result.hardware,
                    result.svn,
                    result.notAfter,
                    result.evidenceId,
                    result.policyDigest,
                    result.nonce
                )
            ),
            signatures
        );
        _keys[result.key] = Key({
            workload: result.workload,
            evidenceId: result.evidenceId,
            policyDigest: result.policyDigest,
            notAfter: result.notAfter,
            svn: result.svn,
            tee: result.tee,
            hardware: result.hardware,
            status: Status.ACTIVE,
            nonce: result.nonce + 1
        });
        emit KeyAttested(
            result.key,
            result.workload,
            result.tee,
            result.hardware,
            result.svn,
            result.notAfter,
            result.evidenceId,
            result.policyDigest
        );
        _push(result.key);
    }

    /// @notice Set a key's status by the verifiers' result.
    function setStatusByVerifiers(
        address key,
        Status status,
        uint64 nonce,
        bytes[] calldata signatures
    ) external {
        if (nonce != _keys[key].nonce) revert WrongNonce(_keys[key].nonce, nonce);
        _checkVerifiers(keccak256(abi.encode(STATUS_TYPE, key, status, nonce)), signatures);
        _setStatus(key, status, address(0));
    }

    /// @notice Set a key's status alone: takes keys out of use, or brings an offline one back.
    function setStatus(address key, Status status) external onlyRole(REVOKER_ROLE) {
        _setStatus(key, status, msg.sender);
    }

    /// @notice Change the verifier set and the threshold together.
    function setVerifiers(
        address[] calldata admit,
        address[] calldata dismiss,
        uint256 threshold_
    ) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setVerifiers(admit, dismiss, threshold_);
    }

    /// @notice Note that a feed admits a key, so that changes of the key reach it.
    function link(address key, address feed) external onlyRole(FEED_ROLE) {
        _feeds[key].add(feed);
        if (_feeds[key].length() > MAX_FEEDS_PER_KEY) revert TooManyFeeds(key);
    }

    /// @notice Note that a feed no longer admits a key.
    function unlink(address key, address feed) external onlyRole(FEED_ROLE) {
        _feeds[key].remove(feed);
    }

    /// @inheritdoc ICryptletKeys
    function keyOf(address key) external view returns (Key memory) {
        return _keys[key];
    }

    /// @notice Active and not past its time.
    function isUsable(address key) external view returns (bool) {
        return _keys[key].status == Status.ACTIVE && _keys[key].notAfter >= block.timestamp;
    }

    /// @notice The verifier set.
    function verifiers() external view returns (address[] memory) {
        return _verifiers.values();
    }

    /// @notice The feeds that admit a key.
    function feedsOf(address key) external view returns (address[] memory) {
        return _feeds[key].values();
    }

    /// @notice EIP-712 domain separator of this contract on this chain.
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _setStatus(address key, Status status, address by) private {
        Status current = _keys[key].status;
        if (current == Status.NONE) revert KeyUnknown(key);
        // A decommissioned key may still turn out to be compromised; nothing else leaves a final status.
        bool worse = current == Status.DECOMMISSIONED && status == Status.COMPROMISED;
        if (!worse && (current == Status.DECOMMISSIONED || current == Status.COMPROMISED))
            revert KeyRetired(key, current);
        if (status == Status.NONE || status == current) revert BadStatus(status);
        _keys[key].status = status;
        // Results signed before this decision must not undo it.
        ++_keys[key].nonce;
        emit KeyStatusChanged(key, status, by);
        _push(key);
    }

    function _push(address key) private {
        uint256 count = _feeds[key].length();
        for (uint256 i = 0; i < count; ++i) IFeedStore(_feeds[key].at(i)).refreshSigners();
    }

    function _setVerifiers(address[] memory admit, address[] memory dismiss, uint256 threshold_) private {
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

    function _checkVerifiers(bytes32 structHash, bytes[] calldata signatures) private view {
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
