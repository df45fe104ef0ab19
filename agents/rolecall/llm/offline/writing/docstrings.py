"""Google-style docstrings whose arguments, results and raises are the code's own."""

from __future__ import annotations

import ast
import io
import tokenize
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.patches import Patch, apply, split_lines, to_edits
from rolecall.llm.offline.source.raises import raised
from rolecall.llm.offline.source.reading import (
    ClassInfo,
    Definition,
    Module,
    Parameter,
    SourceProblem,
    decorators,
    in_selection,
    read_module,
    selected_definitions,
)
from rolecall.llm.offline.source.wording import sentence, words

if TYPE_CHECKING:
    from rolecall.context.items import ContextItem
    from rolecall.task import Selection, TaskRequest

_TODO = "TODO(rolecall): describe."
Header = dict[tuple[int, int], tuple[int, int]]


def docstrings(request: TaskRequest, target: ContextItem) -> Draft:
    """Docstrings for what has none; code and existing docstrings stay as they are."""
    draft = Draft()
    try:
        module = read_module(target.text)
        colons = _header_ends(target.text)
    except SourceProblem as problem:
        where = f" at line {problem.line}" if problem.line else ""
        draft.say(f"{target.path} does not parse{where}: {problem}. Docstrings can be placed once it does.")
        return draft
    selection = request.target.selection if request.target else None
    lines = split_lines(target.text)
    patches = _patches(module, selection, colons, lines)
    edits = to_edits(lines, patches) if patches else []
    if not patches or not edits or not _is_harmless(target.text, apply(lines, patches)):
        _say_nothing(draft, target, module, selection, tried=bool(patches))
    elif draft.edit(target.path, edits):
        count = len(patches)
        draft.say(
            f"{count} {'docstring' if count == 1 else 'docstrings'} added to {target.path}; no line of code "
            "changed."
        )
        draft.say(
            "Arguments, defaults, results and raised exceptions are read from the code; each TODO(rolecall) "
            "needs a person."
        )
    for difference in stale(module, selection)[:5]:
        draft.say(difference)
    return draft


def _say_nothing(
    draft: Draft, target: ContextItem, module: Module, selection: Selection | None, *, tried: bool
) -> None:
    del module
    where = f"The selection in {target.path}" if selection else target.path
    if tried:
        draft.say(
            f"{where} has lines that cannot be told apart, so that no docstring could be placed safely."
        )
    else:
        draft.say(f"{where} has no public function, method or class without a docstring; nothing was added.")


def _patches(module: Module, selection: Selection | None, colons: Header, lines: list[str]) -> list[Patch]:
    patches: list[Patch] = []
    for definition in selected_definitions(module, selection):
        if definition.doc() is None and _deserves(definition, selected=selection is not None):
            patches += _insert(definition.node, function_lines(definition), colons, lines)
    for info in module.classes:
        wanted = info.is_public and in_selection(info.node, selection)
        if (
            wanted
            and ast.get_docstring(info.node) is None
            and (selection is None or _starts_in(info.node, selection))
        ):
            patches += _insert(info.node, class_lines(info), colons, lines)
    if selection is None and module.tree.body and ast.get_docstring(module.tree) is None:
        patches += _module_patch(module, lines)
    return patches


def _starts_in(node: ast.ClassDef, selection: Selection) -> bool:
    return selection.start_line <= node.lineno <= selection.end_line


def _deserves(definition: Definition, *, selected: bool) -> bool:
    marks = decorators(definition.node)
    if {"overload", "setter", "deleter", "override"} & set(marks):
        return False
    if definition.name.startswith("__") and definition.name.endswith("__"):
        own = definition.name == "__init__" and bool(definition.parameters() or raised(definition.node))
        return own and (selected or not (definition.owner or "").startswith("_"))
    return selected or definition.is_public


def function_lines(definition: Definition) -> list[str]:
    """The docstring of a function, without quotes and indentation."""
    node = definition.node
    title = _title(definition)
    lines = [title]
    listed = definition.parameters()
    if listed:
        lines += ["", "Args:", *(f"    {_argument(parameter)}" for parameter in listed)]
    lines += _result(definition)
    errors = raised(node)
    if errors:
        lines += ["", "Raises:"]
        for name in dict.fromkeys(item.name for item in errors):
            lines.append(f"    {name}: {_when([item.condition for item in errors if item.name == name])}")
    if len(lines) == 1:
        lines[0] = f"{title.rstrip('.')}. TODO(rolecall): say why and within which limits."
    return lines


def _title(definition: Definition) -> str:
    if definition.name == "__init__":
        return f"Initialize the {words((definition.owner or '').rsplit('.', 1)[-1])}."
    if definition.kind == "property":
        return f"The {words(definition.name)}."
    return sentence(definition.name)


def _argument(parameter: Parameter) -> str:
    star = {"var_positional": "*", "var_keyword": "**"}.get(parameter.kind, "")
    kind = f" ({_one_line(parameter.annotation)})" if parameter.annotation else ""
    default = f" Defaults to {_one_line(parameter.default)}." if parameter.default is not None else ""
    return f"{star}{parameter.name}{kind}: {_TODO}{default}"


def _result(definition: Definition) -> list[str]:
    node = definition.node
    returned = _one_line(ast.unparse(node.returns)) if node.returns else ""
    if any(isinstance(child, (ast.Yield, ast.YieldFrom)) for child in own_nodes(node)):
        yielded = _yielded(node.returns)
        return ["", "Yields:", f"    {yielded}: {_TODO}" if yielded else f"    {_TODO}"]
    if (
        definition.kind == "property"
        or definition.name == "__init__"
        or returned in {"None", "NoReturn", "Never"}
    ):
        return []
    if "abstractmethod" in decorators(node) and not returned:
        return []
    if not returned and not _returns_value(node):
        return []
    return ["", "Returns:", f"    {returned}: {_TODO}" if returned else f"    {_TODO}"]


def _yielded(node: ast.expr | None) -> str:
    if isinstance(node, ast.Subscript):
        inside = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
        return _one_line(ast.unparse(inside))
    return ""


def _returns_value(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(child, ast.Return)
        and child.value is not None
        and not (isinstance(child.value, ast.Constant) and child.value.value is None)
        for child in own_nodes(node)
    )


def own_nodes(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.AST]:
    """Nodes of the body, without those of functions and classes inside it."""
    found: list[ast.AST] = []
    pending: list[ast.AST] = list(node.body)
    while pending:
        child = pending.pop()
        found.append(child)
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(child))
    return found


def _when(conditions: list[str]) -> str:
    known = [condition for condition in dict.fromkeys(conditions) if condition]
    if not known or len(known) < len(set(conditions)):
        return (
            "TODO(rolecall): say when."
            if not known
            else f"If {'; or if '.join(known)}; or else TODO(rolecall)."
        )
    return f"If {'; or if '.join(_one_line(condition) for condition in known)}."


def class_lines(info: ClassInfo) -> list[str]:
    """The docstring of a class: its attributes, where its body declares them."""
    lines = [sentence(info.node.name)]
    listed = [
        (item.target.id, _one_line(ast.unparse(item.annotation)), item.value)
        for item in info.node.body
        if isinstance(item, ast.AnnAssign)
        and isinstance(item.target, ast.Name)
        and not item.target.id.startswith("_")
    ]
    if listed:
        lines += ["", "Attributes:"]
        for name, kind, value in listed:
            default = f" Defaults to {_one_line(ast.unparse(value))}." if value is not None else ""
            lines.append(f"    {name} ({kind}): {_TODO}{default}")
    else:
        lines[0] += " TODO(rolecall): say what an instance stands for."
    return lines


def _module_patch(module: Module, lines: list[str]) -> list[Patch]:
    first = module.tree.body[0]
    place = 0
    while place < len(lines) and _stays_first(lines[place], place):
        place += 1
    names = [item.name for item in module.functions if item.is_public] + [
        cls.name for cls in module.classes if cls.is_public and "." not in cls.name
    ]
    if not names or first.lineno - 1 < place:
        return []
    public = ", ".join(names[:6]) + (" and more" if len(names) > 6 else "")  # noqa: PLR2004 - a line's worth
    text = ['"""TODO(rolecall): say what this module is for.', "", f"Public: {public}.", '"""', ""]
    return [Patch(place, place, tuple(text))]


def _stays_first(line: str, place: int) -> bool:
    """A shebang, or the encoding in the first two lines (PEP 263)."""
    return line.startswith("#!") or (place <= 1 and line.startswith("#") and "coding" in line)


def _insert(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    text: list[str],
    colons: Header,
    lines: list[str],
) -> list[Patch]:
    end = colons.get((node.lineno, node.col_offset))
    if end is None or not node.body:
        return []
    row, column = end
    body = node.body[0]
    first = min([body.lineno, *(item.lineno for item in getattr(body, "decorator_list", []))])
    if first == row:
        outer = lines[node.lineno - 1][: len(lines[node.lineno - 1]) - len(lines[node.lineno - 1].lstrip())]
        indent = f"{outer}\t" if outer.startswith("\t") else f"{outer}    "
        rest = lines[row - 1][column:].lstrip()
        return [
            Patch(
                row - 1,
                row,
                (lines[row - 1][:column], *_quoted(text, indent), f"{indent}{rest}"),
                node.lineno - 1,
            )
        ]
    indent = lines[first - 1][: len(lines[first - 1]) - len(lines[first - 1].lstrip())]
    return [Patch(row, row, tuple(_quoted(text, indent)), node.lineno - 1)]


def _quoted(text: list[str], indent: str) -> list[str]:
    raw = "r" if any("\\" in line for line in text) else ""
    safe = [line.replace('"""', "'''") for line in text]
    if safe[-1].endswith('"') and len(safe) == 1:
        safe[0] += " "
    if len(safe) == 1:
        return [f'{indent}{raw}"""{safe[0]}"""']
    return [
        f'{indent}{raw}"""{safe[0]}',
        *(f"{indent}{line}" if line else "" for line in safe[1:]),
        f'{indent}"""',
    ]


def _header_ends(text: str) -> Header:
    """For each ``def`` and ``class``, by its line and column, where the colon of its header ends."""
    found: Header = {}
    start: tuple[int, int] | None = None
    depth = 0
    previous: tokenize.TokenInfo | None = None
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline=None).readline):
            if token.type == tokenize.OP and token.string in "([{":
                depth += 1
            elif token.type == tokenize.OP and token.string in ")]}":
                depth -= 1
            elif (
                token.type == tokenize.NAME
                and token.string in {"def", "class"}
                and depth == 0
                and start is None
            ):
                is_async = (
                    previous is not None
                    and previous.string == "async"
                    and previous.start[0] == token.start[0]
                )
                start = previous.start if is_async and previous is not None else token.start
            elif token.type == tokenize.OP and token.string == ":" and depth == 0 and start is not None:
                found[start] = token.end
                start = None
            previous = token
    except (tokenize.TokenError, SyntaxError, IndentationError) as error:
        raise SourceProblem(str(error)) from error
    return found


def _is_harmless(before: str, after: list[str]) -> bool:
    """Whether the code is the same, docstrings aside."""
    try:
        return _without_docstrings(before) == _without_docstrings("\n".join(after) + "\n")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _without_docstrings(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if (
            isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:]
    return ast.dump(tree)


def stale(module: Module, selection: Selection | None) -> list[str]:
    """Docstrings that name arguments the code does not have, or leave out ones it has."""
    problems: list[str] = []
    for definition in selected_definitions(module, selection):
        documented = documented_arguments(definition.doc())
        if documented is None:
            continue
        real = [parameter.name for parameter in definition.parameters()]
        gone = [name for name in documented if name not in real]
        missing = [name for name in real if name not in documented]
        if gone:
            problems.append(
                f"{definition.qualified}: its docstring names {', '.join(gone)}, which the code does not "
                "take."
            )
        if missing:
            problems.append(f"{definition.qualified}: its docstring leaves out {', '.join(missing)}.")
    return problems


def documented_arguments(doc: str | None) -> list[str] | None:
    """Names under ``Args:`` of a Google-style docstring; None where it has no such section."""
    if not doc or "\nArgs:\n" not in f"\n{doc}\n":
        return None
    section = f"\n{doc}\n".split("\nArgs:\n", 1)[1]
    names: list[str] = []
    for line in section.split("\n"):
        if line and not line.startswith(" "):
            break
        if line.startswith("    ") and not line.startswith("     ") and ":" in line:
            names += [part.strip().lstrip("*") for part in line.split(":", 1)[0].split("(", 1)[0].split(",")]
    return [name for name in names if name.isidentifier()]


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
