"""Search in the catalogue."""

from .models import Item

MOST_RESULTS = 50


def search(items: list[Item], words: str, limit: int = 20) -> list[Item]:
    """The items whose names hold every word.

    Parameters
    ----------
    items
        In any order.
    words
        Separated by spaces; case does not matter.
    limit
        The most items to give, 1 to 50.

    Returns
    -------
    list of Item
        Cheapest first.

    Raises
    ------
    ValueError
        If the limit is out of range.
    """
    if not 1 <= limit < MOST_RESULTS:
        raise ValueError(f"limit must be 1 to {MOST_RESULTS}")
    wanted = words.lower().split()
    found = [item for item in items if all(word in item.name.lower() for word in wanted)]
    return sorted(found, key=lambda item: item.price)[:limit]


def suggest(items: list[Item], beginning: str) -> list[str]:
    """Names that begin like this. TODO: how many, and after how many letters?"""
    raise NotImplementedError
