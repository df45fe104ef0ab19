"""Python that is rare, and still has to be read as the language means it."""

import pytest

GENERATORS = '''
def first_of(items: list[int]):
    """Yield the first two items."""
    source = iter(items)
    yield next(source)
    yield next(source)


def up_to(limit: int):
    """Yield numbers below a limit."""
    if limit < 0:
        raise StopIteration("below zero")
    yield from range(limit)


def halves(items: list[int]):
    return [item for item in (next(iter(())) if item > 1 else item for item in items)]


async def later(limit: int) -> int:
    if limit < 0:
        raise StopIteration
    return limit
'''


def test_a_generator_that_lets_stop_iteration_out_is_expected_to_raise_runtime_error(project, tmp_path):
    shop = project({"streams.py": GENERATORS})

    shop.ask("qa_engineer", "tests", "streams.py")

    written = shop.files["tests/test_streams.py"]
    assert "pytest.raises(RuntimeError" in written
    assert "StopIteration)" not in written
    assert shop.run_tests(tmp_path)["passed"] >= 5


@pytest.mark.parametrize(
    ("role", "task"), [("technical_writer", "api_reference"), ("business_analyst", "acceptance")]
)
def test_documents_name_the_error_that_callers_of_a_generator_see(project, role, task):
    shop = project({"streams.py": GENERATORS})

    answer = shop.ask(role, task, "streams.py")

    (page,) = [shop.files[block.path] for block in answer.blocks]
    assert "RuntimeError" in page
    assert "StopIteration" not in page


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 100_000 + "1" + ")" * 100_000,
        "-" * 100_000 + "1",
        "+".join(["1"] * 100_000),
        "a" + ".real" * 3_000,
    ],
    ids=["parentheses", "signs", "sum", "attributes"],
)
@pytest.mark.parametrize(
    ("role", "task"),
    [
        ("qa_engineer", "tests"),
        ("developer", "refactor"),
        ("technical_writer", "docstrings"),
        ("business_analyst", "requirements"),
    ],
)
def test_what_nests_too_deeply_is_said_in_words(project, role, task, expression):
    shop = project({"deep.py": f"def deep(a):\n    return {expression}\n"})

    answer = shop.ask(role, task, "deep.py")

    text = shop.texts[0]
    assert "MemoryError" not in text
    assert "recursion" not in text
    assert answer.blocks or "nest" in text


def test_an_import_that_nests_too_deeply_does_not_keep_its_importer_from_being_tested(project):
    shop = project(
        {
            "deep.py": f"LIMIT = {'-' * 100_000}1\n",
            "shop.py": "from deep import LIMIT\n\n\ndef twice(n: int) -> int:\n    return n * 2\n",
        }
    )

    shop.ask("qa_engineer", "tests", "shop.py")

    assert "twice" in shop.files["tests/test_shop.py"]
