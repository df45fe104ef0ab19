"""Telling customers about their orders."""

import asyncio
from typing import Protocol

from shop.orders import State

RETRIES = 3


class Mailer(Protocol):
    async def send(self, address: str, subject: str, body: str) -> bool: ...


def subject_for(number: int, state: State) -> str:
    """The subject line of a message about an order."""
    match state:
        case State.PAID:
            return f"Order {number}: thank you for your payment"
        case State.SENT:
            return f"Order {number} is on its way"
        case _:
            return f"Order {number}: {state.value}"


async def notify(mailer: Mailer, number: int, state: State, address: str) -> int:
    """Send a message, again if it fails, and give the number of attempts.

    Raises:
        ValueError: the address has no ``@``.
        ConnectionError: every attempt failed.
    """
    if "@" not in address:
        raise ValueError(f"{address!r} is no address")
    for attempt in range(1, RETRIES + 1):
        if await mailer.send(address, subject_for(number, state), f"{state.value}\n"):
            return attempt
        # TODO: wait longer after each failure
        await asyncio.sleep(0)
    raise ConnectionError(f"no message to {address} after {RETRIES} attempts")


async def greeting(name: str) -> str:
    return f"Hello {name.title()}," if name else "Hello,"
