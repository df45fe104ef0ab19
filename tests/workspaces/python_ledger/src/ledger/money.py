"""Amounts in whole cents."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Money:
    """An amount of one currency, in cents. Negative amounts are debts."""

    cents: int

    @classmethod
    def parse(cls, text: str) -> Money:
        """Read an amount as people write it.

        Args:
            text: euros and cents, ``12.50``.

        Raises:
            ValueError: more than two decimals, or no number at all.
        """
        euros, _, cents = text.partition(".")
        if len(cents) > 2:
            raise ValueError(f"more than two decimals: {text}")
        return cls(int(euros) * 100 + int(cents.ljust(2, "0")))

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + other.cents)

    def __neg__(self) -> Money:
        return Money(-self.cents)
