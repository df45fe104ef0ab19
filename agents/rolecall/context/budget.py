"""How many tokens a text costs, without the model's tokeniser."""

from __future__ import annotations

ASCII_PER_TOKEN = 4
BYTES_PER_TOKEN = 2
"""Beyond ASCII a token holds about two UTF-8 bytes with common tokenisers: half a CJK character's three,
one Cyrillic letter. Too high a guess costs room, too low a one gets the prompt cut silently."""


def estimate_tokens(text: str) -> int:
    """A careful estimate of the tokens in ``text``.

    Rounded up, so that the estimates of parts never add up to less than the estimate of the whole.
    """
    if text.isascii():
        return -(-len(text) // ASCII_PER_TOKEN)
    ascii_count = len(text.encode("ascii", "ignore"))
    other_bytes = len(text.encode("utf-8", "surrogatepass")) - ascii_count
    return -(-(ascii_count + other_bytes * ASCII_PER_TOKEN // BYTES_PER_TOKEN) // ASCII_PER_TOKEN)


class Budget:
    """Tokens that are left.

    Args:
        tokens: how many there are; may be negative.
    """

    def __init__(self, tokens: int) -> None:
        self.left = tokens

    def take(self, text: str) -> bool:
        """Pay for a text, where it fits; otherwise leave everything as it is."""
        cost = estimate_tokens(text)
        if cost > self.left:
            return False
        self.left -= cost
        return True
