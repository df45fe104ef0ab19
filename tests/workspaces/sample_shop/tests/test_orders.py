from shop.orders import State, advance, invoice_total


def test_an_open_order_is_paid_next():
    assert advance(State.OPEN) is State.PAID


def test_an_invoice_holds_the_shipping():
    assert invoice_total([(2, 1000)]) == 2495
