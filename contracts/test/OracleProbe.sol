// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IERC7412} from "../interfaces/IERC7412.sol";
import {FeedOracle} from "../pull/FeedOracle.sol";

/// @title A consumer of `FeedOracle`, and every way in which one could ask too much.
contract OracleProbe {
    /// @notice What was used, for whom.
    event Used(address sender, int256 value, uint256 observedAt, uint256 paid);

    /// @notice Any oracle.
    FeedOracle public immutable oracle;

    constructor(FeedOracle oracle_) {
        oracle = oracle_;
    }

    /// @notice The newest value, at most so many seconds old.
    function price(bytes32 feedHash, uint256 maxAge) external view returns (int256 value) {
        (value, ) = oracle.latest(feedHash, maxAge);
    }

    /// @notice Several at once.
    function prices(bytes32[] calldata feedHashes, uint256 maxAge) external view returns (int256[] memory values) {
        (values, ) = oracle.latestMany(feedHashes, maxAge);
    }

    /// @notice Uses it, by transaction.
    function settle(bytes32 feedHash, uint256 maxAge) external payable {
        (int256 value, uint256 observedAt) = oracle.latest(feedHash, maxAge);
        emit Used(msg.sender, value, observedAt, msg.value);
    }

    /// @notice Asks again and again, whatever was brought.
    function insatiable(bytes32 feedHash) external view returns (bool) {
        revert IERC7412.OracleDataRequired(address(oracle), abi.encode(feedHash, 0));
    }

    /// @notice Asks in the form with a fee.
    function priceWithFee(bytes32 feedHash, uint256 maxAge, uint256 fee) external view returns (int256 value) {
        try oracle.latest(feedHash, maxAge) returns (int256 found, uint256) {
            return found;
        } catch {
            bytes4 selector = bytes4(keccak256("OracleDataRequired(address,bytes,uint256)"));
            bytes memory error_ = abi.encodeWithSelector(selector, address(oracle), abi.encode(feedHash, maxAge), fee);
            assembly ("memory-safe") {
                revert(add(error_, 32), mload(error_))
            }
        }
    }

    /// @notice Reverts with these bytes.
    function fail(bytes calldata data) external pure returns (bool) {
        bytes memory copy = data;
        assembly ("memory-safe") {
            revert(add(copy, 32), mload(copy))
        }
    }
}
