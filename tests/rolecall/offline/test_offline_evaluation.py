"""The interpreter behind computed expectations: exact where it answers, silent where it cannot be."""

import math

import pytest

from rolecall.llm.offline.evaluation.budget import NotUnderstood
from rolecall.llm.offline.evaluation.imports import load_module
from rolecall.llm.offline.evaluation.runtime import Run


def evaluated(source, name, *arguments, **keywords):
    run = Run({"m": source})
    scope = load_module(run, "m")
    run.begin()
    return scope.names[name](*arguments, **keywords)


@pytest.mark.parametrize(
    ("source", "arguments", "expected"),
    [
        ("def f(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total", (5,), 10),
        ("def f(s):\n    return f'{s!r:>8}|{len(s):03d}'", ("ab",), "    'ab'|002"),
        ("def f(xs):\n    return [x * y for x in xs if x for y in (1, 2)]", ([0, 3],), [3, 6]),
        ("def f(x):\n    try:\n        return 1 / x\n    except ZeroDivisionError as e:\n        return str(e)", (0,), "division by zero"),
        ("def f(x):\n    try:\n        return int(x)\n    except ValueError:\n        return -1\n    finally:\n        x = 0", ("q",), -1),
        ("def f(n):\n    def g(k):\n        nonlocal n\n        n += k\n        return n\n    g(1)\n    return g(1)", (3,), 5),
        ("def f(x):\n    match x:\n        case [a, *rest]:\n            return a, rest\n        case {'k': v}:\n            return v\n        case str() as s if s:\n            return s\n    return None", ([1, 2, 3],), (1, [2, 3])),
        ("def f(n):\n    while True:\n        n -= 1\n        if n % 2:\n            continue\n        if n < 3:\n            break\n    else:\n        return 'never'\n    return n", (9,), 2),
        ("def f(a, /, b, *c, d=4, **e):\n    return a, b, c, d, e\ndef g():\n    return f(1, 2, 3, x=5)", None, (1, 2, (3,), 4, {"x": 5})),
        ("def f(*xs):\n    a, *b, c = xs\n    return b", (1, 2, 3, 4), [2, 3]),
        ("def f(d):\n    return (y := d.get('k', 2)) + y", ({},), 4),
        ("class A:\n    def __init__(self, x):\n        self.x = x\n    def up(self):\n        return self.x + 1\nclass B(A):\n    def up(self):\n        return super().up() * 2\ndef f(x):\n    return B(x).up()", (3,), 8),
        ("class A:\n    __n = 3\n    def get(self):\n        return self.__n\ndef f():\n    return A().get()", (), 3),
        ("from functools import reduce\ndef f(xs):\n    return reduce(lambda a, b: a * b, xs, 1)", ([2, 3, 4],), 24),
        ("import re\ndef f(s):\n    return re.sub(r'\\W+', '-', s.lower()).strip('-')", ("Ab, c!",), "ab-c"),
        ("def deco(fn):\n    def inner(*a):\n        return fn(*a) + 1\n    return inner\n@deco\ndef f(x):\n    return x", (1,), 2),
        ("import asyncio\nasync def g(x):\n    await asyncio.sleep(0)\n    return x\ndef f(x):\n    return asyncio.run(g(x))", (1,), 1),
        ("def g(n):\n    for i in range(n):\n        yield i\n    yield from (8, 9)\ndef f(n):\n    return list(g(n))", (2,), [0, 1, 8, 9]),
        ("from contextlib import suppress\ndef f(d):\n    with suppress(KeyError):\n        return d['x']\n    return 'none'", ({},), "none"),
    ],
)  # fmt: skip
def test_pure_code_gives_what_python_gives(source, arguments, expected):
    name = "g" if arguments is None else "f"

    assert evaluated(source, name, *(arguments or ())) == expected


@pytest.mark.parametrize(
    "body",
    [
        "return open('x').read()",
        "return __import__('os').getcwd()",
        "import os\n    return os.getcwd()",
        "import time\n    return time.time()",
        "import random\n    return random.random()",
        "return eval('1')",
        "return hash('a')",
        "return id(1)",
        "return [x for x in {'a', 'b'}]",
        "return str({'a', 'b'})",
        "return repr(object())",
        "return ().__class__.__base__.__subclasses__()",
        "return type(f)(f.__code__, {})",
        "return 'x' * 10**9",
        "return 2 ** 10**6",
        "return f'{1:999999999}'",
        "return '%999999999d' % 1",
        "return 'a'.ljust(10**9)",
        "return list(range(10**9))",
        "while True:\n        pass",
        "return f()",
        "return '{0.__class__}'.format(1)",
        "global SEEN\n    SEEN = 1",
        "STATE.append(1)",
        "STATE[0] = 1",
        "return unknown(1)",
        "return getattr('', '__class__').mro()",
        "import re\n    return re.match('(a+)+$', 'a' * 40 + '!')",
        "assert False",
    ],
)
def test_what_leaves_the_subset_ends_the_evaluation(body):
    source = f"from elsewhere import unknown\nSTATE = [0]\nSEEN = 0\ndef f():\n    {body}\n"

    with pytest.raises(NotUnderstood):
        evaluated(source, "f")


def test_no_handler_of_the_program_catches_what_is_not_understood():
    source = "def f():\n    try:\n        open('x')\n    except BaseException:\n        return 'caught'\n"

    with pytest.raises(NotUnderstood):
        evaluated(source, "f")


def test_a_module_that_imports_what_may_be_missing_leaves_the_choice_open():
    source = "try:\n    import numpy\n    HAS = True\nexcept ImportError:\n    HAS = False\ndef f():\n    return HAS\n"

    with pytest.raises(NotUnderstood):
        assert evaluated(source, "f") in {True, False}


def test_names_that_a_star_import_may_replace_are_not_understood():
    source = "def f():\n    return 1\nfrom _fast import *\n"

    with pytest.raises(NotUnderstood):
        evaluated(source, "f")


def test_a_registry_changed_by_a_statement_that_is_not_understood_is_forgotten():
    source = "import elsewhere\nR = {}\nif elsewhere.ON:\n    R['a'] = 1\ndef f():\n    return len(R)\n"

    with pytest.raises(NotUnderstood):
        evaluated(source, "f")


def test_dataclasses_enums_and_exceptions_are_real_ones():
    source = """
from dataclasses import dataclass, field
from enum import StrEnum, auto
class Kind(StrEnum):
    A = auto()
    @property
    def loud(self):
        return self.value.upper()
@dataclass(frozen=True, order=True)
class Item:
    n: int
    kind: Kind = Kind.A
    tags: list = field(default_factory=list)
class Wrong(ValueError):
    def __init__(self, n):
        super().__init__(f"wrong {n}")
        self.n = n
def f(n):
    if n < 0:
        raise Wrong(n)
    return Item(n) < Item(n + 1), Item(n).kind.loud, Kind("a") is Kind.A, repr(Item(n))
"""
    assert evaluated(source, "f", 1) == (True, "A", True, "Item(n=1, kind=<Kind.A: 'a'>, tags=[])")
    with pytest.raises(ValueError, match="wrong -1"):
        evaluated(source, "f", -1)


def test_floats_are_the_hosts_own():
    assert evaluated("import math\ndef f(x):\n    return math.sqrt(x) / 3", "f", 2.0) == math.sqrt(2.0) / 3


def test_deep_nesting_is_given_up_rather_than_overflowing():
    with pytest.raises(NotUnderstood):
        evaluated("def f(n):\n    return n if n == 0 else f(n - 1)", "f", 5_000)


def test_a_registry_that_functions_fill_is_not_a_constant():
    source = "R = []\ndef register(x):\n    R.append(x)\ndef known():\n    return len(R)\n"

    with pytest.raises(NotUnderstood):
        evaluated(source, "known")


def test_a_class_attribute_that_methods_fill_is_not_a_constant():
    source = (
        "class C:\n    seen = {}\n    @classmethod\n    def note(cls, x):\n        cls.seen[x] = 1\n"
        "def count():\n    return len(C.seen)\n"
    )

    with pytest.raises(NotUnderstood):
        evaluated(source, "count")
