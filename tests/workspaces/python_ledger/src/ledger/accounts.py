"""Accounts, and the transfers between them."""

from __future__ import annotations

from collections import defaultdict

from ledger.money import Money

LONGEST_MEMO = 140


class UnknownAccount(KeyError):
    """There is no account of that name."""


class Ledger:
    """Balances by account. The sum of all balances is always zero."""

    def __init__(self) -> None:
        self._balances: dict[str, Money] = defaultdict(lambda: Money(0))
        self._open: set[str] = set()

    def open(self, account: str) -> None:
        """Open an account; opening one twice does nothing."""
        self._open.add(account)

    def transfer(self, source: str, target: str, amount: Money, memo: str = "") -> None:
        """Move money between two accounts.

        Args:
            source: where it leaves; may go below zero.
            target: where it arrives.
            amount: more than zero.
            memo: at most 140 characters.

        Raises:
            UnknownAccount: one of the accounts was never opened.
            ValueError: the amount is not positive, the memo too long, or both accounts are the same.
        """
        for account in (source, target):
            if account not in self._open:
                raise UnknownAccount(account)
        if amount.cents <= 0 or source == target:
            raise ValueError("a transfer moves a positive amount between two accounts")
        if len(memo) > LONGEST_MEMO:
            raise ValueError(f"a memo has at most {LONGEST_MEMO} characters")
        self._balances[source] += -amount
        self._balances[target] += amount

    def balance(self, account: str) -> Money:
        """The present balance of an account."""
        if account not in self._open:
            raise UnknownAccount(account)
        return self._balances[account]

    def close_year(self, year: int) -> dict[str, Money]:
        """The balances at the end of a year, for the annual report.

        TODO: transfers carry no date yet; ask the treasurer which date counts, booking or value.
        """
        raise NotImplementedError
