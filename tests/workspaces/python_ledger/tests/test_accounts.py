import pytest

from ledger.accounts import Ledger, UnknownAccount
from ledger.money import Money


@pytest.fixture
def ledger():
    ledger = Ledger()
    ledger.open("cash")
    ledger.open("dues")
    return ledger


def test_a_transfer_moves_the_amount(ledger):
    ledger.transfer("dues", "cash", Money(500))

    assert ledger.balance("cash") == Money(500)
    assert ledger.balance("dues") == Money(-500)


def test_an_account_that_was_never_opened_is_refused(ledger):
    with pytest.raises(UnknownAccount):
        ledger.balance("bank")
