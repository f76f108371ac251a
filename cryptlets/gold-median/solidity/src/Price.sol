// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice A price is a whole number of 10^-8 USD.
library Price {
    uint256 private constant ONE = 10 ** 8;
    uint256 private constant MAX_WHOLE = 9;
    uint256 private constant MAX_FRACTION = 18;

    /// @return price Zero where there is a fault.
    /// @return fault Code of what is wrong, or empty.
    function parse(string memory text) internal pure returns (uint256 price, string memory fault) {
        bytes memory characters = bytes(text);
        uint256 i = 0;
        bool negative = characters.length > 0 && characters[0] == "-";
        if (negative) i = 1;
        (uint256 whole, uint256 wholeDigits) = digits(characters, i);
        i += wholeDigits;
        uint256 fraction;
        uint256 fractionDigits;
        if (i < characters.length && characters[i] == ".") {
            (fraction, fractionDigits) = digits(characters, i + 1);
            i += 1 + fractionDigits;
            if (fractionDigits == 0) return (0, "PRICE_NOT_A_NUMBER");
        }
        if (
            i != characters.length ||
            wholeDigits == 0 ||
            wholeDigits > MAX_WHOLE ||
            fractionDigits > MAX_FRACTION
        ) return (0, "PRICE_NOT_A_NUMBER");
        uint256 exact = whole * 10 ** MAX_FRACTION + fraction * 10 ** (MAX_FRACTION - fractionDigits);
        price = divideHalfEven(exact, 10 ** 10);
        if (negative || price == 0) return (0, "PRICE_NOT_POSITIVE");
    }

    /// @notice (a + b) / 2, halves to even.
    function middle(uint256 a, uint256 b) internal pure returns (uint256) {
        return divideHalfEven(a + b, 2);
    }

    /// @notice Zero for no prices. Sorts them in place.
    function median(uint256[] memory prices) internal pure returns (uint256) {
        uint256 count = prices.length;
        if (count == 0) return 0;
        for (uint256 i = 1; i < count; i++)
            for (uint256 j = i; j > 0 && prices[j - 1] > prices[j]; j--)
                (prices[j - 1], prices[j]) = (prices[j], prices[j - 1]);
        return middle(prices[(count - 1) / 2], prices[count / 2]);
    }

    /// @notice Exactly 8 decimals.
    function toText(uint256 price) internal pure returns (string memory) {
        // The leading one keeps the zeros, and is cut off.
        bytes memory fraction = bytes(decimal(ONE + (price % ONE)));
        fraction[0] = ".";
        return string.concat(decimal(price / ONE), string(fraction));
    }

    function decimal(uint256 number) internal pure returns (string memory) {
        uint256 length = 1;
        for (uint256 rest = number; rest >= 10; rest /= 10) length++;
        bytes memory text = new bytes(length);
        for (; length > 0; number /= 10) text[--length] = bytes1(uint8(48 + (number % 10)));
        return string(text);
    }

    function divideHalfEven(uint256 dividend, uint256 divisor) private pure returns (uint256 quotient) {
        quotient = dividend / divisor;
        uint256 twice = (dividend % divisor) * 2;
        if (twice > divisor || (twice == divisor && quotient % 2 == 1)) quotient++;
    }

    /// @dev At most 40 digits are counted, which is more than any price may have.
    function digits(
        bytes memory text,
        uint256 from
    ) private pure returns (uint256 number, uint256 count) {
        while (from + count < text.length && count < 40) {
            uint8 character = uint8(text[from + count]);
            if (character < 48 || character > 57) break;
            number = number * 10 + (character - 48);
            count++;
        }
    }
}
