// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Values of a feed with 18 decimals, as API3, Chronicle and Keystone's price reports have them.
/// @notice Up to 18 decimals nothing is lost. With more the surplus digits are cut off, towards zero. No value wraps: what
/// does not fit reverts.
library Decimals18 {
    /// @notice Most decimals of a feed: with more, common prices would be cut down to nothing.
    uint8 internal constant MOST = 36;

    /// @notice The feed has more decimals than can be brought to 18.
    error UnsupportedDecimals(uint8 decimals);
    /// @notice The value does not fit the peer's type.
    error ValueDoesNotFit(int256 value);

    /// @notice What a value is multiplied by and then divided by; one of the two is 1.
    function factorsOf(uint8 decimals) internal pure returns (int256 multiplier, int256 divisor) {
        if (decimals > MOST) revert UnsupportedDecimals(decimals);
        return decimals > 18 ? (int256(1), int256(10 ** (decimals - 18))) : (int256(10 ** (18 - decimals)), int256(1));
    }

    /// @notice The value with 18 decimals. It fits int224: 2^159 * 10^18 < 2^219.
    /// @dev A `FeedStore` holds int80; the bound is for feeds of other makers behind the same facade.
    function scale(int256 value, int256 multiplier, int256 divisor) internal pure returns (int256) {
        if (value != int160(value)) revert ValueDoesNotFit(value);
        unchecked {
            return (value * multiplier) / divisor;
        }
    }
}
