"""A source file's tests, and the source a test file tests."""

import pytest

from rolecall.context.counterpart import counterparts
from rolecall.context.index import PathIndex

PAIRS = [
    ("src/demo/core.py", "tests/test_core.py"),
    ("demo/core.py", "demo/core_test.py"),
    ("demo/store/core.py", "tests/store/test_core.py"),
    ("web/cart.ts", "web/cart.test.ts"),
    ("web/cart.ts", "web/__tests__/cart.ts"),
    ("web/Cart.tsx", "web/Cart.spec.tsx"),
    ("store/store.go", "store/store_test.go"),
    ("src/main/java/shop/Cart.java", "src/test/java/shop/CartTest.java"),
    ("src/Cart.cs", "tests/CartTests.cs"),
    ("lib/cart.rb", "spec/cart_spec.rb"),
    ("src/cart.rs", "tests/cart.rs"),
    ("src/Cart.php", "tests/CartTest.php"),
]


@pytest.mark.parametrize(("source", "test"), PAIRS)
def test_a_source_file_leads_to_its_tests(source, test):
    assert counterparts(source, PathIndex([source, test, "README.md"])) == [test]


@pytest.mark.parametrize(("source", "test"), PAIRS)
def test_a_test_file_leads_to_its_source(source, test):
    assert counterparts(test, PathIndex([source, test, "README.md"])) == [source]


def test_of_several_files_of_a_name_the_one_in_the_same_package_counts():
    paths = ["src/a/util.py", "src/b/util.py", "tests/a/test_util.py", "tests/b/test_util.py"]

    assert counterparts("src/b/util.py", PathIndex(paths)) == ["tests/b/test_util.py"]
    assert counterparts("tests/a/test_util.py", PathIndex(paths)) == ["src/a/util.py"]


def test_unit_and_integration_tests_of_one_file_both_count():
    paths = ["src/core.py", "tests/unit/test_core.py", "tests/integration/test_core.py"]

    assert counterparts("src/core.py", PathIndex(paths)) == [
        "tests/integration/test_core.py",
        "tests/unit/test_core.py",
    ]


@pytest.mark.parametrize("path", ["src/core.py", "tests/helpers.py", "tests/conftest.py", "Latest.java"])
def test_a_file_without_a_counterpart_has_none(path):
    assert counterparts(path, PathIndex([path, "src/helpers.py", "web/core.test.ts"])) == []
