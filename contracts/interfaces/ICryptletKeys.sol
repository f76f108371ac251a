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
    }

    /// @notice The record of a key; all zeros when it was never registered.
    function keyOf(address key) external view returns (Key memory);
}
