"""A cart: lines of articles, and what they cost together."""

from collections.abc import Iterator
from dataclasses import dataclass

from shop.pricing import discounted, shipping

MAX_PIECES = 99
COUPONS = {"SPRING10": 10, "VIP25": 25}


class CartError(Exception):
    """Something cannot be put into a cart or taken out of it."""


class UnknownArticle(CartError):
    def __init__(self, article: str) -> None:
        super().__init__(f"{article} is not in the cart")
        self.article = article


@dataclass(frozen=True)
class Line:
    """One article in a cart."""

    article: str
    cents: int
    pieces: int = 1

    @property
    def total(self) -> int:
        return self.cents * self.pieces


class Cart:
    """What a customer wants to buy."""

    def __init__(self, customer: str, coupon: str | None = None) -> None:
        if not customer:
            raise ValueError("a cart needs a customer")
        self.customer = customer
        self.coupon = coupon
        self.lines: list[Line] = []

    def add(self, article: str, cents: int, pieces: int = 1) -> Line:
        """Put an article into the cart.

        Raises:
            ValueError: fewer than 1 piece, or more than the limit.
        """
        if not 1 <= pieces <= MAX_PIECES:
            raise ValueError(f"between 1 and {MAX_PIECES} pieces, not {pieces}")
        line = Line(article, cents, pieces)
        self.lines.append(line)
        return line

    def remove(self, article: str) -> None:
        for line in self.lines:
            if line.article == article:
                self.lines.remove(line)
                return
        raise UnknownArticle(article)

    @property
    def subtotal(self) -> int:
        """All lines together, in cents."""
        return sum(line.total for line in self.lines)

    def total(self) -> int:
        """What the customer pays: the discounted lines and the shipping."""
        goods = discounted(self.subtotal, coupon_percent(self.coupon))
        return goods + shipping(goods)

    def articles(self) -> Iterator[str]:
        for line in self.lines:
            yield line.article

    def __len__(self) -> int:
        return sum(line.pieces for line in self.lines)

    def __contains__(self, article: object) -> bool:
        return any(line.article == article for line in self.lines)


def coupon_percent(code: str | None) -> int:
    """The discount a coupon gives; unknown coupons give none."""
    return COUPONS.get((code or "").strip().upper(), 0)


def cart_from_text(customer: str, text: str) -> Cart:
    """Read a cart from lines of ``article;cents;pieces``."""
    cart = Cart(customer)
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.split(";")
        if len(parts) != 3:
            raise CartError(f"line {number}: expected three parts, got {len(parts)}")
        cart.add(parts[0].strip(), int(parts[1]), int(parts[2]))
    return cart
