"""Prices, in whole cents."""

from dataclasses import dataclass

MAX_DISCOUNT = 60
FREE_SHIPPING_FROM = 50_00
SHIPPING = 4_95


class PriceError(ValueError):
    """A price or a discount is out of range."""


@dataclass(frozen=True)
class Price:
    """An amount and its currency."""

    cents: int
    currency: str = "EUR"

    def __str__(self) -> str:
        return f"{self.cents // 100}.{self.cents % 100:02} {self.currency}"


def discounted(cents: int, percent: int) -> int:
    """The price less a discount, rounded down to a cent.

    >>> discounted(1000, 25)
    750
    """
    if cents < 0:
        raise PriceError("a price is never negative")
    if not 0 <= percent <= MAX_DISCOUNT:
        raise PriceError(f"a discount is at most {MAX_DISCOUNT} percent")
    return cents - cents * percent // 100


def shipping(cents: int) -> int:
    """What shipping costs for an order of this value."""
    if cents >= FREE_SHIPPING_FROM:
        return 0
    return SHIPPING


def parse_cents(text: str) -> int:
    """Read an amount such as ``19.99``.

    >>> parse_cents("19.99")
    1999
    >>> parse_cents("7")
    700
    """
    whole, _, part = text.strip().partition(".")
    if not whole.isdigit() or not (part == "" or (part.isdigit() and len(part) == 2)):
        raise PriceError(f"{text!r} is not an amount")
    return int(whole) * 100 + int(part or 0)
