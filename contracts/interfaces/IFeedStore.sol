// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICryptletKeys} from "./ICryptletKeys.sol";

/// @title One feed on chain: what it accepts, what it refuses, who may sign.
interface IFeedStore {
    /// @notice Calldata, payload or signature is not of the one length that fits.
    error WrongLength(uint256 expected, uint256 actual);
    /// @notice The payload speaks of another feed.
    error WrongFeed(bytes32 feedHash);
    /// @notice The value does not fit 80 bits with sign.
    error ValueOutOfRange(int256 value);
    /// @notice A round or a time does not fit 32 bits.
    error NumberOutOfRange(uint256 number);
    /// @notice This round is stored already.
    error DuplicateRound(uint256 round);
    /// @notice A newer round is stored already.
    error OldRound(uint256 round, uint256 latest);
    /// @notice The round is further ahead of the stored one than any feed gets in the time between them.
    error RoundTooFar(uint256 round, uint256 latest);
    /// @notice The source's time does not grow: the older of two valid messages.
    error ObservedAtNotIncreasing(uint256 observedAt, uint256 latest);
    /// @notice The source's time is ahead of the chain's by more than the tolerance.
    error FutureDated(uint256 observedAt, uint256 blockTime);
    /// @notice The message is past its `validUntil`.
    error ObservationExpired(uint256 validUntil, uint256 blockTime);
    /// @notice Fewer signatures than the threshold.
    error UnderSigned(uint256 signatures, uint256 threshold);
    /// @notice `s` is in the upper half of the curve order: the twin of a signature seen before.
    error MalleableSignature(uint256 position);
    /// @notice No key can have made this signature.
    error InvalidSignature(uint256 position);
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
    /// @notice The feed demands hardware and the key is simulated.
    error HardwareRequired(address signer);
    /// @notice The key is good but was not admitted to this feed.
    error SignerNotAdmitted(address signer);
    /// @notice The signer set named in the calldata is not the current one: read `signerSet` again.
    error StaleSignerSet();
    /// @notice Only the feed registry may do this.
    error NotRegistry(address caller);
    /// @notice Signers must be 1 to 32 strictly ascending addresses, with a threshold of 1 to their number.
    error BadSignerSet();

    /// @notice The set that counts from now on; `active` is 0 of `threshold` when too few keys are left.
    event SignerSetChanged(uint256 threshold, uint256 active, uint256 notAfter, bool hardware);

    /// @notice Who may sign this feed.
    /// @param workload Measurement that every key must be attested for.
    /// @param threshold Signatures that a message needs.
    /// @param requireHardware Refuse simulated keys.
    /// @param admitted Strictly ascending addresses, 1 to 32.
    struct Signers {
        bytes32 workload;
        uint8 threshold;
        bool requireHardware;
        address[] admitted;
    }

    /// @notice Store one observation, packed: the cheapest way in. The name is chosen for its selector, 0x00000074, whose
    /// three zero bytes save 36 gas.
    /// @dev Behind the two arguments follows, for each member of the signer set in its order, either its signature
    /// (65 bytes `r || s || v`) or, when its bit in the bitmap is set, its address (20 bytes), and nothing else.
    /// @param report From the top: round (32 bits) | observedAt (32) | value (int80) | validUntil - observedAt (32) |
    /// bitmap of the absent (32, bit i = member i) | the set's notAfter (32) | members that may be absent (8) | members - 1 (8).
    /// @param statementDigest SHA-256 of the JSON statement that says the same in full.
    function update_QJGga(uint256 report, bytes32 statementDigest) external;

    /// @notice Store one observation from the signed payload and its signatures exactly as the envelope has them.
    function submit(bytes calldata payload, bytes[] calldata signatures) external;

    /// @notice Read the keys' registry again and keep the admitted keys that are good now. Open to anyone.
    function refreshSigners() external;

    /// @notice Replace the signers. Only the feed registry.
    function setSigners(Signers calldata signers) external;

    /// @notice What `update` needs to know: threshold, last second of validity, members in their order.
    function signerSet() external view returns (uint8 threshold, uint32 notAfter, address[] memory active);
}
