"""Names and where they are bound."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from rolecall.llm.offline.evaluation.budget import NotUnderstood, Opaque

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

ScopeKind = Literal["module", "function", "class", "comprehension"]

_MISSING = object()


@dataclass(slots=True)
class Owner:
    """The class whose body holds a method, once it exists: for ``super()`` and private names."""

    name: str
    cls: type | None = None


@dataclass(slots=True)
class Scope:
    """One level of names.

    Attributes:
        kind: what opened the level; class levels are invisible to the functions inside them.
        module: dotted name of the module, for traces and relative imports.
        names: what is bound here.
        parent: the enclosing level; None for a module.
        local: names a function binds somewhere; reading one before it is bound is an error in Python.
        settled: the level was made while its module was loading, so later calls must leave it alone.
        yields: where a generator's body collects what it yields.
    """

    kind: ScopeKind
    module: str
    names: MutableMapping[str, Any] = field(default_factory=dict[str, Any])
    parent: Scope | None = None
    owner: Owner | None = None
    local: frozenset[str] = frozenset()
    outer: frozenset[str] = frozenset()
    settled: bool = False
    yields: list[Any] | None = None

    def lookup(self, name: str, builtins: MutableMapping[str, Any]) -> Any:
        """What the name means here.

        Raises:
            NotUnderstood: the name is unknown, or not bound yet.
        """
        level: Scope | None = self
        if self.kind == "class":
            name = mangled(name, self.owner)
        while level is not None:
            if level.kind != "class" or level is self:
                value = level.names.get(name, _MISSING)
                if value is not _MISSING:
                    return value
                if name in level.local and name not in level.outer:
                    raise NotUnderstood(f"{name} is read before it is bound")
            level = level.parent
        if name in builtins:
            return builtins[name]
        raise NotUnderstood(f"{name} is not understood")

    def bind(self, name: str, value: Any) -> None:
        """Bind a name where Python would."""
        level = self
        if self.kind == "class":
            name = mangled(name, self.owner)
        if name in self.outer:
            level = self._holder(name)
        if level.settled and level.kind != "class":
            raise NotUnderstood(f"{name} is state outside the call")
        level.names[name] = value

    def bind_walrus(self, name: str, value: Any) -> None:
        """Bind a name from ``:=``, which skips the scopes of comprehensions."""
        level = self
        while level.kind == "comprehension" and level.parent is not None:
            level = level.parent
        level.bind(name, value)

    def function(self) -> Scope:
        """The innermost function or module level."""
        level = self
        while level.kind == "comprehension" and level.parent is not None:
            level = level.parent
        return level

    def _holder(self, name: str) -> Scope:
        level = self.parent
        while level is not None:
            if level.kind == "function" and name in level.names:
                return level
            level = level.parent
        raise NotUnderstood(f"{name} is state outside the call")


def mangled(name: str, owner: Owner | None) -> str:
    """The name as Python writes it inside a class body: ``__x`` becomes ``_Class__x``."""
    if owner is not None and name.startswith("__") and not name.endswith("__"):
        return f"_{owner.name.lstrip('_')}{name}"
    return name


def bound_names(body: list[ast.stmt]) -> Iterator[str]:
    """Names the statements bind in their own scope, nested blocks included, nested scopes left out."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
            continue
        if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            continue
        yield from _bound_here(node)
        pending.extend(ast.iter_child_nodes(node))


def _bound_here(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in names)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case _:
            return


def make_opaque(scope: Scope, body: list[ast.stmt], reason: str) -> None:
    """Bind every name the statements would bind to something that is not understood.

    What a block binds under a condition that is not understood may not be bound at all.
    """
    blocks = (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.Match)
    certain = not any(isinstance(statement, blocks) for statement in body)
    for name in bound_names(body):
        bound = mangled(name, scope.owner) if scope.kind == "class" else name
        scope.names[bound] = Opaque(f"{name} ({reason})" if reason else name, certain=certain)
