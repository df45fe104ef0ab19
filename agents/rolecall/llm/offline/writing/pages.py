"""READMEs and guides: from the manifest, the public API and computed examples, without invented facts."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.patches import Patch, split_lines, to_edits
from rolecall.llm.offline.source.environment import variables
from rolecall.llm.offline.source.raises import raised
from rolecall.llm.offline.source.wording import first_sentence, words
from rolecall.llm.offline.writing.reference import TODO, example, first_paragraph
from rolecall.llm.offline.writing.signatures import signature

if TYPE_CHECKING:
    from rolecall.llm.offline.facts import ProjectFacts
    from rolecall.llm.offline.source.reading import Definition
    from rolecall.llm.offline.study import Sample, Study

_MAX_SHOWN = 12


def new_readme(facts: ProjectFacts, study: Study | None) -> str:
    """A README for a project that has none."""
    lines = [
        f"# {facts.name or 'TODO(rolecall): the name'}",
        "",
        facts.description or "TODO(rolecall): what it does, and for whom.",
        "",
    ]
    lines += install_section(facts)
    if facts.scripts and facts.language == "python":
        lines += ["## Commands", "", *(f"- `{name}`: {TODO}" for name in facts.scripts), ""]
    if study is not None:
        lines += api_section(study, "## Use")
    if facts.test_command:
        lines += ["## Tests", "", "```sh", facts.test_command, "```", ""]
    if facts.licence:
        lines += ["## Licence", "", facts.licence, ""]
    return "\n".join(lines).rstrip() + "\n"


def install_section(facts: ProjectFacts) -> list[str]:
    """How to install, where a manifest tells."""
    commands = {
        "python": ["pip install ."]
        if facts.has_build
        else [f"pip install -r {path}" for path in facts.requirements[:1]]
    }
    commands |= {"node": ["npm install"], "go": ["go build ./..."], "rust": ["cargo build"]}
    listed = commands.get(facts.language, [])
    if not listed:
        return []
    needs = [f"Needs Python {facts.python} or newer.", ""] if facts.python else []
    return ["## Install", "", *needs, "```sh", *listed, "```", ""]


def api_section(study: Study, heading: str) -> list[str]:
    """The public names of a module, with what each is for and one computed example."""
    samples = study.samples()
    lines = [heading, "", f"`{study.title}`: {first_paragraph(ast.get_docstring(study.module.tree))}", ""]
    listed = [item for item in study.definitions() if item.owner is None][:_MAX_SHOWN]
    classes = [info for info in study.module.classes if info.is_public and "." not in info.name][:_MAX_SHOWN]
    if listed or classes:
        lines += ["| Name | What it does |", "| --- | --- |"]
        lines += [f"| `{item.name}` | {_cell(first_paragraph(item.doc()))} |" for item in listed]
        lines += [
            f"| `{info.name}` | {_cell(first_paragraph(ast.get_docstring(info.node)))} |" for info in classes
        ]
        lines.append("")
    for item in listed:
        shown = example(item, samples.get(item.qualified, [])[:1], study.title)
        if shown:
            lines += shown
            break
    return lines


def readme_edits(text: str, study: Study) -> list[tuple[str, str]] | None:
    """Edits that add a section on the module to a README; empty where it names the module already."""
    if re.search(rf"`{re.escape(study.title)}`", text):
        return []
    lines = split_lines(text)
    headings = [line.strip().lower() for line in lines if line.startswith("#")]
    level = "### " if "## api" in headings else "## "
    heading = f"{level}{words(study.title.rsplit('.', 1)[-1]).capitalize()}" if level == "### " else "## API"
    section = api_section(study, heading)
    while section and not section[-1]:
        section.pop()
    place = _place(lines, under_api=level == "### ")
    before = [""] if place and lines[place - 1].strip() else []
    after = [""] if place < len(lines) else []
    return to_edits(lines, [Patch(place, place, (*before, *section, *after))])


def _place(lines: list[str], *, under_api: bool) -> int:
    """Before what closes a README (licence, credits), at the end of its API section, or at its end."""
    fenced = False
    in_api = False
    for index, line in enumerate(lines):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if fenced or not line.startswith("## "):
            continue
        title = line[3:].strip().lower()
        if in_api or title.startswith(("license", "licence", "credit", "contribut", "author", "acknowledg")):
            return index
        in_api = under_api and title == "api"
    return len(lines)


def guide(study: Study) -> str:
    """A guide to the module: a step for each function, what to see, and the errors a reader may meet."""
    samples = study.samples()
    listed = [
        item for item in study.definitions() if item.name.isidentifier() and not item.name.startswith("__")
    ][:_MAX_SHOWN]
    topic = words(study.title.rsplit(".", 1)[-1])
    lines = [f"# Use {topic}", "", f"{first_paragraph(ast.get_docstring(study.module.tree))}", ""]
    lines += ["TODO(rolecall): say what the reader has at the end.", "", "## Before you start", ""]
    lines += [f"- `{study.title}` can be imported.", ""]
    settings = variables(study.module.tree)
    if settings:
        lines += ["## Settings", "", "| Environment variable | Default |", "| --- | --- |"]
        lines += [
            f"| `{name}` | {_cell(f'`{value}`') if value else 'none'} |" for name, value in settings.items()
        ]
        lines.append("")
    lines += ["## Steps", ""]
    for number, item in enumerate(listed, 1):
        lines += _step(number, item, samples.get(item.qualified, []), study.title)
    errors = [(item, error) for item in listed for error in raised(item.node)]
    if errors:
        lines += [
            "## When something goes wrong",
            "",
            "| Error | Where | Cause | Remedy |",
            "| --- | --- | --- | --- |",
        ]
        for item, error in errors:
            cause = (
                f"`{error.condition}`".replace("|", "\\|") if error.condition else "TODO(rolecall): say when."
            )
            said = f": {_cell(error.message)}" if error.message else ""
            lines.append(
                f"| `{error.name}`{said} | `{item.qualified}` | {cause} | TODO(rolecall): say what to do. |"
            )
    return "\n".join(lines).rstrip() + "\n"


def _step(number: int, item: Definition, samples: list[Sample], module: str) -> list[str]:
    what = first_sentence(item.doc()) or f"Call `{item.qualified}`. TODO(rolecall): say why."
    shown = example(item, samples, module) or [
        "```python",
        signature(item),
        "```",
        "",
        "TODO(rolecall): show a call and what to see when it worked.",
        "",
    ]
    head = f"{number}. {words(item.name).capitalize()}: {what}"
    return [head, "", *(f"   {line}" if line else "" for line in shown)]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
