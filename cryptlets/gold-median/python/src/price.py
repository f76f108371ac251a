"""A price is a whole number of 10^-8 USD."""

import re

from cryptlet import Refusal

DECIMALS = 8
PRICE = re.compile(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,18}))?")


def divide_half_even(dividend, divisor):
    """Both are not negative."""
    quotient, rest = divmod(dividend, divisor)
    twice = rest * 2
    return quotient + 1 if twice > divisor or (twice == divisor and quotient % 2 == 1) else quotient


def parse_price(text):
    match = PRICE.fullmatch(text)
    if not match:
        raise Refusal("PRICE_NOT_A_NUMBER")
    sign, whole, fraction = match.groups(default="")
    units = divide_half_even(int(whole + fraction.ljust(18, "0")), 10**10)
    if sign or units == 0:
        raise Refusal("PRICE_NOT_POSITIVE")
    return units


def middle_of(a, b):
    """(a + b) / 2, halves to even."""
    return divide_half_even(a + b, 2)


def median_of(prices):
    """Zero for no prices."""
    ordered = sorted(prices) or [0]
    return middle_of(ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2])


def to_text(price):
    digits = str(price).rjust(DECIMALS + 1, "0")
    return f"{digits[:-DECIMALS]}.{digits[-DECIMALS:]}"
