"""Reading the workspace's JSON, TOML and Python, which anybody may have written to break the reader.

Whatever a parser cannot take, for whichever reason, is one error: callers go on without the file.
"""

from __future__ import annotations

import json
import re
import warnings
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import ast

_PART: Final = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY: Final = re.compile(rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{32}}")
"""tomllib keeps every prefix of a dotted key: one with 20,000 parts takes gigabytes."""


class Unparsable(ValueError):
    """The text is not what it should be, or is nested beyond what the parser takes."""


def json_value(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        Unparsable: there is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError, MemoryError) as error:
        raise _unparsable(error) from error


def toml_table(text: str) -> dict[str, Any]:
    """The table of a TOML text.

    Raises:
        Unparsable: there is none.
    """
    import tomllib  # noqa: PLC0415 - only some workspaces have any

    if _LONG_KEY.search(text):
        raise Unparsable("it has a key of more than 32 parts")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError, MemoryError) as error:
        raise _unparsable(error) from error


def python_tree(text: str) -> ast.Module:
    """The syntax tree of a Python module.

    Raises:
        Unparsable: there is none.
    """
    import ast  # noqa: PLC0415 - only some workspaces have any

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError) as error:
        raise _unparsable(error) from error


def _unparsable(error: BaseException) -> Unparsable:
    if isinstance(error, (RecursionError, MemoryError)):
        return Unparsable("it is nested more deeply than the parser takes")
    return Unparsable(str(error) or "it does not parse")
