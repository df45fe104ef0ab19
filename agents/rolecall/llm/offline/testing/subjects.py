"""What a test can call: functions, methods on fresh instances, properties, constructors."""

from __future__ import annotations

import ast
import dataclasses
import enum
import operator
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rolecall.llm.offline.evaluation.budget import NotUnderstood, Opaque
from rolecall.llm.offline.evaluation.calls import call, iterate, run_class
from rolecall.llm.offline.evaluation.kinds import is_a, kind_of
from rolecall.llm.offline.evaluation.streams import Pending, Stream
from rolecall.llm.offline.source.reading import ClassInfo, Definition, Parameter, decorators, parameters
from rolecall.llm.offline.testing.candidates import OMITTED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rolecall.llm.offline.evaluation.runtime import Run

OPERATIONS: dict[str, str] = {
    "__len__": "len({0})",
    "__str__": "str({0})",
    "__repr__": "repr({0})",
    "__bool__": "bool({0})",
    "__iter__": "list({0})",
    "__contains__": "{1} in {0}",
    "__getitem__": "{0}[{1}]",
    "__call__": "{0}({1})",
    "__eq__": "{0} == {1}",
    "__lt__": "{0} < {1}",
    "__le__": "{0} <= {1}",
    "__add__": "{0} + {1}",
    "__sub__": "{0} - {1}",
    "__mul__": "{0} * {1}",
    "__truediv__": "{0} / {1}",
    "__neg__": "-{0}",
    "__int__": "int({0})",
    "__float__": "float({0})",
}
"""How the special methods that a test may ask for are written."""

_OF: Any = operator
_NATIVE: dict[str, Callable[..., Any]] = {
    "__len__": len,
    "__str__": str,
    "__repr__": repr,
    "__bool__": bool,
    "__iter__": iter,
    "__contains__": _OF.contains,
    "__getitem__": _OF.getitem,
    "__eq__": _OF.eq,
    "__lt__": _OF.lt,
    "__le__": _OF.le,
    "__add__": _OF.add,
    "__sub__": _OF.sub,
    "__mul__": _OF.mul,
    "__truediv__": _OF.truediv,
    "__neg__": _OF.neg,
    "__int__": int,
    "__float__": float,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """An instance still to be made: every use gets a fresh one, and a test can write it down."""

    cls: type
    arguments: tuple[tuple[str, Any], ...]
    positional: frozenset[str] = frozenset()
    steps: tuple[Step, ...] = ()

    def make(self, run: Run) -> Any:
        """A fresh instance."""
        given = {name: materialize(run, value) for name, value in self.arguments}
        first = [given.pop(name) for name in list(given) if name in self.positional]
        made = run_class(run, self.cls, first, given)
        for step in self.steps:
            perform(
                run,
                step.subject,
                made,
                {name: materialize(run, value) for name, value in step.arguments.items()},
            )
        return made


@dataclass(frozen=True, slots=True)
class Step:
    """A call that prepares an instance."""

    subject: Subject
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to test.

    Attributes:
        name: as it is written in code, dotted for members of classes.
        way: how it is called.
        definition: where it is defined; None for what a class statement generates.
        cls: the class it belongs to, or makes.
        setup: what the constructor takes, for methods and properties.
        parameters: what the call itself takes.
    """

    name: str
    way: Literal["function", "method", "static", "property", "construct", "members"]
    definition: Definition | None
    value: Any
    cls: Any = None
    setup: tuple[Parameter, ...] = ()
    parameters: tuple[Parameter, ...] = ()

    @property
    def member(self) -> str:
        """The last part of the name."""
        return self.name.rsplit(".", 1)[-1]

    @property
    def node(self) -> ast.AST | None:
        """The syntax tree of the body, where there is one."""
        return self.definition.node if self.definition else None


def materialize(run: Run, value: Any) -> Any:
    """A fresh copy of a candidate value, with its recipes made."""
    if isinstance(value, Recipe):
        return value.make(run)
    if kind_of(value) is list:
        return [materialize(run, item) for item in value]
    if kind_of(value) is tuple:
        return tuple(materialize(run, item) for item in value)
    if kind_of(value) is dict:
        return {key: materialize(run, item) for key, item in value.items()}
    if kind_of(value) is set:
        return {materialize(run, item) for item in value}
    return value


def perform(run: Run, subject: Subject, receiver: Any, arguments: Mapping[str, Any]) -> Any:
    """Do what the test will do, inside the interpreter.

    Raises:
        NotUnderstood: it cannot be told what happens.
        Exception: whatever the code raises.
    """
    positional, keywords = split_arguments(subject.parameters, arguments)
    match subject.way:
        case "construct":
            result = run_class(run, subject.cls, positional, keywords)
        case "property":
            result = run.native(getattr, receiver, subject.member)
        case "method":
            result = _call_member(run, subject, receiver, positional, keywords)
        case "members":
            result = {member.name: member.value for member in subject.cls}
        case _:
            result = call(run, subject.value, positional, keywords)
    if isinstance(result, Pending):
        result = result.result()
    if isinstance(result, Stream):
        result.run()
        if isinstance(result.ending, NotUnderstood) and not result.items:
            raise result.ending
    if isinstance(result, Opaque) or result is NotImplemented:
        raise NotUnderstood("the result is not understood")
    return result


def _call_member(
    run: Run, subject: Subject, receiver: Any, positional: list[Any], keywords: dict[str, Any]
) -> Any:
    operation = _NATIVE.get(subject.member)
    if operation is not None:
        result = run.native(operation, receiver, *positional)
        return list(iterate(run, result)) if subject.member == "__iter__" else result
    return call(run, run.native(getattr, receiver, subject.member), positional, keywords)


def split_arguments(
    listed: tuple[Parameter, ...], arguments: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Which arguments are given by position and which by name.

    Raises:
        NotUnderstood: a positional-only parameter follows one that is left out.
    """
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    gap = False
    for parameter in listed:
        value = arguments.get(parameter.name, OMITTED)
        if parameter.kind == "var_positional":
            if gap and value:
                raise NotUnderstood("arguments after a gap")
            positional += list(() if value is OMITTED else value)
        elif parameter.kind == "var_keyword":
            keywords |= {} if value is OMITTED else value
        elif value is OMITTED:
            gap = gap or parameter.kind != "keyword_only"
        elif parameter.kind == "keyword_only" or (gap and parameter.kind == "positional"):
            keywords[parameter.name] = value
        elif gap:
            raise NotUnderstood("arguments after a gap")
        else:
            positional.append(value)
    return positional, keywords


def function_subject(definition: Definition, names: Mapping[str, Any]) -> Subject:
    """A top-level function."""
    value = names.get(definition.name, Opaque(definition.name))
    return Subject(definition.name, "function", definition, value, None, (), tuple(definition.parameters()))


def class_subjects(run: Run, info: ClassInfo, cls: Any, wanted: frozenset[str] | None) -> list[Subject]:
    """The subjects of a class: how it is made, then its members.

    Args:
        run: holds the interpreted classes.
        info: the class as it is written.
        cls: the class as it is understood, or an `Opaque`.
        wanted: qualified names that were selected; None for all public ones.
    """
    if not is_a(cls, type):
        return [_unknown(method, cls) for method in info.methods if _is_wanted(method, wanted)]
    if _is_shape_only(run, cls):
        return []
    if issubclass(cls, enum.Enum):
        return _enum_subjects(info, cls, wanted)
    setup = constructor_parameters(run, cls)
    found: list[Subject] = []
    explicit = wanted is not None and f"{info.name}.__init__" not in wanted
    if setup is not None and not explicit and (setup or dataclasses.is_dataclass(cls)):
        constructor = next((method for method in info.methods if method.name == "__init__"), None)
        found.append(Subject(info.name, "construct", constructor, cls, cls, (), setup))
    return found + [_member(method, cls, setup) for method in info.methods if _is_wanted(method, wanted)]


def _enum_subjects(info: ClassInfo, cls: type, wanted: frozenset[str] | None) -> list[Subject]:
    found = [Subject(info.name, "members", None, cls, cls)] if wanted is None else []
    lookup = Parameter("value", None, None, "positional_only")
    found += [Subject(info.name, "construct", None, cls, cls, (), (lookup,))] if wanted is None else []
    setup = (Parameter("value", None, None, "positional_only"),)
    return found + [_member(method, cls, setup) for method in info.methods if _is_wanted(method, wanted)]


def _member(method: Definition, cls: Any, setup: tuple[Parameter, ...] | None) -> Subject:
    listed = tuple(method.parameters())
    if method.kind in {"staticmethod", "classmethod"}:
        value = getattr(cls, method.name, Opaque(method.name))
        return Subject(method.qualified, "static", method, value, cls, (), listed)
    way: Literal["property", "method"] = "property" if method.kind == "property" else "method"
    if setup is None:
        return Subject(method.qualified, way, method, Opaque("the constructor"), cls, (), listed)
    return Subject(method.qualified, way, method, None, cls, setup, () if way == "property" else listed)


def _unknown(method: Definition, cls: Any) -> Subject:
    way: Literal["property", "method", "static"] = "method"
    if method.kind == "property":
        way = "property"
    elif method.kind in {"staticmethod", "classmethod"}:
        way = "static"
    return Subject(method.qualified, way, method, cls, cls, (), tuple(method.parameters()))


def _is_wanted(method: Definition, wanted: frozenset[str] | None) -> bool:
    marks = set(decorators(method.node))
    if (
        method.kind == "constructor"
        or "abstractmethod" in marks
        or any("setter" in m or "deleter" in m for m in marks)
    ):
        return False
    if wanted is not None:
        return method.qualified in wanted
    return method.is_public or (method.name in OPERATIONS and not (method.owner or "_").startswith("_"))


def _is_shape_only(_run: Run, cls: type) -> bool:
    """Protocols and typed dicts say what others must look like: there is nothing to call."""
    return bool(getattr(cls, "_is_protocol", False)) or typing.is_typeddict(cls)


def constructor_parameters(run: Run, cls: Any) -> tuple[Parameter, ...] | None:  # noqa: PLR0911 - one return for each kind
    """What ``cls(...)`` takes; None where that is not understood."""
    if getattr(cls, "__abstractmethods__", None):
        return None
    bases: tuple[Any, ...] = cls.__mro__
    for base in bases:
        node = run.classes.get(base)
        own = _own_constructor(node) if node else None
        if own is not None:
            return tuple(parameters(own))[1:]
        if "__dataclass_fields__" in vars(base) and "__init__" in vars(base):
            return _fields(run, base)
        if "_field_defaults" in vars(base):
            return _tuple_fields(run, base)
        if issubclass(base, Exception) and base not in run.classes:
            return (Parameter("message", "str", None, "positional_only", ast.Name("str", ast.Load())),)
        if base not in run.classes:
            return () if base is object else None
        if "__new__" in vars(base):
            return None
    return ()


def _own_constructor(node: ast.ClassDef) -> ast.FunctionDef | None:
    found = [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
    return found[-1] if found else None


def _fields(run: Run, cls: type) -> tuple[Parameter, ...] | None:
    annotations = _annotations(run, cls)
    found: list[Parameter] = []
    for item in dataclasses.fields(cls):
        node = annotations.get(item.name)
        if not item.init:
            continue
        has_default = (
            item.default is not dataclasses.MISSING or item.default_factory is not dataclasses.MISSING
        )
        found.append(
            Parameter(
                item.name,
                ast.unparse(node) if node else None,
                "..." if has_default else None,
                "keyword_only",
                node,
            )
        )
    return tuple(found)


def _tuple_fields(run: Run, cls: Any) -> tuple[Parameter, ...]:
    annotations = _annotations(run, cls)
    defaults: dict[str, Any] = cls._field_defaults
    return tuple(
        Parameter(name, None, "..." if name in defaults else None, "keyword_only", annotations.get(name))
        for name in cls._fields
    )


def _annotations(run: Run, cls: type) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for base in reversed(cls.__mro__):
        node = run.classes.get(base)
        for item in node.body if node else ():
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                found[item.target.id] = item.annotation
    return found
