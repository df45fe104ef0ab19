"""The developer without a model: typed stubs, bodies to fill in, and lists of what to mend and where."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.extracting import extracted, switches
from rolecall.llm.offline.patches import Patch, split_lines, to_edits
from rolecall.llm.offline.source.promises import promised_errors
from rolecall.llm.offline.source.reading import Definition, decorators
from rolecall.llm.offline.source.wording import first_sentence, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.study import Study
    from rolecall.task import TaskRequest

_LONG = 40
_MANY = 6
_DEEP = 4


def implement(study: Study) -> Draft:
    """Bodies to fill in where there are stubs; else a typed stub file that equals the code's signatures."""
    draft = Draft()
    lines = split_lines(study.target.text)
    stubs = [item for item in _all(study) if _is_stub(item)]
    patches = [_body_patch(item, lines) for item in stubs]
    edits = to_edits(lines, patches) if patches else None
    if edits and draft.edit(study.target.path, edits):
        draft.say(
            f"Stubs in {study.target.path} that now say what is missing: "
            f"{', '.join(item.qualified for item in stubs[:8])}."
        )
        draft.say("They raise NotImplementedError until a person, or a model, writes their bodies.")
        return draft
    waiting = [item.qualified for item in _all(study) if "TODO(rolecall)" in ast.unparse(item.node)]
    if waiting:
        draft.say(f"Already marked in {study.target.path}, and waiting for a body: {', '.join(waiting[:8])}.")
        return draft
    path = re.sub(r"\.py$", ".pyi", study.target.path)
    if path == study.target.path or path in study.project.paths:
        draft.say(f"{study.target.path} has no stub to fill in.")
        return draft
    if draft.file(path, typed_stub(study)):
        draft.say(f"{study.target.path} has no stub to fill in; {path} holds its typed signatures.")
        draft.say(
            "Types nobody wrote down are marked with Incomplete. Delete the file if the module is typed in "
            "place."
        )
    return draft


def _all(study: Study) -> list[Definition]:
    from rolecall.llm.offline.source.reading import selected_definitions  # noqa: PLC0415 - one caller

    return selected_definitions(study.module, study.selection)


def _is_stub(item: Definition) -> bool:
    if {"abstractmethod", "overload"} & set(decorators(item.node)):
        return False
    if any("Protocol" in ast.unparse(base) for base in (item.owner_node.bases if item.owner_node else [])):
        return False
    body = [node for node in item.node.body if not _is_docstring(node)]
    return len(body) <= 1 and all(_says_nothing(node) for node in body)


def _says_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Raise):
        text = ast.unparse(node.exc) if node.exc else ""
        return text.startswith("NotImplementedError") and "rolecall" not in text
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is Ellipsis
    )


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _body_patch(item: Definition, lines: list[str]) -> Patch:
    """The body as a list of what to write, from the docstring, and an error until somebody has."""
    last = item.node.body[-1]
    row = last.lineno - 1
    before = lines[row].encode()[: last.col_offset].decode(errors="replace")
    inline = bool(before.strip())
    indent = before if not inline else " " * (item.node.col_offset + 4)
    wanted = tuple(f"{indent}{line}" for line in _wanted(item))
    if _is_docstring(last):
        end = last.end_lineno or last.lineno
        return Patch(end, end, wanted, None if inline else row)
    end = last.end_lineno or last.lineno
    if inline and len(wanted) == 1:
        return Patch(row, end, (before + wanted[0].strip(),))
    if inline:
        return Patch(row, end, (before.rstrip(), *wanted))
    return Patch(row, end, wanted, item.node.lineno - 1)


def _wanted(item: Definition) -> list[str]:
    lines = [
        f"# TODO(rolecall): raise {name}{f' where {when}' if when else ''}"[:100]
        for name, when in promised_errors(item.doc())
    ]
    result = ast.unparse(item.node.returns) if item.node.returns is not None else ""
    if result and result != "None":
        goal = first_sentence(item.doc()).rstrip(".") or words(item.name)
        lines.append(f"# TODO(rolecall): return {result}: {goal}"[:100])
    return [*lines, f'raise NotImplementedError("TODO(rolecall): {words(item.name)}")']


def typed_stub(study: Study) -> str:
    """The module's signatures as a ``.pyi`` file."""
    body = "\n".join(_stub_lines(study.module.tree.body, ""))
    imports = [
        ast.unparse(node) for node in study.module.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    imports = [line for line in imports if "__future__" not in line]
    used = [
        line for line in imports if any(re.search(rf"\b{re.escape(name)}\b", body) for name in _bound(line))
    ]
    if "Incomplete" in body:
        used.insert(0, "from _typeshed import Incomplete")
    return "\n".join([*used, "", body]).strip("\n") + "\n"


def _bound(line: str) -> list[str]:
    node = ast.parse(line).body[0]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    return []


def _stub_lines(body: list[ast.stmt], indent: str, *, in_enum: bool = False) -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from (
                    f"{indent}@{ast.unparse(item)}"
                    for item in node.decorator_list
                    if ast.unparse(item).split(".")[-1] in _KEPT
                )
                head = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
                result = (
                    ast.unparse(node.returns)
                    if node.returns
                    else ("None" if node.name == "__init__" else "Incomplete")
                )
                yield f"{indent}{head} {node.name}({_typed(node.args)}) -> {result}: ..."
            case ast.ClassDef():
                bases = f"({', '.join(ast.unparse(item) for item in (*node.bases,))})" if node.bases else ""
                yield from (f"{indent}@{ast.unparse(item)}" for item in node.decorator_list)
                is_enum = any(ast.unparse(item).split(".")[-1] in _ENUMS for item in node.bases)
                inside = list(_stub_lines(node.body, f"{indent}    ", in_enum=is_enum))
                yield f"{indent}class {node.name}{bases}:" + ("" if inside else " ...")
                yield from inside
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                default = " = ..." if node.value is not None else ""
                yield f"{indent}{name}: {ast.unparse(annotation)}{default}"
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not name.startswith("_"):
                # With an annotation it would be an attribute of each member, by the typing specification.
                yield f"{indent}{name} = ..." if in_enum else f"{indent}{name}: {_kind(value)}"
            case _:
                continue


_KEPT = frozenset(
    {
        "property",
        "cached_property",
        "setter",
        "deleter",
        "staticmethod",
        "classmethod",
        "abstractmethod",
        "contextmanager",
        "asynccontextmanager",
        "overload",
        "final",
        "override",
    }
)
"""Decorators that a type checker has to see, by the last part of their names."""

_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"})


def _typed(arguments: ast.arguments) -> str:
    copied = ast.parse(f"def f({ast.unparse(arguments)}): ...").body[0]
    if not isinstance(copied, ast.FunctionDef):
        return ast.unparse(arguments)
    listed = copied.args
    for index, item in enumerate([*listed.posonlyargs, *listed.args, *listed.kwonlyargs]):
        if item.annotation is None and not (index == 0 and item.arg in {"self", "cls"}):
            item.annotation = ast.Name("Incomplete", ast.Load())
    listed.defaults = [ast.Constant(...) for _ in listed.defaults]
    listed.kw_defaults = [ast.Constant(...) if item is not None else None for item in listed.kw_defaults]
    return ast.unparse(listed)


def _kind(value: ast.expr) -> str:
    if isinstance(value, ast.Constant) and value.value is not None:
        return type(value.value).__name__
    return "Incomplete"


def fix(study: Study, request: TaskRequest) -> Draft:
    """Unused imports are removed; every other diagnostic is listed with its line."""
    draft = Draft()
    lines = split_lines(study.target.text)
    patches: list[Patch] = []
    left: list[str] = []
    for diagnostic in request.diagnostics:
        patch = (
            _unused_import(study, diagnostic.line)
            if diagnostic.code in {"F401", "W0611", "unused-import"}
            else None
        )
        if patch is not None and patch not in patches:
            patches.append(patch)
        else:
            text = lines[diagnostic.line - 1].strip() if 0 < diagnostic.line <= len(lines) else ""
            left.append(
                f"Line {diagnostic.line} ({diagnostic.code or diagnostic.severity}): {diagnostic.message} "
                f"In: {text[:80]}"
            )
    edits = to_edits(lines, patches) if patches else None
    if edits and draft.edit(study.target.path, edits):
        draft.say(f"Unused imports removed from {study.target.path}: {len(patches)}.")
    if not request.diagnostics:
        draft.say(
            f"No diagnostic was given for {study.target.path}; run the linter or type checker, and ask on "
            "the line it reports."
        )
    if left:
        draft.say("To mend by hand, since the cause needs judgement:")
        for line in left[:8]:
            draft.say(line)
    return draft


def _unused_import(study: Study, line: int) -> Patch | None:
    for node in study.module.tree.body:
        if (
            isinstance(node, (ast.Import, ast.ImportFrom))
            and node.lineno == line
            and len(node.names) == 1
            and node.end_lineno == line
        ):
            if any(
                other is not node and other.lineno <= line <= (other.end_lineno or 0)
                for other in study.module.tree.body
            ):
                return None
            return Patch(line - 1, line, ())
    return None


def refactor(study: Study) -> Draft:
    """Moves a switch out of a mixed function where that is safe; names every other smell with its line."""
    draft = Draft()
    found = [smell for item in _all(study) for smell in _smells(item)]
    moved = _move_switch(study, draft)
    if not found and not moved:
        draft.say(
            f"No smell: no function in {study.target.path} is long, wide, deeply nested or a switch. Nothing "
            "to change."
        )
        return draft
    if found:
        rest = "need judgement, and stay" if moved else "need judgement, so nothing was written"
        draft.say(f"Smells in {study.target.path} whose changes {rest}:")
    for smell in found[:7]:
        draft.say(smell)
    return draft


def _move_switch(study: Study, draft: Draft) -> bool:
    """One move for one request: its reader has to follow it."""
    lines = split_lines(study.target.text)
    for item in _all(study):
        for switch in switches(item):
            made = extracted(switch, study.module, lines)
            edits = to_edits(lines, made[1]) if made is not None else None
            if made is None or not edits or not draft.edit(study.target.path, edits):
                continue
            draft.say(
                f"Smell: {item.qualified} (line {switch.node.lineno}) is a long function of mixed purposes, "
                f"with a switch that only chooses `{switch.target}`. Single responsibility: it moved to "
                f"`{made[0]}`."
            )
            draft.say("Behaviour and public signatures hold. Nothing was run. Check with: python -m pytest")
            return True
    return False


def _smells(item: Definition) -> Iterator[str]:
    node = item.node
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    where = f"{item.qualified} (line {node.lineno})"
    if length > _LONG:
        yield f"{where}: {length} lines. Single responsibility: split it at its comments or blocks."
    if len(item.parameters()) >= _MANY:
        yield f"{where}: {len(item.parameters())} parameters. Group those that travel together in one type."
    if _depth(node.body) > _DEEP:
        yield f"{where}: blocks nest {_depth(node.body)} deep. Return early, or move the inner block out."
    checks = sum(
        isinstance(child, ast.Call) and getattr(child.func, "id", "") == "isinstance"
        for child in ast.walk(node)
    )
    if checks > _DEEP:
        yield f"{where}: {checks} isinstance checks. Open-closed: let the types answer by a common method."


def _depth(body: list[ast.stmt]) -> int:
    deepest = 0
    for node in body:
        for name in ("body", "orelse", "finalbody"):
            inner: list[ast.stmt] = getattr(node, name, [])
            if inner and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                deepest = max(deepest, 1 + _depth(inner))
    return deepest
