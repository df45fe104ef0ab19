"""Typed skeletons of interfaces that nothing implements yet."""

from __future__ import annotations

import re
from posixpath import dirname, join, splitext
from typing import TYPE_CHECKING

from rolecall.llm.offline.languages.cases import identifier, quoted
from rolecall.llm.offline.languages.typings import split_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.llm.offline.languages.declarations import Kind, Source

_GO_METHOD = re.compile(r"^[ \t]+(\w+)\(([^()\n]*)\)[ \t]*([^\n{]*?)[ \t]*(?://.*)?$", re.MULTILINE)
_SCRIPT_METHOD = re.compile(
    r"^[ \t]*(\w+)\??(<[^<>()\n]*>)?\(([^()\n]*)\)[ \t]*:[ \t]*([^;\n]+);?", re.MULTILINE
)


def skeletons(source: Source, kinds: list[Kind]) -> tuple[str, str] | None:
    """Path and text of a new file; None where the language has no skeletons here, or nothing asks for one."""
    write = _WRITERS.get(splitext(source.path)[1].lower())
    return write(source, kinds) if write and kinds else None


def _go(source: Source, kinds: list[Kind]) -> tuple[str, str]:
    package = re.search(r"^package\s+(\w+)", source.code, re.MULTILINE)
    lines = [f"package {package.group(1) if package else 'main'}"]
    methods = [
        (kind, found) for kind in kinds for found in _GO_METHOD.findall(source.text[slice(*kind.span)])
    ]
    used = " ".join(" ".join(found[1:]) for _, found in methods)
    imports = [
        path
        for path in re.findall(r'^(?:import)?[ \t]*"([\w./-]+)"', source.text, re.MULTILINE)
        if re.search(rf"\b{re.escape(path.rsplit('/', 1)[-1])}\.", used)
    ]
    lines += ["", "import (", *(f'\t"{path}"' for path in sorted(imports)), ")"] if imports else []
    for kind in kinds:
        name = f"Scaffold{kind.name[:1].upper()}{kind.name[1:]}"
        lines += [
            "",
            f"// {name} is a {kind.name} whose methods are to be written.",
            f"type {name} struct{{}}",
            "",
            f"var _ {kind.name} = (*{name})(nil)",
        ]
        for method, parameters, result in (found for owner, found in methods if owner is kind):
            head = f"func (s *{name}) {method}({parameters})" + (f" {result}" if result else "")
            lines += ["", f"{head} {{", f"\tpanic({quoted(f'TODO(rolecall): {kind.name}.{method}')})", "}"]
    return f"{splitext(source.path)[0]}_scaffold.go", "\n".join([*lines, ""])


def _script(source: Source, kinds: list[Kind]) -> tuple[str, str] | None:
    stem = splitext(source.path)[0].rsplit("/", 1)[-1]
    names = [kind.name for kind in kinds]
    lines = [f'import type {{ {", ".join(names)} }} from "./{stem}.js";']
    known = {other.name for other in source.kinds if other.public} - set(names)
    written: list[str] = []
    for kind in kinds:
        if not kind.public:
            continue
        written += ["", f"export class Scaffold{kind.name} implements {kind.name} {{"]
        for method, generic, parameters, result in _SCRIPT_METHOD.findall(source.text[slice(*kind.span)]):
            listed = ", ".join(re.sub(r"^(\w+)", r"_\1", part) for part in split_list(parameters))
            written += [
                f"  {method}{generic}({listed}): {result.strip()} {{",
                f"    throw new Error({quoted(f'TODO(rolecall): {kind.name}.{method}')});",
                "  }",
                "",
            ]
        written = [*written[:-1], "}"] if written[-1] == "" else [*written, "}"]
    if not written:
        return None
    more = sorted(name for name in known if re.search(rf"\b{name}\b", "\n".join(written)))
    lines[0] = f'import type {{ {", ".join(sorted([*names, *more]))} }} from "./{stem}.js";'
    return join(dirname(source.path), f"{identifier(stem).replace('_', '-')}.scaffold.ts"), "\n".join(
        [*lines, *written, ""]
    )


_WRITERS: dict[str, Callable[[Source, list[Kind]], tuple[str, str] | None]] = {".go": _go, ".ts": _script}
