// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ICryptletGateway} from "../interfaces/ICryptletGateway.sol";
import {ICryptletKeys} from "../interfaces/ICryptletKeys.sol";
import {LookupConsumer} from "../pull/LookupConsumer.sol";
import {PullConsumer} from "../pull/PullConsumer.sol";

/// @title A consumer that asks by EIP-3668, and by pull, for tests and measurements.
contract LookupProbe is LookupConsumer {
    /// @notice What was used, for whom.
    event Used(address sender, int256 value, uint256 observedAt, uint256 amount);

    constructor(
        ICryptletKeys keys_,
        address admin,
        bytes32 feedHash_,
        uint32 maxAge_,
        uint32 maxSetAge_
    ) PullConsumer(keys_, admin, feedHash_, maxAge_, maxSetAge_) {}

    /// @notice The newest value times an amount.
    function priceOf(int256 amount) external view returns (int256 value, uint256 observedAt) {
        if (amount != 0) _lookUp(this.priceOfCallback.selector, abi.encode(amount));
        return (0, 0);
    }

    /// @notice Called back by the client.
    function priceOfCallback(
        bytes calldata response,
        bytes calldata extraData
    ) external view returns (int256 value, uint256 observedAt) {
        (value, observedAt) = _take(response);
        value *= abi.decode(extraData, (int256));
    }

    /// @notice Uses the newest value, by transaction.
    function settle(uint256 amount) external {
        if (amount == 0) emit Used(msg.sender, 0, 0, 0);
        else _lookUp(this.settleCallback.selector, abi.encode(amount));
    }

    /// @notice Called back by the client.
    function settleCallback(bytes calldata response, bytes calldata extraData) external {
        (int256 value, uint256 observedAt) = _takeNewer(response);
        emit Used(msg.sender, value, observedAt, abi.decode(extraData, (uint256)));
    }

    /// @notice Uses what the caller puts behind the arguments.
    function settlePulled(uint256 amount, uint256 report, bytes32 statementDigest) external {
        (int256 value, uint256 observedAt) = _pullNewer(report, statementDigest, 100);
        emit Used(msg.sender, value, observedAt, amount);
    }

    /// @notice Reads what the caller puts behind the arguments.
    function pricePulled(uint256 report, bytes32 statementDigest) external view returns (int256 value) {
        (value, ) = _pull(report, statementDigest, 68);
    }

    /// @notice Asks for a feed of the caller's choice, in the name of a sender of its choice, again and again.
    function misuse(address sender, bytes calldata callData) external pure returns (bool) {
        string[] memory urls = new string[](1);
        urls[0] = "http://169.254.169.254/{sender}/{data}";
        revert ICryptletGateway.OffchainLookup(
            sender,
            urls,
            callData,
            LookupProbe.misuseCallback.selector,
            abi.encode(sender, callData)
        );
    }

    /// @notice Asks once more.
    function misuseCallback(bytes calldata, bytes calldata extraData) external view returns (bool) {
        (address sender, bytes memory callData) = abi.decode(extraData, (address, bytes));
        return this.misuse(sender, callData);
    }
}
