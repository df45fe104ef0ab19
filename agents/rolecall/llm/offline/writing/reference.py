"""The API reference of a module: one Markdown page whose signatures are the code's own."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from rolecall.llm.offline.source.raises import raised
from rolecall.llm.offline.source.reading import ClassInfo, Definition, decorators
from rolecall.llm.offline.source.wording import first_sentence
from rolecall.llm.offline.writing.signatures import class_signature, signature

if TYPE_CHECKING:
    from rolecall.llm.offline.study import Sample, Study

TODO = "TODO(rolecall): describe."

_SHOWN_AS_WRITTEN = frozenset({"Decimal", "Fraction", "UUID", "datetime", "range"})
"""Names whose values print as the source they are written with."""


def reference(study: Study) -> str:
    """The page, with a section for each public name in the order of the code."""
    module = study.module
    samples = study.samples()
    wanted = study.definitions()
    lines = [f"# `{study.title}` reference", "", first_paragraph(ast.get_docstring(module.tree)), ""]
    if module.constants and study.selection is None:
        lines += ["## Constants", "", "| Name | Value |", "| --- | --- |"]
        lines += [
            f"| `{name}` | {_cell(value)} |"
            for name, value in module.constants.items()
            if not name.startswith("_")
        ]
        lines.append("")
    functions = [item for item in wanted if item.owner is None]
    if functions:
        lines += ["## Functions", ""]
        for item in functions:
            lines += entry(item, 3, samples.get(item.qualified, []), study.title)
    classes = [info for info in module.classes if _is_shown(info, wanted, study)]
    if classes:
        lines += ["## Classes", ""]
        for info in classes:
            lines += _class(info, wanted, samples, study)
    return "\n".join(lines).rstrip() + "\n"


def _is_shown(info: ClassInfo, wanted: list[Definition], study: Study) -> bool:
    if study.selection is not None:
        return any(item.owner == info.name for item in wanted)
    return info.is_public


def _class(
    info: ClassInfo, wanted: list[Definition], samples: dict[str, list[Sample]], study: Study
) -> list[str]:
    lines = [
        f"### `{info.name}`",
        "",
        "```python",
        class_signature(info),
        "```",
        "",
        first_paragraph(ast.get_docstring(info.node)),
        "",
    ]
    fields = [
        (item.target.id, ast.unparse(item.annotation), ast.unparse(item.value) if item.value else "")
        for item in info.node.body
        if isinstance(item, ast.AnnAssign)
        and isinstance(item.target, ast.Name)
        and not item.target.id.startswith("_")
    ]
    if fields:
        lines += ["| Attribute | Type | Default |", "| --- | --- | --- |"]
        lines += [
            f"| `{name}` | {_cell(kind)} | {_cell(default) or 'required'} |" for name, kind, default in fields
        ]
        lines.append("")
    for item in wanted:
        if item.owner == info.name:
            lines += entry(item, 4, samples.get(item.qualified, []), study.title)
    return lines


def entry(item: Definition, level: int, samples: list[Sample], module: str) -> list[str]:
    """The section of one function or method."""
    kind = {"property": "Property. ", "classmethod": "Class method. ", "staticmethod": "Static method. "}.get(
        item.kind, ""
    )
    lines = [f"{'#' * level} `{item.qualified}`", "", "```python", signature(item), "```", ""]
    lines += [kind + first_paragraph(item.doc()), ""]
    listed = item.parameters()
    if listed:
        lines += ["| Parameter | Type | Default |", "| --- | --- | --- |"]
        for parameter in listed:
            star = {"var_positional": "*", "var_keyword": "**"}.get(parameter.kind, "")
            default = _cell(parameter.default or "") or ("any number" if star else "required")
            lines.append(
                f"| `{star}{parameter.name}` | {_cell(parameter.annotation or '') or 'not annotated'} | "
                f"{default} |"
            )
        lines.append("")
    if item.node.returns is not None and "abstractmethod" not in decorators(item.node):
        lines += [f"Returns `{ast.unparse(item.node.returns)}`.", ""]
    errors = raised(item.node)
    if errors:
        lines += ["Raises:", ""]
        lines += [
            f"- `{error.name}`" + (f" if `{error.condition}`" if error.condition else "") for error in errors
        ]
        lines.append("")
    return lines + example(item, samples, module)


def example(item: Definition, samples: list[Sample], module: str) -> list[str]:
    """An example whose output was computed from the code."""
    shown = [sample for sample in samples if sample.error is None and sample.shown != "None"][:2]
    if not shown:
        return []
    imports = {(module, item.qualified.split(".", maxsplit=1)[0])}.union(*(each.imports for each in shown))
    lines = ["```pycon", *_import_lines(imports, module)]
    for sample in shown:
        lines += _printed(sample)
    return [*lines, "```", ""]


def _import_lines(imports: set[tuple[str, str]], own: str) -> list[str]:
    """One statement a module, the documented one last."""
    lines: list[str] = []
    for module in sorted({name for name, _ in imports}, key=lambda name: (name == own, name)):
        names = sorted(name for source, name in imports if source == module and name)
        lines.append(f">>> from {module} import {', '.join(names)}" if names else f">>> import {module}")
    return lines


def _printed(sample: Sample) -> list[str]:
    """The call and what an interpreter prints; a value whose source is no ``repr`` is compared."""
    value = ast.parse(sample.shown, mode="eval")
    exact = not any(isinstance(node, ast.Set) for node in ast.walk(value)) and all(
        node.id in _SHOWN_AS_WRITTEN for node in ast.walk(value) if isinstance(node, ast.Name)
    )
    if exact:
        return [f">>> {sample.call}", ast.unparse(value)]
    return [f">>> {sample.call} == {sample.shown}", "True"]


def first_paragraph(doc: str | None) -> str:
    """What a docstring says first, or a visible gap."""
    return first_sentence(doc) or TODO


def _cell(text: str) -> str:
    """Code in a table cell; a bar would end the cell."""
    flat = " ".join(text.split())
    return f"`{flat}`".replace("|", "\\|") if flat else ""
