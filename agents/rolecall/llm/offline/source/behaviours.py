"""The behaviours of a Python module: docstrings, raises, defaults, computed examples."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.behaviour import Behaviour, Topic
from rolecall.llm.offline.source.disagreements import disagreements
from rolecall.llm.offline.source.promises import promised_errors, promised_limits
from rolecall.llm.offline.source.raises import raised
from rolecall.llm.offline.source.wording import first_sentence

if TYPE_CHECKING:
    from rolecall.llm.offline.limits import Limit
    from rolecall.llm.offline.source.reading import Definition
    from rolecall.llm.offline.study import Sample, Study

_MAX = 20


def topic(study: Study, *, examples: bool) -> Topic:
    """What the analyst needs of a study; with ``examples``, calls are computed too."""
    path = study.target.path
    items = [item for item in study.definitions() if not item.name.startswith("__")][:_MAX]
    samples, limits = (study.samples(), study.limits()) if examples else ({}, {})
    return Topic(
        path=path,
        title=study.title,
        home=study.project.home(path),
        paths=study.project.paths,
        behaviours=tuple(
            _behaviour(item, samples.get(item.qualified, []), limits.get(item.qualified)) for item in items
        ),
        about=ast.get_docstring(study.module.tree) or "",
        todos=tuple(sorted({*study.module.todos, *_told_todos(items, study.target.text)})),
        questions=tuple(question for item in items for question in disagreements(item, study.module, path)),
    )


def _behaviour(item: Definition, samples: list[Sample], limit: Limit | None) -> Behaviour:
    doc = item.doc() or ""
    return Behaviour(
        name=item.name,
        qualified=item.qualified,
        line=item.node.lineno,
        doc=doc,
        said=first_sentence(doc),
        gives=item.node.returns is not None and ast.unparse(item.node.returns) != "None",
        refusals=tuple(_refusals(item)),
        raised=tuple(raised(item.node)),
        defaults=tuple(
            (each.name, each.default)
            for each in item.parameters()
            if each.default is not None and each.default != "None"
        ),
        limits=tuple(promised_limits(doc)),
        samples=tuple(samples),
        limit=limit,
    )


def _refusals(item: Definition) -> list[tuple[str, str, int]]:
    """Errors with their conditions and lines: in the author's words where there are some, else the code's."""
    promised = dict(promised_errors(item.doc()))
    found: list[tuple[str, str, int]] = []
    for error in raised(item.node):
        told = promised.pop(error.name, None)
        when = told or (f"`{error.condition}`" if error.condition else "")
        if not any(name == error.name and known == when for name, known, _ in found):
            found.append((error.name, when, error.line))
    return [*found, *((name, when, item.node.lineno) for name, when in promised.items())]


def _told_todos(items: list[Definition], text: str) -> list[tuple[int, str]]:
    """What docstrings leave to be decided."""
    found: list[tuple[int, str]] = []
    lines = text.splitlines()
    for item in items:
        if "TODO" in (item.doc() or ""):
            first, last = item.node.body[0].lineno, item.node.body[0].end_lineno or item.node.body[0].lineno
            for number in range(first, min(last, len(lines)) + 1):
                mark = re.search(r"\b(?:TODO|FIXME|XXX)\b(?!\(rolecall)", lines[number - 1])
                if mark:
                    found.append((number, lines[number - 1][mark.start() :].strip().rstrip('"')))
    return found
