// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IPyth} from "@pythnetwork/pyth-sdk-solidity/IPyth.sol";
import {PythStructs} from "@pythnetwork/pyth-sdk-solidity/PythStructs.sol";
import {PythUtils} from "@pythnetwork/pyth-sdk-solidity/PythUtils.sol";

/// @title Written to Pyth's published interface as its guide shows it: pay the fee, update, read no older than a minute.
contract PythConsumer {
    IPyth private immutable _pyth;
    bytes32 private immutable _id;
    bool private immutable _takesEther;

    event Bought(uint256 price);

    constructor(IPyth pyth, bytes32 id, bool takesEther) {
        (_pyth, _id, _takesEther) = (pyth, id, takesEther);
    }

    receive() external payable {
        require(_takesEther, "no ether");
    }

    /// @notice Pull: with the update in the same transaction, and the exact fee.
    function buy(bytes[] calldata updateData) external payable {
        _pyth.updatePriceFeeds{value: _pyth.getUpdateFee(updateData)}(updateData);
        PythStructs.Price memory price = _pyth.getPriceNoOlderThan(_id, 60);
        emit Bought(PythUtils.convertToUint(price.price, price.expo, 18));
    }

    /// @notice As consumers do that pass on whatever they got.
    function overpay(bytes[] calldata updateData) external payable {
        _pyth.updatePriceFeeds{value: msg.value}(updateData);
    }

    /// @notice A price of a time in the past, not stored.
    function settle(bytes[] calldata updateData, uint64 from, uint64 to) external payable {
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = _id;
        PythStructs.PriceFeed[] memory feeds = _pyth.parsePriceFeedUpdates{value: msg.value}(updateData, ids, from, to);
        emit Bought(PythUtils.convertToUint(feeds[0].price.price, feeds[0].price.expo, 18));
    }
}
