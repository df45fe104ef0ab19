"""Orders, from basket to invoice."""

import asyncio
from enum import Enum

from shop.pricing import discounted, shipping
from shop.stock import Shelf


class State(Enum):
    """Where an order is."""

    OPEN = "open"
    PAID = "paid"
    SENT = "sent"


# TODO: a paid order can be cancelled within an hour
NEXT = {State.OPEN: State.PAID, State.PAID: State.SENT}


def advance(state: State) -> State:
    """The state after this one."""
    if state not in NEXT:
        raise ValueError(f"{state.value} is the last state")
    return NEXT[state]


def invoice_total(lines: list[tuple[int, int]], percent: int = 0) -> int:
    """What is to be paid: (pieces, cents each) for every line, less a discount, plus shipping."""
    goods = discounted(sum(pieces * cents for pieces, cents in lines), percent)
    return goods + shipping(goods)


async def reserve(shelf: Shelf, article: str, pieces: int) -> int:
    """Take pieces off the shelf, and tell how many are left."""
    await asyncio.sleep(0)
    return shelf.take(article, pieces)
