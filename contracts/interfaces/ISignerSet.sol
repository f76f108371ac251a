// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICryptletKeys} from "./ICryptletKeys.sol";

/// @title Who may sign for a contract: a list of attested keys of which k must sign, and beside it, where there is one, a
/// group key for which k of its members sign together (FROST).
interface ISignerSet {
    /// @notice Calldata, payload or signature is not of the one length that fits.
    error WrongLength(uint256 expected, uint256 actual);
    /// @notice Fewer signatures than the threshold.
    error UnderSigned(uint256 signatures, uint256 threshold);
    /// @notice `s` is in the upper half of the curve order: the twin of a signature seen before.
    error MalleableSignature(uint256 position);
    /// @notice No key can have made this signature.
    error InvalidSignature(uint256 position);
    /// @notice This is no signature of the group over this message: it was forged, altered, or is of another group.
    error InvalidGroupSignature();
    /// @notice The signature is of a key that nobody attested. A forged or altered message ends here too.
    error UnknownSigner(address signer);
    /// @notice The same key signed twice.
    error DuplicateSigner(address signer);
    /// @notice The key is offline, decommissioned or compromised.
    error KeyNotActive(address signer, ICryptletKeys.Status status);
    /// @notice The key's attestation has run out.
    error KeyExpired(address signer, uint256 notAfter);
    /// @notice The key is attested for other code than this feed's.
    error WrongWorkload(address signer, bytes32 workload);
    /// @notice The code that holds the key is older than the least security version that is accepted.
    error SvnTooLow(address signer, uint256 svn, uint256 floor);
    /// @notice The feed demands hardware and the key is simulated.
    error HardwareRequired(address signer);
    /// @notice The key is good but was not admitted to this feed.
    error SignerNotAdmitted(address signer);
    /// @notice A member of the group is compromised, or fewer than k of them are left.
    error GroupSuspended(address group);
    /// @notice The group signs with fewer members than this contract demands.
    error GroupTooSmall(address group, uint256 k, uint256 threshold);
    /// @notice The signer set named in the calldata is not the current one: read `signerSet` again.
    error StaleSignerSet();
    /// @notice Only the registry of this contract may do this.
    error NotRegistry(address caller);
    /// @notice Signers must be 1 to 32 strictly ascending addresses, with a threshold of 1 to their number.
    error BadSignerSet();

    /// @notice The list that counts from now on; `active` is 0 of `threshold` when too few keys are left.
    event SignerSetChanged(uint256 threshold, uint256 active, uint256 notAfter, bool hardware);
    /// @notice The group that counts from now on; 0 when there is none, or when it may not sign now.
    event GroupChanged(address indexed group, uint256 notAfter);

    /// @notice Who may sign.
    /// @param workload Measurement that every key must be attested for.
    /// @param threshold Signatures that a message needs, and the least k of a group.
    /// @param requireHardware Refuse simulated keys.
    /// @param admitted Strictly ascending addresses, 1 to 32.
    struct Signers {
        bytes32 workload;
        uint8 threshold;
        bool requireHardware;
        address[] admitted;
    }

    /// @notice Read the keys' registry again and keep what is good now. Open to anyone.
    function refreshSigners() external;

    /// @notice Replace the list. Only the registry of this contract.
    function setSigners(Signers calldata signers) external;

    /// @notice Admit a group beside the list, or none (0). Only the registry of this contract.
    function setGroup(address group) external;

    /// @notice The list: threshold, last second of validity, members in their order.
    function signerSet() external view returns (uint8 threshold, uint32 notAfter, address[] memory active);

    /// @notice The group that may sign now: its point (x, and 27 or 28 for an even or odd y) and its last second of
    /// validity; zeros when there is none.
    function groupKey() external view returns (address group, uint256 x, uint8 parity, uint32 notAfter);
}
