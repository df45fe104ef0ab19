from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One thing on sale. The price is in cents."""

    sku: str
    name: str
    price: int
