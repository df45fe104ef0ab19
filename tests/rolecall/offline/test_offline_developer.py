"""The developer without a model: stubs from docstrings, weak places mended by rule, switches moved out."""

import ast
import sqlite3

import pytest

STUB = '''
class Queue:
    def take(self, count: int) -> list[str]:
        """Take names from the front.

        Args:
            count: how many.

        Raises:
            LookupError: if there are fewer names.
            ValueError: if count is below 1.
        """
        raise NotImplementedError


def one() -> int: raise NotImplementedError


async def two(name: str) -> None:
    """Say hello. Raises OSError where nobody listens."""
    raise NotImplementedError("later")
'''


def test_a_body_that_only_raises_not_implemented_is_a_stub_to_fill_in(project):
    shop = project({"a.py": STUB})

    shop.ask("developer", "implement", "a.py")

    written = shop.files["a.py"]
    ast.parse(written)
    assert "        # TODO(rolecall): raise LookupError where there are fewer names\n" in written
    assert "        # TODO(rolecall): return list[str]: Take names from the front\n" in written
    assert 'raise NotImplementedError("TODO(rolecall): take")' in written
    assert "    # TODO(rolecall): raise OSError where nobody listens\n" in written
    assert written.count("NotImplementedError(") == 3


def test_stubs_that_are_marked_already_are_left_alone_and_named(project):
    shop = project({"a.py": STUB})
    shop.ask("developer", "implement", "a.py")
    before = dict(shop.files)

    answer = shop.ask("developer", "implement", "a.py")

    assert not answer.blocks
    assert shop.files == before
    assert "Queue.take" in shop.texts[-1]


def test_a_file_that_an_instruction_names_and_nobody_has_is_asked_for(project):
    shop = project({"README.md": "# Shop\n"})

    answer = shop.ask(
        "developer", "implement", None, instruction="Implement total in billing/sum.py, please."
    )

    assert not answer.blocks
    assert "billing/sum.py is not in this workspace" in shop.texts[0]


def find(code, *arguments):
    names: dict = {}
    exec(compile(code, "users.py", "exec"), names)  # the file under test, as it was mended
    return names["find"](*arguments)


QUERIES = {
    "f-string": "f\"SELECT name FROM users WHERE name LIKE '{name}%' AND age > {age}\"",
    "format": "\"SELECT name FROM users WHERE name LIKE '{}%' AND age > {}\".format(name, age)",
    "percent": "\"SELECT name FROM users WHERE name = '%s' AND age > %s\" % (name, age)",
    "plus": '"SELECT name FROM users WHERE name = \'" + name + "\' AND age > " + str(age)',
}


@pytest.mark.parametrize("way", QUERIES)
def test_queries_made_of_text_get_bound_values(project, way):
    code = f"import sqlite3\n\n\ndef find(db, name: str, age: int):\n    return db.execute({QUERIES[way]}).fetchall()\n"
    shop = project({"users.py": code})

    shop.ask("developer", "harden", "users.py")

    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE users (name TEXT, age INTEGER)")
    db.executemany("INSERT INTO users VALUES (?, ?)", [("O'Neil", 40), ("Ada", 30)])
    assert find(shop.files["users.py"], db, "O'Neil", 20) == [("O'Neil",)]
    assert find(shop.files["users.py"], db, "' OR 1=1 --", 20) == []
    db.close()


@pytest.mark.parametrize(
    "query",
    ['f"SELECT * FROM {table}"', 'f"SELECT {column} FROM users"', "f'SELECT * FROM \"{table}\"'", "query"],
)
def test_names_in_a_query_cannot_be_bound_and_are_only_named(project, query):
    code = f"import sqlite3\n\n\ndef find(db, table: str, column: str, query: str):\n    return db.execute({query})\n"
    shop = project({"users.py": code})

    answer = shop.ask("developer", "harden", "users.py")

    assert not answer.blocks


def test_the_mark_of_a_bound_value_is_that_of_the_database_module(project):
    code = "import psycopg\n\n\ndef find(db, name: str):\n    return db.execute(f\"SELECT '100%', a FROM b WHERE c = '{name}'\")\n"
    shop = project({"users.py": code})

    shop.ask("developer", "harden", "users.py")

    assert "\"SELECT '100%%', a FROM b WHERE c = %s\", (name,)" in shop.files["users.py"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('os.system(f"convert {a} {b}") == 0', '["convert", a, b]'),
        (
            "subprocess.run(f\"convert '{a}' out/{b}.png\", shell=True, check=True)",
            'subprocess.run(["convert", a, f"out/{b}.png"], check=True)',
        ),
        ("yaml.load(a)", "yaml.safe_load(a)"),
        ("requests.get(a)", "requests.get(a, timeout=10)"),
        ("requests.get(a, verify=False, timeout=3)", "requests.get(a, timeout=3)"),
        ('f"<p>{a}</p>"', 'f"<p>{escape(a)}</p>"'),
    ],
)
def test_weak_calls_are_mended(project, before, after):
    code = f"import os\nimport requests\nimport subprocess\nimport yaml\n\n\ndef run(a: str, b: str):\n    return {before}\n"
    shop = project({"a.py": code})

    shop.ask("developer", "harden", "a.py")

    ast.parse(shop.files["a.py"])
    assert after in shop.files["a.py"]


@pytest.mark.parametrize(
    "line",
    [
        'os.system(f"convert {a} | less")',
        "os.system(a)",
        "subprocess.run(a, shell=True)",
        "pickle.loads(a)",
        'f"<script>{a}</script>"',
    ],
)
def test_what_needs_a_decision_is_named_and_left(project, line):
    shop = project({"a.py": f"import os, pickle, subprocess\n\n\ndef run(a: str):\n    return {line}\n"})

    answer = shop.ask("developer", "harden", "a.py")

    assert not answer.blocks
    assert "Line 5, A0" in shop.texts[0]


def test_a_path_from_outside_is_confined_before_it_is_read(project, tmp_path):
    code = "from pathlib import Path\n\n\ndef load(folder: Path, name: str) -> str:\n    path = folder / name\n    return path.read_text()\n"
    shop = project({"a.py": code})

    shop.ask("developer", "harden", "a.py")

    names: dict = {}
    exec(compile(shop.files["a.py"], "a.py", "exec"), names)
    (tmp_path / "shared").mkdir()
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "shared" / "a").write_text("fine")
    assert names["load"](tmp_path / "shared", "a") == "fine"
    with pytest.raises(ValueError, match="leads out"):
        names["load"](tmp_path / "shared", "../secret")


def test_a_secret_in_the_code_comes_from_the_environment(project):
    shop = project({"a.py": '"""A."""\n\nAPI_TOKEN = "c3b1f0a9"\nTOKEN_URL = "https://example.org"\n'})

    shop.ask("developer", "harden", "a.py")

    assert 'API_TOKEN = os.environ["API_TOKEN"]' in shop.files["a.py"]
    assert "import os\n" in shop.files["a.py"]
    assert '"https://example.org"' in shop.files["a.py"]


def test_a_switch_that_only_chooses_a_value_moves_to_a_function_of_its_own(project):
    code = (
        "def price(cents: int, country: str) -> int:\n    net = cents\n    if country == 'DE':\n        tax = net * 19 // 100\n"
        "    elif country == 'FR':\n        tax = net * 20 // 100\n    else:\n        tax = 0\n    return net + tax\n"
    )
    shop = project({"a.py": code})

    shop.ask("developer", "refactor", "a.py")

    names: dict = {}
    exec(compile(shop.files["a.py"], "a.py", "exec"), names)
    assert [names["price"](100, country) for country in ("DE", "FR", "US")] == [119, 120, 100]
    assert "    tax = _tax(country, net)\n" in shop.files["a.py"]


@pytest.mark.parametrize(
    "value",
    ["await rate()", "(tax := 3)", "tax + 1", "1  # by law of 1999"],
    ids=["await", "walrus", "own", "comment"],
)
def test_a_switch_that_does_more_stays(project, value):
    code = f"async def price(c, tax=0):\n    if c == 1:\n        tax = {value}\n    elif c == 2:\n        tax = 2\n    else:\n        tax = 0\n    return tax\n"
    shop = project({"a.py": code})

    answer = shop.ask("developer", "refactor", "a.py")

    assert not answer.blocks


def test_a_typed_stub_keeps_what_enums_and_decorated_methods_are(project):
    source = (
        "import contextlib\nimport enum\nfrom typing import Iterator\n\n\nclass Rate(enum.Enum):\n    FULL = 'x'\n    NONE = 0\n\n"
        "    @property\n    def share(self) -> int:\n        return 1\n\n    @share.setter\n    def share(self, value: int) -> None:\n"
        "        self.x = value\n\n\n@contextlib.contextmanager\ndef opened() -> Iterator[int]:\n    yield 1\n"
    )
    shop = project({"m.py": source})

    shop.ask("developer", "implement", "m.py")

    stub = shop.files["m.pyi"]
    assert "    FULL = ...\n    NONE = ...\n" in stub
    assert "    @share.setter\n    def share(self, value: int) -> None: ..." in stub
    assert "@contextlib.contextmanager\ndef opened() -> Iterator[int]: ..." in stub
    assert "import contextlib" in stub


def test_markup_that_is_built_from_text_is_named_as_an_injection(project):
    shop = project(
        {
            "app.py": "from flask import render_template_string\n\n\ndef greet(name):\n"
            '    return render_template_string("<h1>" + name + "</h1>")\n\n\n'
            'def fixed():\n    return render_template_string("<h1>Hello</h1>")\n'
        }
    )

    answer = shop.ask("developer", "harden", "app.py")

    assert "Line 5, A05 Injection: markup is built from text" in answer.summary_text()
    assert "Line 9" not in answer.summary_text()
