"""Whether the other side of a pipe or a socket is gone, as opposed to silent.

A client that has sent its last byte may still wait for answers; one that has hung up reads none of them.
Standard library only, and little of it: relays import this.
"""

from __future__ import annotations

import select

GONE = 0 if not hasattr(select, "poll") else select.POLLERR | select.POLLHUP | select.POLLNVAL
"""A pipe whose reader has closed it shows as an error, a socket closed on both ways as hung up."""


def is_hung_up(descriptor: int, within_s: float = 0.0) -> bool:
    """Whether nobody is left to read what is written to a descriptor; false where the system cannot tell.

    Args:
        descriptor: of a pipe's writing end, or a socket.
        within_s: how long to wait for it to come so.
    """
    if not GONE:
        return False
    poll = select.poll()
    poll.register(descriptor, 0)  # errors and hang-ups are told unasked
    return any(events & GONE for _, events in poll.poll(within_s * 1000))
