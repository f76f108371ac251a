// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IApi3ReaderProxy} from "@api3/contracts/interfaces/IApi3ReaderProxy.sol";

/// @title Written to API3's published interface as its guide shows it.
contract Api3Consumer {
    IApi3ReaderProxy private immutable _proxy;

    constructor(IApi3ReaderProxy proxy) {
        _proxy = proxy;
    }

    /// @notice The value, 18 decimals, not older than a day.
    function price() external view returns (int224 value, uint32 timestamp) {
        (value, timestamp) = _proxy.read();
        require(timestamp + 1 days > block.timestamp, "Timestamp older than one day");
    }
}
