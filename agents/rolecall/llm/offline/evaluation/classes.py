"""Class statements: they build real classes whose methods are interpreted."""

from __future__ import annotations

import abc
import ast
import dataclasses
import enum
import functools
import types
import typing
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood, Opaque
from rolecall.llm.offline.evaluation.kinds import is_a
from rolecall.llm.offline.evaluation.scope import Owner, Scope, make_opaque
from rolecall.llm.offline.evaluation.stdlib import Namespace

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from rolecall.llm.offline.evaluation.runtime import Run

_FORBIDDEN = frozenset(
    {"__del__", "__getattribute__", "__class_getitem__", "__init_subclass__", "__set_name__"}
)
"""Hooks the host itself would call at moments the program does not choose."""

_METACLASSES = (type, abc.ABCMeta, enum.EnumMeta)
_SAFE_BASES = (
    object,
    abc.ABC,
    typing.Generic,
    typing.Protocol,
    typing.NamedTuple,
    typing.TypedDict,
    int,
    str,
    float,
    list,
    dict,
    tuple,
    set,
    frozenset,
    bytes,
)
_MARKERS = {"ClassVar": typing.ClassVar, "InitVar": dataclasses.InitVar, "KW_ONLY": dataclasses.KW_ONLY}


def make_class(run: Run, node: ast.ClassDef, scope: Scope) -> Any:
    """The class a statement defines, or an `Opaque` where it is outside the subset.

    Raises:
        NotUnderstood: only from inside a function, where an unknown class makes the whole call unknown.
    """
    try:
        return _build(run, node, scope)
    except NotUnderstood as unknown:
        return Opaque(f"{node.name} ({unknown.reason})")


def _build(run: Run, node: ast.ClassDef, scope: Scope) -> Any:
    from rolecall.llm.offline.evaluation.expressions import evaluate  # noqa: PLC0415 - the walk is mutual

    bases = tuple(base for base in (_base(run, item, scope) for item in node.bases) if base is not None)
    keywords = {item.arg: evaluate(run, item.value, scope) for item in node.keywords if item.arg}
    metaclass = keywords.get("metaclass", type)
    if metaclass not in _METACLASSES or keywords.keys() - {"metaclass", "total", "boundary"}:
        raise NotUnderstood("the way the class is made is not understood")
    owner = Owner(node.name)
    opaque: list[str] = []

    def fill(namespace: MutableMapping[str, Any]) -> None:
        inner = Scope("class", scope.module, namespace, parent=scope, owner=owner)
        namespace["__module__"] = scope.module
        namespace["__qualname__"] = (
            f"{scope.owner.name}.{node.name}" if scope.kind == "class" and scope.owner else node.name
        )
        _fill(run, node, inner, opaque)

    run.loading += 1
    try:
        cls = run.native(types.new_class, node.name, bases, keywords, fill)
        owner.cls = cls
        run.classes[cls] = node
        cls = _decorate(run, node, cls, scope)
    finally:
        run.loading -= 1
    owner.cls = cls if is_a(cls, type) else owner.cls
    if is_a(cls, type):
        run.classes[cls] = node
        cls.__module__ = scope.module
    return cls


def _base(run: Run, node: ast.expr, scope: Scope) -> Any:
    from rolecall.llm.offline.evaluation.expressions import evaluate  # noqa: PLC0415 - the walk is mutual

    if isinstance(node, ast.Subscript):
        base = _base(run, node.value, scope)
        return None if base in {typing.Generic, typing.Protocol} else base
    base = evaluate(run, node, scope)
    if isinstance(base, (Opaque, Namespace)):
        raise NotUnderstood("a base class is not understood")
    if is_a(base, type) and (base in run.classes or issubclass(base, (Exception, enum.Enum))):
        return base
    if base not in _SAFE_BASES:
        raise NotUnderstood("a base class is not understood")
    return base


def _fill(run: Run, node: ast.ClassDef, scope: Scope, opaque: list[str]) -> None:
    from rolecall.llm.offline.evaluation.statements import execute  # noqa: PLC0415 - the walk is mutual

    annotations: dict[str, Any] = {}
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            annotations[statement.target.id] = _annotation(statement.annotation)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        try:
            execute(run, [statement], scope)
        except NotUnderstood as unknown:
            if run.steps <= 0:
                raise
            make_opaque(scope, [statement], unknown.reason)
            opaque.append(unknown.reason)
    if _FORBIDDEN & scope.names.keys():
        raise NotUnderstood("the class hooks into its own making")
    if annotations:
        scope.names["__annotations__"] = annotations


def _annotation(node: ast.expr) -> Any:
    """A stand-in for an annotation: only what dataclasses look for matters."""
    head = node
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            head = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return object
    if isinstance(head, ast.Subscript):
        head = head.value
    name = head.attr if isinstance(head, ast.Attribute) else getattr(head, "id", "")
    if name == "InitVar":
        return dataclasses.InitVar[object]
    return _MARKERS.get(name, object)


def _decorate(run: Run, node: ast.ClassDef, cls: type, scope: Scope) -> Any:
    from rolecall.llm.offline.evaluation.expressions import evaluate  # noqa: PLC0415 - the walk is mutual

    value: Any = cls
    for decorator in reversed(node.decorator_list):
        head = decorator.func if isinstance(decorator, ast.Call) else decorator
        known = evaluate(run, head, scope)
        options: dict[str, Any] = {}
        if isinstance(decorator, ast.Call):
            if decorator.args:
                raise NotUnderstood("a class decorator is not understood")
            options = {item.arg: evaluate(run, item.value, scope) for item in decorator.keywords if item.arg}
        if known is dataclasses.dataclass:
            value = run.native(dataclasses.dataclass, value, **options)
        elif known in {functools.total_ordering, enum.unique}:
            value = run.native(known, value)
        elif known not in {typing.final, typing.runtime_checkable}:
            raise NotUnderstood("a class decorator is not understood")
    return value
