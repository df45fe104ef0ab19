"""The shop's command line."""

import sys

from shop.pricing import Price, parse_cents


def main(argv: list[str] | None = None) -> int:
    """Print the total of some pieces at a price: ``shop total 3 19.99``."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) != 3 or arguments[0] != "total":
        print("usage: shop total PIECES PRICE", file=sys.stderr)
        return 2
    print(Price(int(arguments[1]) * parse_cents(arguments[2])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
