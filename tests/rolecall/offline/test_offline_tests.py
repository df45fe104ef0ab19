"""Generated tests: they parse, they are collected, and those that are complete pass."""

import ast
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "tests" / "workspaces" / "sample_shop"

DISCOUNT = '''
"""Discounts."""

LIMIT = 50


def discounted(cents: int, percent: int = 10) -> int:
    """Take a discount off.

    >>> discounted(1000, 25)
    750
    """
    if percent < 0 or percent > LIMIT:
        raise ValueError(f"between 0 and {LIMIT}, not {percent}")
    return cents - cents * percent // 100
'''


def functions(text):
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]


def assert_honest(text, names):
    """Every test calls the code, and asserts something or waits visibly."""
    for node in functions(text):
        if not node.name.startswith("test"):
            continue
        source = ast.unparse(node)
        waiting = "TODO(rolecall)" in source
        checks = [item for item in ast.walk(node) if isinstance(item, (ast.Assert, ast.With))]
        checks += [
            item
            for item in ast.walk(node)
            if isinstance(item, ast.Attribute) and item.attr.startswith("assert")
        ]
        assert checks, source
        assert waiting or any(re.search(rf"\b{name}\b", source) for name in names), source
        for item in ast.walk(node):
            if isinstance(item, ast.Assert):
                assert not isinstance(item.test, ast.Constant), source


def test_limits_errors_defaults_and_examples_are_covered(project, tmp_path):
    shop = project({"discounts.py": DISCOUNT, "pytest.ini": "[pytest]\npythonpath = .\n"})

    shop.ask("qa_engineer", "tests", "discounts.py")

    text = shop.files["tests/test_discounts.py"]
    assert_honest(text, ["discounted"])
    assert 'match="between 0 and 50, not -1"' in text
    assert 'match="between 0 and 50, not 51"' in text
    assert "percent = 50" in text
    assert "discounted(1000, 25)" in text
    assert shop.run_tests(tmp_path)["passed"] == len(
        [f for f in functions(text) if f.name.startswith("test")]
    )


def test_tests_notice_small_changes_to_the_code(project, tmp_path):
    shop = project({"discounts.py": DISCOUNT, "pytest.ini": "[pytest]\npythonpath = .\n"})
    shop.ask("qa_engineer", "tests", "discounts.py")
    changes = [("percent < 0", "percent <= 0"), ("percent > LIMIT", "percent >= LIMIT"), ("LIMIT = 50", "LIMIT = 51"),
               ("// 100", "// 101"), ("percent: int = 10", "percent: int = 11"), (" or ", " and ")]  # fmt: skip

    for number, (before, after) in enumerate(changes):
        shop.files["discounts.py"] = DISCOUNT.replace(before, after)
        with pytest.raises(AssertionError, match="failed"):
            shop.run_tests(tmp_path / str(number))


def test_the_sample_project_gets_tests_that_pass(project, tmp_path):
    files = {
        path.relative_to(SAMPLE).as_posix(): path.read_text()
        for path in sorted(SAMPLE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    shop = project(files)
    for path in sorted(
        path for path in files if path.startswith("src/") and not path.endswith("__init__.py")
    ):
        shop.ask("qa_engineer", "tests", path)

    counts = shop.run_tests(tmp_path)

    assert counts["passed"] >= 60
    assert counts["skipped"] <= 6


def test_asking_again_adds_nothing(project):
    shop = project({"discounts.py": DISCOUNT, "pytest.ini": "[pytest]\npythonpath = .\n"})
    shop.ask("qa_engineer", "tests", "discounts.py")
    before = dict(shop.files)

    answer = shop.ask("qa_engineer", "tests", "discounts.py")

    assert shop.files == before
    assert "nothing was added" in answer.summary_text()


def test_an_existing_test_file_keeps_every_line_and_gets_what_it_lacks(project, tmp_path):
    existing = "import pytest\n\nfrom discounts import discounted\n\n\ndef test_mine():\n    assert discounted(200, 50) == 100\n"
    shop = project({"discounts.py": DISCOUNT, "test_discounts.py": existing})

    shop.ask("qa_engineer", "tests", "discounts.py")

    text = shop.files["test_discounts.py"]
    rest = iter(text.splitlines())
    assert all(line in rest for line in existing.splitlines())
    assert text.count("import pytest\n") == 1
    assert "pytest.raises(ValueError" in text
    assert shop.run_tests(tmp_path)["passed"] > 3


def test_a_selection_is_tested_alone(project):
    source = "def one(n: int) -> int:\n    return n + 1\n\n\ndef two(n: int) -> int:\n    return n * 2\n"
    shop = project({"numbers_.py": source})

    shop.ask("qa_engineer", "tests", "numbers_.py", lines=(5, 5))

    text = shop.files["tests/test_numbers.py"]
    assert "two(" in text
    assert "one(" not in text


LAYOUTS = {
    "flat": ({}, "calc.py", "calc"),
    "src": ({"src/pkg/__init__.py": ""}, "src/pkg/calc.py", "pkg.calc"),
    "src with pythonpath": (
        {"src/pkg/__init__.py": "", "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["src"]\n'},
        "src/pkg/calc.py",
        "pkg.calc",
    ),
    "package": ({"pkg/__init__.py": "", "pkg/sub/__init__.py": ""}, "pkg/sub/calc.py", "pkg.sub.calc"),
    "no __init__": ({}, "app/core/calc.py", "app.core.calc"),
    "several roots": (
        {
            "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["agents", "server"]\naddopts = "--import-mode=importlib"\n',
            "agents/rc/__init__.py": "",
            "agents/rc/part/__init__.py": "",
            "tests/rc/part/test_other.py": "def test_x():\n    assert True\n",
            "agents/rc/part/other.py": "",
        },
        "agents/rc/part/calc.py",
        "rc.part.calc",
    ),
    "tests package": ({"tests/__init__.py": "", "tests/test_z.py": "def test_z():\n    assert 1 + 1 == 2\n", "z.py": ""}, "calc.py", "calc"),
    "a name of the standard library": ({}, "calendar.py", "calendar"),
    "a dash in the name": ({}, "my-calc.py", "my-calc"),
    "tests beside": ({"pkg/__init__.py": "", "pkg/other.py": "", "pkg/test_other.py": "def test_o():\n    assert not []\n"}, "pkg/calc.py", "pkg.calc"),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_can_import_its_code(project, tmp_path, name):
    files, path, _ = LAYOUTS[name]
    shop = project({**files, path: "def double(n: int) -> int:\n    return n * 2\n"})

    shop.ask("qa_engineer", "tests", path)

    assert shop.run_tests(tmp_path)["passed"] >= 1 + sum("test_" in other for other in files)


def test_relative_imports_and_siblings_are_followed(project, tmp_path):
    shop = project(
        {
            "pkg/__init__.py": "",
            "pkg/rates.py": "RATE = 3\n\n\ndef scaled(n: int) -> int:\n    return n * RATE\n",
            "pkg/calc.py": "from . import rates\nfrom .rates import RATE, scaled\n\n\ndef f(n: int) -> int:\n    return scaled(n) + RATE + rates.RATE\n",
        }
    )

    shop.ask("qa_engineer", "tests", "pkg/calc.py")

    assert "assert result == 15" in shop.files["tests/test_calc.py"]
    assert shop.run_tests(tmp_path)["passed"] >= 1


def test_mirrored_test_folders_are_mirrored(project):
    shop = project(
        {
            "src/pkg/__init__.py": "",
            "src/pkg/a/__init__.py": "",
            "src/pkg/a/one.py": "def one() -> int:\n    return 1\n",
            "src/pkg/a/two.py": "def two() -> int:\n    return 2\n",
            "tests/a/test_one.py": "from pkg.a.one import one\n\n\ndef test_one():\n    assert one() == 1\n",
        }
    )

    shop.ask("qa_engineer", "tests", "src/pkg/a/two.py")

    assert "tests/a/test_two.py" in shop.files


def test_equal_base_names_do_not_collide(project, tmp_path):
    shop = project(
        {
            "a/__init__.py": "",
            "b/__init__.py": "",
            "a/util.py": "def f() -> int:\n    return 1\n",
            "b/util.py": "def g() -> int:\n    return 2\n",
            "conftest.py": "",
            "tests/test_util.py": "from a.util import f\n\n\ndef test_f():\n    assert f() == 1\n",
        }
    )

    shop.ask("qa_engineer", "tests", "b/util.py")

    assert "from a.util import f" in shop.files["tests/test_util.py"]
    assert shop.run_tests(tmp_path)["passed"] == 2


def test_unittest_projects_get_unittest(project, tmp_path):
    existing = (
        "import unittest\n\nfrom calc import double\n\n\nclass DoubleTest(unittest.TestCase):\n"
        "    def test_two(self):\n        self.assertEqual(double(1), 2)\n\n\nif __name__ == '__main__':\n    unittest.main()\n"
    )
    source = (
        "def double(n: int) -> int:\n    return n * 2\n\n\ndef half(n: float) -> float:\n"
        "    if n < 0:\n        raise ValueError('negative')\n    return n / 3\n\n\ndef show(n: int) -> None:\n    print(n)\n"
    )
    shop = project({"calc.py": source, "test_calc.py": existing, "shape.py": source})

    shop.ask("qa_engineer", "tests", "calc.py")
    shop.ask("qa_engineer", "tests", "shape.py")

    text = shop.files["test_calc.py"]
    assert "pytest" not in text
    assert text.rstrip().endswith("unittest.main()")
    assert "self.assertRaisesRegex(ValueError" in text
    assert "unittest.TestCase" in shop.files["test_shape.py"]
    assert shop.run_tests(tmp_path)["passed"] >= 7


KINDS = """
from __future__ import annotations

import asyncio
import contextlib
import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, overload

if TYPE_CHECKING:
    from elsewhere import Thing


class Colour(Enum):
    RED = 1
    BLUE = 2


class Pair(NamedTuple):
    a: int
    b: int = 2


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0

    def moved(self, dx: int) -> Point:
        return Point(self.x + dx, self.y)


class Shape(ABC):
    @abstractmethod
    def area(self) -> float: ...


class Sized(Protocol):
    def size(self) -> int: ...


class Counter:
    made = 0

    def __init__(self, start: int = 0) -> None:
        self.value = start

    def up(self, by: int = 1) -> Counter:
        self.value += by
        return self

    @property
    def doubled(self) -> int:
        return self.value * 2

    @staticmethod
    def clean(text: str) -> str:
        return text.strip()

    @classmethod
    def from_text(cls, text: str) -> Counter:
        return cls(int(text))

    def __len__(self) -> int:
        return abs(self.value)


@overload
def pick(value: int) -> int: ...
@overload
def pick(value: str) -> str: ...
def pick(value):
    return value


def mix(colour: Colour, mode: Literal["add", "mul"] = "add") -> str:
    return f"{colour.name}-{mode}"


def pairs(n: int) -> Iterator[tuple[int, int]]:
    for i in range(n):
        yield i, i * i


def endless(start: int) -> Iterator[int]:
    while True:
        yield start
        start += 1


async def later(n: int) -> int:
    await asyncio.sleep(0)
    return n + 1


@functools.lru_cache
def cached(n: int) -> int:
    return n * 3


@contextlib.contextmanager
def opened(name: str) -> Iterator[str]:
    yield name


def applied(fn: Callable[[str], object], text: str) -> object:
    return fn(text)


def use(thing: Thing) -> str:
    return thing.name


def test_connection(host: str) -> bool:
    return host != ""


def shadow(shadow: int, list: list[int], result: int) -> int:
    return shadow + len(list) + result


def spread(*parts: str, sep: str = ",", **rest: int) -> str:
    return sep.join(parts)


def shout(text: str) -> None:
    print(text.upper())


def fill(items: list[int], extra: int) -> None:
    items.append(extra)


def point_of(pair: Pair) -> Point:
    return Point(pair.a, pair.b)


def _hidden(n: int) -> int:
    return n
"""


def test_every_kind_of_callable_is_handled(project, tmp_path):
    shop = project(
        {
            "kinds.py": KINDS,
            "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\nfilterwarnings = ["error"]\n',
        }
    )

    shop.ask("qa_engineer", "tests", "kinds.py")

    text = shop.files["tests/test_kinds.py"]
    for expected in (
        "Colour.RED", "asyncio.run(later(", "list(pairs(", "itertools.islice(endless(", "kinds.test_connection(", "capsys",
        "FrozenInstanceError", "Counter.clean(", "Counter.from_text(", "len(counter", ".doubled", "is counter", "Point(x=",
    ):  # fmt: skip
        assert expected in text, expected
    assert "_hidden" not in text
    assert_honest(
        text,
        [
            node.name
            for node in ast.walk(ast.parse(KINDS))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        ]
        + ["Counter", "counter"],
    )
    counts = shop.run_tests(tmp_path)
    assert counts["passed"] >= 28
    assert counts["skipped"] == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def broken(:\n", "does not parse at line 1"),
        ("", "defines no function"),
        ("LIMIT = 3\nNAMES = ['a']\n", "defines no function"),
        ("x = '\\udcff'\n", "defines no function"),
        ("(" * 3_000, "does not parse"),
        ("def f(x):\n    return x\n" + "# filler\n" * 80_000, "too large"),
    ],
)
def test_nothing_to_test_is_said_and_nothing_is_written(project, text, said):
    shop = project({"m.py": text})

    answer = shop.ask("qa_engineer", "tests", "m.py")

    assert said in shop.texts[0]
    assert shop.texts[0].endswith('<done files="0"/>\n')
    assert answer.blocks == ()


def test_a_bug_against_a_docstring_example_is_reported_and_pinned_as_expected_failure(project, tmp_path):
    wrong = DISCOUNT.replace("- cents * percent", "+ cents * percent")
    shop = project({"discounts.py": wrong, "conftest.py": ""})

    answer = shop.ask("qa_engineer", "tests", "discounts.py")

    assert "the code does not do what it shows" in answer.summary_text()
    assert "strict=True" in shop.files["tests/test_discounts.py"]
    assert shop.run_tests(tmp_path)["xfailed"] == 1


def test_code_with_effects_waits_and_is_never_run(project, tmp_path):
    marker = tmp_path / "ran"
    source = (
        f"from pathlib import Path\n\nPath({str(marker)!r}).touch()\n\n\ndef wipe(name: str) -> int:\n"
        f"    Path({str(marker)!r}).write_text(name)\n    return 1\n"
    )
    shop = project({"effects.py": source})

    shop.ask("qa_engineer", "tests", "effects.py")

    text = shop.files["tests/test_effects.py"]
    assert not marker.exists()
    assert 'skip(reason="TODO(rolecall)' in text
    assert "wipe(name)" in text


def test_a_name_that_the_format_cannot_carry_is_left_out(project):
    shop = project({'a"b.py': "def f() -> int:\n    return 1\n"})

    shop.ask("qa_engineer", "tests", 'a"b.py')

    assert shop.texts[0].endswith('<done files="0"/>\n') or '"a"b' not in shop.texts[0]


@pytest.mark.parametrize(
    "module", ["textwrap", "colorsys", "shlex", "fractions", "statistics", "heapq", "json/encoder"]
)
def test_modules_of_the_standard_library_get_tests_that_pass(project, tmp_path, module):
    source = (Path(ast.__file__).parent / f"{module}.py").read_text()
    name = module.rpartition("/")[2]
    shop = project({f"lib_{name}.py": source.replace("from .", "from json."), "conftest.py": ""})

    shop.ask("qa_engineer", "tests", f"lib_{name}.py")

    assert_honest(
        shop.files[f"tests/test_lib_{name}.py"],
        [node.name for node in ast.walk(ast.parse(source)) if hasattr(node, "name") and node.name] + [".*"],
    )
    shop.run_tests(tmp_path)


OWN = (
    "answer/linediff.py", "answer/lines.py", "caller.py", "context/index.py", "errors.py", "events.py", "roles/nearest.py",
    "task.py", "workspace/globs.py", "workspace/names.py", "llm/offline/patches.py", "llm/offline/source/wording.py",
)  # fmt: skip


def test_rolecalls_own_modules_get_tests_that_pass(project, tmp_path):
    files = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in [ROOT / "pyproject.toml", *sorted((ROOT / "agents").rglob("*.py"))]
    }
    own = project(files)
    for name in OWN:
        own.ask("qa_engineer", "tests", f"agents/rolecall/{name}")
    shutil.rmtree(tmp_path / "agents", ignore_errors=True)

    made = project(
        {path: text for path, text in own.files.items() if path not in files or path == "pyproject.toml"}
    )
    made.files["pyproject.toml"] = '[tool.pytest.ini_options]\naddopts = "--import-mode=importlib"\n'
    made.write(tmp_path)

    counts = made.outcomes(tmp_path, sources=ROOT / "agents")
    assert counts["passed"] >= 90


def test_names_that_may_not_exist_are_not_imported(project, tmp_path):
    source = (
        "def sure(n: int) -> int:\n    return n + 1\n\n\ntry:\n    import no_such_package\n\n"
        "    def perhaps(n: int) -> int:\n        return n\nexcept ImportError:\n    pass\n"
    )
    shop = project({"m.py": source})

    shop.ask("qa_engineer", "tests", "m.py")

    assert "perhaps" not in shop.files["tests/test_m.py"]
    assert shop.run_tests(tmp_path)["passed"] >= 1
