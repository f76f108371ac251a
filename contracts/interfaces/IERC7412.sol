// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title ERC-7412 (draft): a contract that asks the caller's client for signed data by reverting.
interface IERC7412 {
    /// @notice The call needs newer data: give the oracle contract what its query asks for, then call again.
    error OracleDataRequired(address oracleContract, bytes oracleQuery);
    /// @notice The update must come with this many wei.
    error FeeRequired(uint256 feeAmount);
    /// @notice Several of these errors at once (Synthetix's addition, which their clients know).
    error Errors(bytes[] errors);

    /// @notice Whose data this oracle takes.
    function oracleId() external view returns (bytes32);

    /// @notice Take signed data.
    function fulfillOracleQuery(bytes calldata signedOffchainData) external payable;
}
