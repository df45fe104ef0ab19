"""Structural pattern matching."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood, Opaque
from rolecall.llm.offline.evaluation.kinds import is_a, kind_of

if TYPE_CHECKING:
    from rolecall.llm.offline.evaluation.runtime import Run
    from rolecall.llm.offline.evaluation.scope import Scope

_SELF_MATCHING = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)
"""Builtin classes whose one positional pattern matches the subject itself (PEP 634)."""


def matches(  # noqa: C901, PLR0911 - one return for each kind of pattern
    run: Run, pattern: ast.pattern, subject: Any, scope: Scope, bound: dict[str, Any]
) -> bool:
    """Whether the subject fits the pattern; captured names are put into ``bound``.

    Raises:
        NotUnderstood: a pattern outside the subset.
    """
    from rolecall.llm.offline.evaluation.expressions import evaluate  # noqa: PLC0415 - the walk is mutual

    run.spend()
    if isinstance(subject, Opaque):
        raise NotUnderstood(f"{subject.name} is not understood")
    match pattern:
        case ast.MatchValue(value=node):
            return bool(run.native(operator.eq, subject, evaluate(run, node, scope)))
        case ast.MatchSingleton(value=value):
            return subject is value
        case ast.MatchAs(pattern=None, name=name):
            if name is not None:
                bound[name] = subject
            return True
        case ast.MatchAs(pattern=ast.pattern() as inner, name=name):
            if not matches(run, inner, subject, scope, bound):
                return False
            bound[str(name)] = subject
            return True
        case ast.MatchOr(patterns=patterns):
            return any(matches(run, option, subject, scope, bound) for option in patterns)
        case ast.MatchSequence(patterns=patterns):
            return _sequence(run, patterns, subject, scope, bound)
        case ast.MatchMapping():
            return _mapping(run, pattern, subject, scope, bound)
        case ast.MatchClass():
            return _class(run, pattern, evaluate(run, pattern.cls, scope), subject, scope, bound)
        case _:
            raise NotUnderstood("a pattern is not understood")


def _sequence(
    run: Run, patterns: list[ast.pattern], subject: Any, scope: Scope, bound: dict[str, Any]
) -> bool:
    if not is_a(subject, list, tuple):
        return False
    stars = [index for index, item in enumerate(patterns) if isinstance(item, ast.MatchStar)]
    fixed = len(patterns) - len(stars)
    if len(subject) < fixed or (not stars and len(subject) != fixed):
        return False
    values = list(subject)
    if stars:
        end = len(values) - (len(patterns) - stars[0] - 1)
        values[stars[0] : end] = [values[stars[0] : end]]
    for item, value in zip(patterns, values, strict=True):
        if isinstance(item, ast.MatchStar):
            if item.name is not None:
                bound[item.name] = value
        elif not matches(run, item, value, scope, bound):
            return False
    return True


def _mapping(run: Run, pattern: ast.MatchMapping, subject: Any, scope: Scope, bound: dict[str, Any]) -> bool:
    from rolecall.llm.offline.evaluation.expressions import evaluate  # noqa: PLC0415 - the walk is mutual

    if kind_of(subject) is not dict:
        return False
    keys = [evaluate(run, key, scope) for key in pattern.keys]
    for key, item in zip(keys, pattern.patterns, strict=True):
        if key not in subject or not matches(run, item, subject[key], scope, bound):
            return False
    if pattern.rest is not None:
        bound[pattern.rest] = {key: value for key, value in subject.items() if key not in keys}
    return True


def _class(
    run: Run, pattern: ast.MatchClass, cls: Any, subject: Any, scope: Scope, bound: dict[str, Any]
) -> bool:
    if not is_a(cls, type):
        raise NotUnderstood("a class pattern is not understood")
    if not isinstance(subject, cls):
        return False
    names: tuple[str, ...] = getattr(cls, "__match_args__", ())
    if cls in _SELF_MATCHING:
        if pattern.kwd_attrs or len(pattern.patterns) > 1:
            raise NotUnderstood("a class pattern is not understood")
        return all(matches(run, item, subject, scope, bound) for item in pattern.patterns)
    if cls not in run.classes or len(pattern.patterns) > len(names):
        raise NotUnderstood("a class pattern is not understood")
    wanted = [
        *zip(names, pattern.patterns, strict=False),
        *zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True),
    ]
    for name, item in wanted:
        if not hasattr(subject, name) or not matches(run, item, getattr(subject, name), scope, bound):
            return False
    return True
