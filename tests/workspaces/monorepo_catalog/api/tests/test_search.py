from catalog.models import Item
from catalog.search import search


def test_the_cheapest_item_comes_first():
    cheap, dear = Item("1", "Red mug", 500), Item("2", "Blue mug", 900)

    assert search([dear, cheap], "mug") == [cheap, dear]
