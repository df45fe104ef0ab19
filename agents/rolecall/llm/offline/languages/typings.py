"""Type declarations of plain JavaScript, from JSDoc comments and defaults."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.languages.comments import Comment, read_comment

if TYPE_CHECKING:
    from rolecall.llm.offline.languages.declarations import Declaration, Kind, Source


def typings(source: Source) -> str:
    """A ``.d.ts`` file: exported functions and classes; all of them where nothing is exported by name."""
    classes = [kind for kind in source.kinds if kind.kind == "class"]
    functions = [item for item in source.declarations if not item.owner]
    exported = _exported(source)
    shown = [item for item in functions if item.public or item.name in exported] or functions
    lines = [f"// Types of {source.path}, read from its comments and defaults."]
    for item in shown:
        head = "export default function" if item.default else "export function"
        lines += ["", *_comment(item, ""), f"{head} {item.name}({_parameters(item)}): {_result(item)};"]
    for kind in classes:
        if kind.public or kind.name in exported or not exported:
            lines += ["", *_class(source, kind)]
    return "\n".join([*lines, ""])


def _exported(source: Source) -> set[str]:
    found = re.findall(r"(?:module\.exports\s*=|export)\s*\{([^}]*)\}", source.code)
    names = {name for part in found for name in re.findall(r"[\w$]+", part)}
    return names | set(
        re.findall(r"(?:module\.)?exports\.([\w$]+)\s*=|module\.exports\s*=\s*([\w$]+)", source.code)
        and _assigned(source)
    )


def _assigned(source: Source) -> set[str]:
    pairs = re.findall(r"exports\.([\w$]+)\s*=|module\.exports\s*=\s*([\w$]+)", source.code)
    return {name for pair in pairs for name in pair if name}


def _class(source: Source, kind: Kind) -> list[str]:
    head = re.search(r"class[^{]*", source.code[source.code.rfind("\n", 0, kind.span[0]) + 1 : kind.span[0]])
    lines = [f"export {head.group().strip() if head else f'class {kind.name}'} {{"]
    for item in source.declarations:
        if (
            item.owner != kind.name
            or not item.public
            or not kind.span[0] < _offset(source, item) < kind.span[1]
        ):
            continue
        result = "" if item.name == "constructor" else f": {_result(item)}"
        lines += [*_comment(item, "  "), f"  {item.name}({_parameters(item)}){result};"]
    return [*lines, "}"]


def _offset(source: Source, item: Declaration) -> int:
    return item.body[0] if item.body else sum(len(line) + 1 for line in source.text.split("\n")[: item.line])


def _comment(item: Declaration, indent: str) -> list[str]:
    text = read_comment(item.comment).text
    return [f"{indent}/** {text.replace('*/', '')} */"] if text else []


def _parameters(item: Declaration) -> str:
    told = read_comment(item.comment)
    parts: list[str] = []
    for number, part in enumerate(split_list(item.parameters)):
        name, _, default = part.partition("=")
        rest = name.strip().startswith("...")
        plain = name.strip().lstrip(".")
        plain = plain if re.fullmatch(r"[\w$]+", plain) else f"options{number or ''}"
        kind = _type(told.parameters.get(plain, ("", ""))[0]) or _of_default(default) or "unknown"
        if rest:
            kind = kind if kind.endswith("[]") else f"{kind}[]"
        optional = "?" if default.strip() and not rest else ""
        parts.append(f"{'...' if rest else ''}{plain}{optional}: {kind}")
    return ", ".join(parts)


def split_list(text: str) -> list[str]:
    """The parts of a list at its own commas."""
    parts: list[str] = []
    depth = start = 0
    plain = re.sub(r"([\"'`])(?:\\.|(?!\1)[^\\])*+\1", lambda found: "_" * len(found.group()), text)
    for place, letter in enumerate(plain):
        depth += (letter in "([{<") - (letter in ")]}>" and text[place - 1 : place] not in {"=", "-"})
        if letter == "," and not depth:
            parts.append(text[start:place])
            start = place + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def _type(kind: str) -> str:
    """A JSDoc type as TypeScript has it."""
    kind = kind.strip().removesuffix("=").removeprefix("...")
    if kind.startswith("?"):
        kind = f"{kind[1:]} | null"
    kind = (
        re.sub(r"\bArray\.?<([^<>]+)>", r"Array<\1>", kind).replace("function(", "(").replace("*", "unknown")
    )
    return {
        "String": "string",
        "Number": "number",
        "Boolean": "boolean",
        "function": "(...args: unknown[]) => unknown",
    }.get(kind, kind)


def _of_default(default: str) -> str:
    text = default.strip()
    if re.fullmatch(r"-?\d[\d_.]*", text):
        return "number"
    if text in {"true", "false"}:
        return "boolean"
    if text[:1] in {'"', "'", "`"}:
        return "string"
    return "unknown[]" if text.startswith("[") else ""


def _result(item: Declaration) -> str:
    told: Comment = read_comment(item.comment)
    kind = _type(told.result[0]) or "unknown"
    return kind if not item.is_async or kind.startswith("Promise") else f"Promise<{kind}>"
