// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title What a fabric's gateway (`/v1/ccip/{sender}/{data}.json`) answers, and how a contract asks for it (EIP-3668).
interface ICryptletGateway {
    /// @notice EIP-3668: ask one of the gateways, then call back. `sender` is the contract that was called.
    error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData);

    /// @notice The newest observation of a feed: the signed payload, and the signatures as the envelope has them.
    /// @dev No contract implements this: its calldata is the question, the encoding of its results is the answer.
    function observation(
        bytes32 feedHash
    ) external view returns (bytes memory payload, bytes[] memory signatures);
}
