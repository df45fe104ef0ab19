"""Double-entry bookkeeping for small clubs."""

from ledger.accounts import Ledger
from ledger.money import Money

__all__ = ["Ledger", "Money"]
