// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Decimals18} from "../../facades/Decimals18.sol";

/// @title Lets a test call the scaling that facades share.
contract DecimalsProbe {
    function scale(int256 value, uint8 decimals) external pure returns (int256) {
        (int256 multiplier, int256 divisor) = Decimals18.factorsOf(decimals);
        return Decimals18.scale(value, multiplier, divisor);
    }
}
