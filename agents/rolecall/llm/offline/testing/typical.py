"""Typical values by the names people give to parameters, where nothing else says what they are."""

from __future__ import annotations

TEXTS = (
    ("email", "ada@example.com"),
    ("mail", "ada@example.com"),
    ("url", "https://example.com/a?b=1"),
    ("uri", "https://example.com/a?b=1"),
    ("path", "docs/guide.md"),
    ("file", "guide.md"),
    ("date", "2024-01-31"),
    ("time", "12:30"),
    ("phone", "+44 20 7946 0000"),
    ("host", "example.com"),
    ("color", "#ff8000"),
    ("colour", "#ff8000"),
    ("hex", "ff8000"),
    ("json", '{"a": 1}'),
    ("name", "Ada Lovelace"),
    ("title", "Hello World"),
    ("text", "Hello World"),
    ("sentence", "Hello World"),
    ("line", "key = value"),
    ("pattern", "a+"),
    ("sep", ","),
    ("delim", ","),
    ("prefix", "pre"),
    ("suffix", "fix"),
    ("char", "a"),
    ("version", "1.2.3"),
    ("sku", "A-100"),
    ("currency", "EUR"),
)
"""Part of a parameter's name, and a text that suits it."""

_SHAPES = {
    "number": (
        "n m x y z a b i j k count size width height length limit index age total amount price quantity "
        "port num number low high minimum maximum start stop step year month day hours minutes seconds "
        "rate percent factor base exponent degree radius weight score page offset timeout level depth "
        "value"
    ),
    "text": (
        "s text name string word line path url email key title label prefix suffix sep char message token"
    ),
    "list": "items values numbers xs elements seq sequence words lines rows data nums array lst",
    "dict": "mapping options config settings params headers record d",
    "flag": "flag enabled verbose strict force reverse",
    "callable": "fn func function callback predicate",
}
SHAPE_BY_NAME = {name: shape for shape, names in _SHAPES.items() for name in names.split()}
"""What kind of value a name usually holds."""


def text_for(name: str) -> str:
    """A text that suits a parameter of this name."""
    lowered = name.lower()
    return next((text for part, text in TEXTS if part in lowered), "alpha")


def shape_for(name: str) -> str | None:
    """The kind of value a parameter of this name usually takes."""
    lowered = name.lower().strip("_")
    return SHAPE_BY_NAME.get(lowered) or SHAPE_BY_NAME.get(lowered.rsplit("_", 1)[-1])
