"""Tests of modules that cannot be imported without environment variables."""

import pytest

SHOP = '''
import os
from os import environ

URL = os.environ["SHOP_URL"]
PORT = int(environ["SHOP_PORT"])
MODE = os.environ.get("SHOP_MODE", "plain")


def double(number: int) -> int:
    """Double a number."""
    return number * 2


def token() -> str:
    """Give the token."""
    return os.environ["SHOP_TOKEN"]
'''


@pytest.mark.parametrize("manifest", ["", "[tool.pytest.ini_options]\npythonpath = ['.']\n"])
def test_variables_that_the_import_needs_are_set_before_it(project, tmp_path, manifest):
    shop = project({"shop.py": SHOP, "pyproject.toml": manifest})

    shop.ask("qa_engineer", "tests", "shop.py")

    written = next(text for path, text in shop.files.items() if path.endswith("test_shop.py"))
    assert shop.run_tests(tmp_path)["passed"] > 0
    assert "TODO(rolecall): read while the code is imported" in written
    assert "SHOP_MODE" not in written
    assert 'setdefault("SHOP_TOKEN"' not in written


def test_a_module_that_needs_no_variable_gets_no_preparation(project):
    shop = project(
        {"shop.py": SHOP.replace('os.environ["SHOP_URL"]', '""').replace('environ["SHOP_PORT"]', "1")}
    )

    shop.ask("qa_engineer", "tests", "shop.py")

    written = next(text for path, text in shop.files.items() if path.endswith("test_shop.py"))
    assert "os.environ.setdefault" not in written
