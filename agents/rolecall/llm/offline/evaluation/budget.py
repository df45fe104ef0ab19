"""What an evaluation may cost, and how it ends when the code is outside the subset."""

from __future__ import annotations

from typing import Any

from rolecall.llm.offline.evaluation.kinds import is_a

MAX_STEPS = 4_000
"""Nodes one call may visit."""

MAX_DEPTH = 24
"""Interpreted calls inside each other; keeps well clear of the host's own recursion limit."""

MAX_SIZE = 4_000
"""Elements or characters a value may hold, so that no evaluation can fill the memory."""

MAX_BITS = 4_096
"""Bits an integer may have."""


class NotUnderstood(BaseException):
    """The code left the subset; nothing is known about what it does.

    Derives from `BaseException` so that neither an interpreted ``except Exception`` nor native code that
    calls back into interpreted code can swallow it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Opaque:
    """A value that is not understood: using it in any way ends the evaluation.

    Attributes:
        name: what to call it in a reason.
        certain: whether the name is bound at all, whatever its value.
    """

    __slots__ = ("certain", "name")

    def __init__(self, name: str, *, certain: bool = True) -> None:
        self.name = name
        self.certain = certain

    def _refuse(self, *_arguments: object) -> Any:
        raise NotUnderstood(f"{self.name} is not understood")

    __bool__ = __len__ = __iter__ = __getitem__ = __contains__ = __call__ = _refuse
    __str__ = __repr__ = __format__ = __hash__ = __index__ = __int__ = __float__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __or__ = __ror__ = _refuse
    __setitem__ = __delitem__ = __iadd__ = __ior__ = __neg__ = __invert__ = __pow__ = __rpow__ = _refuse
    __floordiv__ = __rfloordiv__ = __enter__ = __exit__ = __next__ = __reversed__ = __abs__ = _refuse
    __truediv__ = __rtruediv__ = __mod__ = __rmod__ = __and__ = __rand__ = _refuse


def check_size(value: Any) -> Any:
    """Return the value, unless it grew past the limits.

    Raises:
        NotUnderstood: the value is larger than an expectation in a test should ever be.
    """
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise NotUnderstood("an integer grew too large")
    elif is_a(value, str, bytes, bytearray, list, tuple, dict, set, frozenset) and len(value) > MAX_SIZE:
        raise NotUnderstood("a value grew too large")
    return value
