"""What is on the shelves."""

from shop.pricing import Price

LOW = 3


class OutOfStock(Exception):
    """Fewer pieces are there than were asked for."""

    def __init__(self, article: str, left: int) -> None:
        super().__init__(f"{article}: only {left} left")
        self.article = article
        self.left = left


class Shelf:
    """Pieces by article."""

    def __init__(self) -> None:
        self._pieces: dict[str, int] = {}
        self._prices: dict[str, Price] = {}

    def put(self, article: str, pieces: int, price: Price) -> None:
        if pieces <= 0:
            raise ValueError("put at least one piece")
        self._pieces[article] = self._pieces.get(article, 0) + pieces
        self._prices[article] = price

    def take(self, article: str, pieces: int = 1) -> int:
        left = self._pieces.get(article, 0)
        if pieces > left:
            raise OutOfStock(article, left)
        self._pieces[article] = left - pieces
        return left - pieces

    def price(self, article: str) -> Price:
        return self._prices[article]

    def is_low(self, article: str) -> bool:
        """Whether the article should be ordered again."""
        return self._pieces.get(article, 0) <= LOW


def total_pieces(pieces: dict[str, int]) -> int:
    return sum(pieces.values())
