"""The definitions of a Python module, as far as they can be called, documented or listed."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.task import Selection

Kind = Literal["function", "method", "classmethod", "staticmethod", "property", "constructor"]
FunctionDef = ast.FunctionDef | ast.AsyncFunctionDef


class SourceProblem(Exception):
    """The text is no Python that this interpreter can parse.

    Attributes:
        line: 1-based line of the problem, 0 where there is none.
    """

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function. ``default`` and ``annotation`` are source, None where there is none."""

    name: str
    annotation: str | None
    default: str | None
    kind: Literal["positional_only", "positional", "keyword_only", "var_positional", "var_keyword"]
    annotation_node: ast.expr | None = None

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is None and not self.kind.startswith("var_")


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or method. ``owner`` names the class, dotted where classes nest."""

    name: str
    node: FunctionDef
    kind: Kind
    owner: str | None = None
    owner_node: ast.ClassDef | None = None

    @property
    def qualified(self) -> str:
        """``Class.method`` or ``function``."""
        return f"{self.owner}.{self.name}" if self.owner else self.name

    @property
    def is_async(self) -> bool:
        """Whether a call gives a coroutine."""
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def is_public(self) -> bool:
        """Whether neither its name nor its class is private."""
        return not any(part.startswith("_") for part in self.qualified.split("."))

    def parameters(self) -> list[Parameter]:
        """The parameters a caller gives: without ``self`` or ``cls``."""
        listed = list(parameters(self.node))
        bound = self.kind in {"method", "classmethod", "property", "constructor"}
        if bound and listed and listed[0].kind in {"positional", "positional_only"}:
            return listed[1:]
        return listed

    def doc(self) -> str | None:
        """The docstring, cleaned."""
        return ast.get_docstring(self.node)


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """A class of the module; ``name`` is dotted where classes nest."""

    name: str
    node: ast.ClassDef
    methods: tuple[Definition, ...] = ()

    @property
    def is_public(self) -> bool:
        """Whether no part of its name is private."""
        return not any(part.startswith("_") for part in self.name.split("."))


@dataclass(frozen=True, slots=True)
class Module:
    """A parsed module.

    Attributes:
        functions: top-level functions, the last definition of each name.
        classes: classes at any nesting, outer ones first.
        constants: top-level names in capitals, with the source of their values.
        todos: line numbers and texts of TODO and FIXME comments.
    """

    text: str
    tree: ast.Module
    functions: tuple[Definition, ...]
    classes: tuple[ClassInfo, ...]
    constants: dict[str, str] = field(default_factory=dict[str, str])
    todos: tuple[tuple[int, str], ...] = ()

    def definitions(self) -> list[Definition]:
        """Functions and methods in the order of the text."""
        found = [*self.functions, *(method for cls in self.classes for method in cls.methods)]
        return sorted(found, key=lambda definition: definition.node.lineno)

    def top_level_names(self) -> set[str]:
        """Everything the module binds at its top level, imports included."""
        from rolecall.llm.offline.evaluation.scope import bound_names  # noqa: PLC0415 - only tests need it

        return set(bound_names(self.tree.body))


def read_module(text: str) -> Module:
    """Parse a module.

    Raises:
        SourceProblem: the text is no Python, or nested beyond what the parser takes.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise SourceProblem(error.msg, error.lineno or 0) from error
    except (RecursionError, MemoryError) as error:
        raise SourceProblem("an expression nests more deeply than the parser takes") from error
    except ValueError as error:
        raise SourceProblem(str(error) or "it is no text") from error
    functions = {node.name: Definition(node.name, node, "function") for node in _functions(tree.body)}
    return Module(
        text=text,
        tree=tree,
        functions=tuple(functions.values()),
        classes=tuple(_classes(tree.body, "")),
        constants=_constants(tree.body),
        todos=_todos(text),
    )


def parameters(node: FunctionDef) -> Iterator[Parameter]:
    """All parameters in the order of the signature."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    defaults += arguments.defaults
    for index, (item, default) in enumerate(zip(positional, defaults, strict=True)):
        kind: Literal["positional_only", "positional"] = (
            "positional_only" if index < len(arguments.posonlyargs) else "positional"
        )
        yield _parameter(item, default, kind)
    if arguments.vararg is not None:
        yield _parameter(arguments.vararg, None, "var_positional")
    for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _parameter(item, default, "keyword_only")
    if arguments.kwarg is not None:
        yield _parameter(arguments.kwarg, None, "var_keyword")


def _parameter(
    node: ast.arg,
    default: ast.expr | None,
    kind: Literal["positional_only", "positional", "keyword_only", "var_positional", "var_keyword"],
) -> Parameter:
    annotation = ast.unparse(node.annotation) if node.annotation else None
    return Parameter(node.arg, annotation, ast.unparse(default) if default else None, kind, node.annotation)


def _functions(body: list[ast.stmt]) -> Iterator[FunctionDef]:
    for node in _statements(body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and "overload" not in decorators(node):
            yield node


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when the module is imported, those under ``if`` and ``try`` included."""
    for node in body:
        yield node
        if (isinstance(node, ast.If) and not _is_main_guard(node.test)) or isinstance(node, ast.Try):
            yield from _statements(node.body)
            yield from _statements(node.orelse)


def _is_main_guard(test: ast.expr) -> bool:
    return "__name__" in ast.unparse(test) or "TYPE_CHECKING" in ast.unparse(test)


def decorators(node: FunctionDef | ast.ClassDef) -> list[str]:
    """Last names of the decorators: ``functools.lru_cache(1)`` gives ``lru_cache``."""
    names: list[str] = []
    for decorator in node.decorator_list:
        head = decorator.func if isinstance(decorator, ast.Call) else decorator
        names.append(head.attr if isinstance(head, ast.Attribute) else getattr(head, "id", ""))
    return names


def is_stub(node: FunctionDef) -> bool:
    """Whether the body is only ``pass``, ``...``, a docstring or ``raise NotImplementedError``."""
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return len(body) <= 1 and all(_says_nothing(statement) for statement in body)


def _says_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Raise(exc=ast.expr() as error):
            return ast.unparse(error).startswith("NotImplementedError")
        case _:
            return False


def _classes(body: list[ast.stmt], prefix: str) -> Iterator[ClassInfo]:
    last: dict[str, ast.ClassDef] = {
        node.name: node for node in _statements(body) if isinstance(node, ast.ClassDef)
    }
    for node in last.values():
        name = prefix + node.name
        methods = {item.name: _method(item, name, node) for item in _functions(node.body)}
        yield ClassInfo(name, node, tuple(methods.values()))
        yield from _classes(node.body, f"{name}.")


def _method(node: FunctionDef, owner: str, owner_node: ast.ClassDef) -> Definition:
    marks = decorators(node)
    kind: Kind = "method"
    if "staticmethod" in marks:
        kind = "staticmethod"
    elif "classmethod" in marks or node.name in {"__init_subclass__", "__class_getitem__"}:
        kind = "classmethod"
    elif {"property", "cached_property"} & set(marks):
        kind = "property"
    elif node.name == "__init__":
        kind = "constructor"
    return Definition(node.name, node, kind, owner, owner_node)


def _constants(body: list[ast.stmt]) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name.isupper():
                found[name] = ast.unparse(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if name.isupper():
                found[name] = ast.unparse(value)
            case _:
                continue
    return found


def _todos(text: str) -> tuple[tuple[int, str], ...]:
    found: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        _, mark, comment = line.partition("#")
        words = comment.strip()
        if mark and words.upper().startswith(("TODO", "FIXME", "XXX")):
            found.append((number, words))
    return tuple(found)


def in_selection(node: FunctionDef | ast.ClassDef, selection: Selection | None) -> bool:
    """Whether the definition and the selected lines overlap; without a selection everything is selected."""
    if selection is None:
        return True
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return first <= selection.end_line and (node.end_lineno or node.lineno) >= selection.start_line


def selected_definitions(module: Module, selection: Selection | None) -> list[Definition]:
    """The selected definitions; where lines inside a nested one are selected, the innermost alone.

    A selection inside a class but outside its methods stands for the whole class.
    """
    found = [item for item in module.definitions() if in_selection(item.node, selection)]
    if selection is None or found:
        return found
    classes = [cls for cls in module.classes if in_selection(cls.node, selection)]
    return list(classes[-1].methods) if classes else []
