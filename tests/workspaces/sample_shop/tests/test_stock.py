import pytest

from shop.pricing import Price
from shop.stock import OutOfStock, Shelf


def test_taking_more_than_there_is_names_what_is_left():
    shelf = Shelf()
    shelf.put("tea", 2, Price(350))
    with pytest.raises(OutOfStock, match="only 2 left"):
        shelf.take("tea", 3)
