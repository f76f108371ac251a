// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Attested signing keys of enclaves, as feeds and consumers read them.
interface ICryptletKeys {
    /// @notice Life of a key. The last two are final.
    enum Status {
        NONE,
        ACTIVE,
        OFFLINE,
        DECOMMISSIONED,
        COMPROMISED
    }

    /// @notice What verifiers attested for one key.
    /// @param workload Measurement of the code that holds the key.
    /// @param evidenceId Digest of the signed part of the evidence.
    /// @param policyDigest Digest of the policy under which it was appraised.
    /// @param notAfter Last second of validity.
    /// @param svn Security version of the code; never goes back for a key.
    /// @param tee 0 simulator, 1 SGX, 2 TDX, 3 SEV-SNP, 4 Nitro.
    /// @param hardware False for every simulated key: nothing but software vouches for it.
    /// @param status See `Status`.
    /// @param nonce Number of results applied to this key; the next result carries the next number.
    /// @param members Keys behind a group key; 0 for a key that one enclave holds.
    struct Key {
        bytes32 workload;
        bytes32 evidenceId;
        bytes32 policyDigest;
        uint64 notAfter;
        uint32 svn;
        uint8 tee;
        bool hardware;
        Status status;
        uint64 nonce;
        uint8 members;
    }

    /// @notice What a group key has besides its `Key`.
    /// @param x X coordinate of the group's point on secp256k1, less than the curve order.
    /// @param parity 27 when y is even, 28 when it is odd: what `ecrecover` calls v.
    /// @param k Members that must sign together.
    /// @param epoch Grows with each resharing: the same point, other shares.
    /// @param suspended A member is compromised, or fewer than k are left: set and lifted with the members' keys.
    /// @param membersDigest keccak-256 over the members' addresses, each padded to 32 bytes, in ascending order.
    struct Group {
        uint256 x;
        uint8 parity;
        uint8 k;
        uint32 epoch;
        bool suspended;
        bytes32 membersDigest;
    }

    /// @notice What a signer set needs to know of a key: whether it counts now, and until when.
    /// @param notAfter Last second of validity; 0 when the key does not count: not active, past, attested for other code
    /// or for a security version below the floor.
    /// @param hardware Hardware vouches for it.
    struct Standing {
        uint64 notAfter;
        bool hardware;
    }

    /// @notice The record of a key; all zeros when it was never registered.
    function keyOf(address key) external view returns (Key memory);

    /// @notice The group behind a key; all zeros when the key is not a group's.
    function groupOf(address key) external view returns (Group memory);

    /// @notice Least security version that counts for a workload.
    function svnFloorOf(bytes32 workload) external view returns (uint32);

    /// @notice How keys of single enclaves stand for a workload; a group key does not count here.
    function standingsOf(
        address[] calldata keys,
        bytes32 workload
    ) external view returns (Standing[] memory standings);

    /// @notice How a group stands for a workload, and how many of its members sign together.
    function groupStandingOf(
        address group,
        bytes32 workload
    ) external view returns (Standing memory standing, uint8 k);
}
