"""Docstrings, references, READMEs and guides: traced to the code, and the code untouched."""

import ast
import re

import pytest

from rolecall.llm.offline.source.raises import raised_names
from rolecall.llm.offline.source.reading import read_module
from rolecall.llm.offline.writing.docstrings import documented_arguments

CODE = '''
import os
from dataclasses import dataclass


class Stack:
    def __init__(self, limit: int = 10):
        if limit < 1:
            raise ValueError("limit")
        self.items = []

    def push(self, item, *more, strict=False, **options):
        if len(self.items) >= 10: raise OverflowError("full")
        try:
            first = self.items[0]
        except IndexError as error:
            raise LookupError("none") from error
        return first

    @property
    def size(self) -> int: return len(self.items)

    def quiet(self) -> None:
        try:
            raise KeyError("caught inside")
        except KeyError:
            pass


class Twin:
    def __init__(self, limit: int = 10):
        self.limit = limit


async def fetch(
    url: str,  # a: comment
    timeout: float = 2.5,
) -> bytes: ...


def numbers(n: int):
    yield from range(n)


def documented(a, b):
    """Already.

    Args:
        a: one.
        gone: what was removed.
    """


@dataclass
class Price:
    cents: int
    currency: str = "EUR"
'''


def without_docstrings(text):
    tree = ast.parse(text)
    for node in ast.walk(tree):
        kinds = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def section(doc, name):
    match = re.search(rf"^{name}:\n((?:    .*\n?)+)", doc or "", re.MULTILINE)
    return [line.strip().split(":")[0] for line in match.group(1).splitlines()] if match else []


def test_docstrings_equal_the_code_and_leave_it_alone(project):
    shop = project({"stack.py": CODE})

    answer = shop.ask("technical_writer", "docstrings", "stack.py")

    text = shop.files["stack.py"]
    assert without_docstrings(text) == without_docstrings(CODE)
    for definition in read_module(text).definitions():
        doc = definition.doc()
        assert doc, definition.qualified
        if definition.name == "documented":
            continue
        assert (documented_arguments(doc) or []) == [item.name for item in definition.parameters()]
        assert section(doc, "Raises") == raised_names(definition.node)
    assert "Defaults to 2.5." in text
    assert "ValueError: If limit < 1." in text
    assert "names gone" in answer.summary_text()
    assert "leaves out b" in answer.summary_text()


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_line_endings_stay(project, ending):
    shop = project({"stack.py": CODE.replace("\n", ending)})

    shop.ask("technical_writer", "docstrings", "stack.py")

    text = shop.files["stack.py"]
    assert text.count("\n") == text.count(ending)
    assert '"""' in text


def test_a_selected_function_alone_is_documented(project):
    shop = project({"stack.py": CODE})
    line = CODE.splitlines().index("def numbers(n: int):") + 1

    shop.ask("technical_writer", "docstrings", "stack.py", lines=(line, line))

    assert shop.files["stack.py"].count('"""') == CODE.count('"""') + 2


@pytest.mark.parametrize(
    "module", ["argparse", "ast", "collections/__init__", "inspect", "optparse", "shlex", "textwrap", "wave"]
)
def test_docstrings_of_the_standard_library_leave_its_code_alone(project, module):
    from pathlib import Path

    source = (Path(ast.__file__).parent / f"{module}.py").read_text()
    shop = project({"m.py": source})

    shop.ask("technical_writer", "docstrings", "m.py")

    assert without_docstrings(shop.files["m.py"]) == without_docstrings(source)
    assert shop.files["m.py"] != source


def test_the_reference_has_the_codes_signatures_and_computed_examples(project):
    source = 'def double(n: int, *, times: int = 2) -> int:\n    """Multiply."""\n    if n < 0:\n        raise ValueError("no")\n    return n * times\n'
    shop = project({"pkg/__init__.py": "", "pkg/calc.py": source})

    shop.ask("technical_writer", "api_reference", "pkg/calc.py")

    page = shop.files["docs/reference/pkg-calc.md"]
    assert "def double(n: int, *, times: int=2) -> int" in page
    assert "- `ValueError` if `n < 0`" in page
    assert ">>> double(3)\n6\n" in page


def test_a_module_that_serves_http_gets_openapi(project):
    import yaml

    source = (
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/items/{item_id}')\ndef read_item(item_id: int, q: str | None = None):\n"
        '    """One item."""\n    return item_id\n\n\n@app.post(\'/items\')\nasync def add_item(item: dict):\n    return item\n'
    )
    shop = project({"api.py": source, "pyproject.toml": '[project]\nname = "shop"\nversion = "1.2"\n'})

    shop.ask("technical_writer", "api_reference", "api.py")

    document = yaml.safe_load(shop.files["docs/api.openapi.yaml"])
    assert document["openapi"] == "3.1.0"
    assert document["info"] == {"title": "shop", "version": "1.2"}
    read = document["paths"]["/items/{item_id}"]["get"]
    assert read["operationId"] == "read_item"
    assert [(item["name"], item["in"], item["required"]) for item in read["parameters"]] == [
        ("item_id", "path", True),
        ("q", "query", False),
    ]
    assert "requestBody" in document["paths"]["/items"]["post"]


def test_an_existing_readme_gets_a_section_before_its_licence(project):
    readme = "# Shop\n\nIt sells.\n\n## License\n\nMIT\n"
    shop = project({"README.md": readme, "calc.py": "def double(n: int) -> int:\n    return n * 2\n"})

    shop.ask("technical_writer", "readme", "calc.py")
    once = shop.files["README.md"]
    shop.ask("technical_writer", "readme", "calc.py")

    assert once.index("## API") < once.index("## License")
    assert once.startswith("# Shop\n\nIt sells.\n")
    assert once.endswith("## License\n\nMIT\n")
    assert shop.files["README.md"] == once


def test_a_new_readme_says_what_the_manifest_says_and_no_more(project):
    shop = project(
        {
            "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "shop"\ndescription = "Sells things."\nrequires-python = ">=3.12"\n[project.scripts]\nshop = "shop:main"\n',
        }
    )

    shop.ask("technical_writer", "readme")

    text = shop.files["README.md"]
    assert text.startswith("# shop\n\nSells things.\n")
    assert "Python 3.12" in text
    assert "pip install ." in text
    assert "Licence" not in text
    assert "http" not in text


def test_a_guide_has_a_step_for_each_function_and_its_errors(project):
    shop = project({"calc.py": CODE.replace("import os\n", "")})

    shop.ask("technical_writer", "guide", "calc.py")

    page = shop.files["docs/guides/calc.md"]
    assert re.search(r"^1\. ", page, re.MULTILINE)
    assert "| `OverflowError`: full |" in page


def test_a_guide_names_the_environment_that_the_code_reads_and_what_its_errors_say(project):
    code = (
        'import os\n\n\ndef host() -> str:\n    """Where mail goes."""\n    found = os.environ.get(\'MAIL_HOST\')\n'
        "    if not found:\n        raise RuntimeError('MAIL_HOST is not set')\n    return found + os.getenv('MAIL_PORT', '587')\n"
    )
    shop = project({"mailer.py": code})

    shop.ask("technical_writer", "guide", "mailer.py")

    page = shop.files["docs/guides/mailer.md"]
    assert "| `MAIL_HOST` | none |" in page
    assert "| `MAIL_PORT` | `587` |" in page
    assert "| `RuntimeError`: MAIL_HOST is not set | `host` |" in page


COLOURS = '''
"""Colours."""

from decimal import Decimal
from enum import Enum


class Colour(Enum):
    """A colour."""

    RED = "red"


def read(text: str) -> Colour:
    """Read a colour.

    >>> read("red")
    <Colour.RED: 'red'>
    """
    return Colour(text)


def name(colour: Colour) -> str:
    """Tell its name."""
    return colour.name.lower()


def share(part: Decimal) -> Decimal:
    """Halve a share."""
    return part / 2


def letters(text: str) -> set[str]:
    """Tell its letters."""
    return set(text)
'''


@pytest.mark.parametrize(
    ("task", "path"),
    [("guide", "docs/guides/colours.md"), ("api_reference", "docs/reference/colours.md")],
)
def test_what_an_example_shows_is_what_an_interpreter_prints(project, task, path):
    import doctest
    import sys
    import types

    shop = project({"colours.py": COLOURS})
    shop.ask("technical_writer", task, "colours.py")
    examples = re.findall(r"^ *```pycon\n(.*?)^ *```", shop.files[path], re.DOTALL | re.MULTILINE)
    module = types.ModuleType("colours")
    exec(compile(COLOURS, "colours.py", "exec"), vars(module))  # the file under test
    sys.modules["colours"] = module

    try:
        for text in examples:
            test = doctest.DocTestParser().get_doctest(text, {}, path, path, 0)
            assert not doctest.DocTestRunner(verbose=False).run(test).failed
    finally:
        del sys.modules["colours"]

    assert len(examples) == 4


def test_a_generator_without_annotation_gets_one_gap_to_fill_in(project):
    shop = project({"m.py": "def each(items):\n    yield from items\n"})

    shop.ask("technical_writer", "docstrings", "m.py")

    assert "    Yields:\n        TODO(rolecall): describe.\n" in shop.files["m.py"]
