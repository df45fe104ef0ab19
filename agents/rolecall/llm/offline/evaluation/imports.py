"""Imports: pure parts of the standard library, modules whose source is at hand, the rest unknown."""

from __future__ import annotations

import ast
import types
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood, Opaque
from rolecall.llm.offline.evaluation.kinds import is_a, kind_of, members_of
from rolecall.llm.offline.evaluation.scope import Scope, make_opaque
from rolecall.llm.offline.evaluation.state import forget_changing, is_container
from rolecall.llm.offline.evaluation.stdlib import Namespace, is_known_module

if TYPE_CHECKING:
    from rolecall.llm.offline.evaluation.runtime import Run

_LOAD_STEPS = 200_000
"""Nodes the top level of one module may visit."""


def load_module(run: Run, name: str) -> Scope:
    """The names of a module whose source is at hand. What goes beyond the subset stays unknown."""
    if name in run.modules:
        return run.modules[name]
    scope = Scope("module", name)
    run.modules[name] = scope
    scope.names.update({"__name__": name, "__doc__": None, "__file__": Opaque("__file__")})
    try:
        tree = run.trees[name] if name in run.trees else ast.parse(run.sources[name])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return scope
    run.loading += 1
    steps, run.steps = run.steps, min(_LOAD_STEPS, max(run.total, 1))
    depth, run.depth = run.depth, 0
    try:
        load_body(run, tree.body, scope)
    finally:
        run.loading -= 1
        run.steps, run.depth = steps, depth
    forget_changing(run, tree, scope)
    scope.settled = True
    _settle(run, scope)
    return scope


def load_body(run: Run, body: list[ast.stmt], scope: Scope) -> None:
    """Execute the statements of a module one by one; what is not understood becomes opaque."""
    from rolecall.llm.offline.evaluation.statements import execute  # noqa: PLC0415 - the walk is mutual

    for statement in body:
        try:
            if isinstance(statement, ast.Try) and _has_unknown_import(run, statement):
                raise NotUnderstood("depends on what is installed")  # noqa: TRY301 - one place decides what opaque means
            execute(run, [statement], scope)
        except NotUnderstood as unknown:
            _give_up(run, statement, scope, unknown.reason)
            if run.steps <= 0:
                run.steps = 1
        except Exception as error:  # noqa: BLE001 - a top level that raises cannot be imported at all
            make_opaque(scope, [statement], f"raises {type(error).__name__}")


def _give_up(run: Run, statement: ast.stmt, scope: Scope, reason: str) -> None:
    """Forget everything a statement that is not understood may bind, replace, delete or change."""
    make_opaque(scope, [statement], reason)
    if isinstance(statement, ast.Delete):
        for target in statement.targets:
            scope.names.pop(getattr(target, "id", ""), None)
    read: list[ast.AST] = [statement]
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        read = list(statement.decorator_list)
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(statement)):
        _forget_all(scope, reason)
    if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)):
        for name in _used_names(run, read, scope):
            if _is_changeable(run, scope.names.get(name)):
                scope.names[name] = Opaque(f"{name} ({reason})")


def _used_names(run: Run, nodes: list[ast.AST], scope: Scope) -> set[str]:
    """Names of the module that nodes read, by themselves or through the functions they may call."""
    found: set[str] = set()
    pending = list(nodes)
    while pending:
        for node in ast.walk(pending.pop()):
            if isinstance(node, ast.Name) and node.id not in found:
                found.add(node.id)
                value = scope.names.get(node.id)
                routine = run.routines.get(value) if isinstance(value, types.FunctionType) else None
                if routine is not None:
                    pending.append(routine.node)
    return found


def _is_changeable(run: Run, value: Any) -> bool:
    if isinstance(value, type):
        return value in run.classes and any(is_container(item) for item in members_of(value).values())
    return is_container(value) or kind_of(value) in run.classes


def _has_unknown_import(run: Run, node: ast.Try) -> bool:
    for child in ast.walk(node):
        if isinstance(child, ast.Import) and any(not _is_known(run, alias.name) for alias in child.names):
            return True
        if isinstance(child, ast.ImportFrom) and not _is_known(run, child.module or ""):
            return True
    return False


def _is_known(run: Run, name: str) -> bool:
    return is_known_module(name) or name in run.sources


def bind_import(run: Run, node: ast.Import, scope: Scope) -> None:
    """``import a.b as c``."""
    for alias in node.names:
        if alias.asname:
            scope.bind(alias.asname, _module(run, alias.name))
        else:
            top = alias.name.split(".")[0]
            scope.bind(top, _module(run, top))


def bind_import_from(run: Run, node: ast.ImportFrom, scope: Scope) -> None:
    """``from a import b``."""
    name = _absolute(run, node, scope)
    if name == "__future__":
        return
    for alias in node.names:
        if alias.name == "*":
            _bind_everything(run, name, scope)
            continue
        scope.bind(alias.asname or alias.name, _member(run, name, alias.name))


def _bind_everything(run: Run, module: str, scope: Scope) -> None:
    """``from a import *``: what a known module has; an unknown one may replace anything bound so far."""
    if module in run.sources:
        for name, value in list(load_module(run, module).names.items()):
            if not name.startswith("_"):
                scope.bind(name, value)
        return
    _forget_all(scope, f"perhaps replaced by {module}")


def _forget_all(scope: Scope, reason: str) -> None:
    for name in list(scope.names):
        if not name.startswith("__"):
            scope.names[name] = Opaque(f"{name} ({reason})")


def _absolute(run: Run, node: ast.ImportFrom, scope: Scope) -> str:
    if not node.level:
        return node.module or ""
    parts = scope.module.split(".")
    drop = node.level - 1 if scope.module in run.packages else node.level
    base = parts[: len(parts) - drop] if drop else parts
    return ".".join([*base, node.module] if node.module else base)


def _module(run: Run, name: str) -> Any:
    if is_known_module(name):
        return Namespace(name)
    if name in run.sources:
        return Module(run, name)
    return Opaque(name)


def _member(run: Run, module: str, name: str) -> Any:
    if module in run.sources:
        names = load_module(run, module).names
        if name in names:
            return names[name]
    if f"{module}.{name}" in run.sources:
        return Module(run, f"{module}.{name}")
    if is_known_module(module):
        return Namespace(module).member(name)
    return Opaque(f"{module}.{name}")


class Module(Namespace):
    """A module of the workspace, as a value."""

    __slots__ = ("run",)

    def __init__(self, run: Run, name: str) -> None:
        super().__init__(name)
        object.__setattr__(self, "run", run)

    def member(self, name: str) -> Any:
        """The member, or an `Opaque` that stands for it."""
        run: Run = object.__getattribute__(self, "run")
        names = load_module(run, self.name).names
        if name in names:
            return names[name]
        if f"{self.name}.{name}" in run.sources:
            return Module(run, f"{self.name}.{name}")
        return Opaque(f"{self.name}.{name}")


def _settle(run: Run, scope: Scope) -> None:
    """Remember every changeable value the module holds: later calls must leave it alone."""
    for made in run.made_while_loading:
        made.settled = True
    pending = [value for made in (scope, *run.made_while_loading) for value in made.names.values()]
    run.made_while_loading.clear()
    for routine in run.routines.values():
        pending += [*routine.defaults, *routine.keyword_defaults.values()]
    for cls in run.classes:
        pending += list(vars(cls).values())
    while pending:
        value = pending.pop()
        if is_a(value, list, dict, set, bytearray) or kind_of(value) in run.classes:
            if id(value) in run.settled:
                continue
            run.settled[id(value)] = value
            pending += _inside(value)
        elif is_a(value, tuple, frozenset):
            pending += list(value)


def _inside(value: Any) -> list[Any]:
    if is_a(value, dict):
        return list(value.values())
    if is_a(value, list, set):
        return list(value)
    return list(members_of(value).values())
