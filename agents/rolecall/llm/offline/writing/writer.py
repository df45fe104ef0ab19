"""The technical writer's tasks."""

from __future__ import annotations

import ast
from posixpath import basename, dirname, join
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.facts import project_facts
from rolecall.llm.offline.source.wording import slug
from rolecall.llm.offline.writing.http import openapi, service
from rolecall.llm.offline.writing.pages import guide, new_readme, readme_edits
from rolecall.llm.offline.writing.reference import reference

if TYPE_CHECKING:
    from rolecall.context.items import Gathered
    from rolecall.llm.offline.study import Study


def write_reference(study: Study, gathered: Gathered) -> Draft:
    """The API reference: OpenAPI where the module serves HTTP, else Markdown."""
    draft = Draft()
    served = service(study.module, _imported(gathered))
    if served.routes:
        facts = project_facts(gathered)
        path = free_path(study, join(_docs(study), f"{slug(study.title)}.openapi.yaml"))
        if path and draft.file(path, openapi(served, facts.name or study.title, facts.version)):
            count = len(served.routes)
            draft.say(
                f"{path} describes the {count} routes that {study.target.path} declares, as OpenAPI 3.1."
            )
            draft.say(
                "Bodies, responses and security are marked TODO(rolecall) where the code does not say them."
            )
            return draft
    elif study.definitions() or study.module.classes:
        path = free_path(study, join(_docs(study), "reference", f"{slug(study.title)}.md"))
        if path and draft.file(path, reference(study)):
            draft.say(
                f"{path} lists the public API of {study.target.path}; signatures, defaults and raises are "
                "the code's own."
            )
            draft.say(
                "Example outputs were computed from the code; nothing was run. Each TODO(rolecall) needs a "
                "person."
            )
            return draft
    else:
        draft.say(f"{study.target.path} has no public function or class to describe.")
        return draft
    draft.say("A reference of this module exists already; name it among the files to have it compared.")
    return draft


def write_guide(study: Study) -> Draft:
    """A guide to the module."""
    draft = Draft()
    if not study.definitions():
        draft.say(f"{study.target.path} has no public function to build a guide on.")
        return draft
    path = free_path(study, join(_docs(study), "guides", f"{slug(study.title)}.md"))
    if path is None:
        draft.say("A guide of this name exists already; it was left as it is.")
    elif draft.file(path, guide(study)):
        draft.say(
            f"{path} walks through {study.target.path}; the outputs it shows were computed from the code."
        )
        draft.say("The goal, the order of the steps and the remedies are marked TODO(rolecall).")
    return draft


def write_readme(study: Study | None, gathered: Gathered) -> Draft:
    """A new README, or a section added to the existing one."""
    draft = Draft()
    facts = project_facts(gathered)
    existing = _readme(gathered, study)
    if existing is None:
        path = join(facts.folder, "README.md")
        if draft.file(path, new_readme(facts, study)):
            draft.say(
                f"{path}: name, commands and versions come from {facts.manifest or 'the workspace'}; what "
                "no file says is marked TODO(rolecall)."
            )
        return draft
    path, text = existing
    if text is None:
        draft.say(f"{path} exists, and could not be read.")
        return draft
    if study is None:
        draft.say(f"{path} exists. Name a module to have a section on it added.")
        return draft
    edits = readme_edits(text, study)
    if not edits:
        draft.say(f"{path} already names {study.title}; nothing was added.")
    elif draft.edit(path, edits):
        draft.say(f"{path} gets a section on {study.title}; the rest is left as it is.")
        draft.say("What the code does not say is marked TODO(rolecall).")
    return draft


def _imported(gathered: Gathered) -> list[ast.Module]:
    found: list[ast.Module] = []
    for item in gathered.of("import"):
        try:
            found += [ast.parse(item.text)] if item.path.endswith(".py") else []
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return found


def free_path(study: Study, path: str) -> str | None:
    """The path, unless a file stands there."""
    return path if path not in study.project.paths else None


def _docs(study: Study) -> str:
    home = study.project.home(study.target.path)
    for name in ("docs", "doc", "documentation"):
        folder = join(home, name)
        if any(path.startswith(f"{folder}/") for path in study.project.paths):
            return folder
    return join(home, "docs")


def _readme(gathered: Gathered, study: Study | None) -> tuple[str, str | None] | None:
    if study is not None and basename(study.target.path).lower().startswith("readme"):
        return study.target.path, study.target.text
    home = study.project.home(study.target.path) if study else ""
    for manifest in gathered.facts.manifests:
        if basename(manifest.path).lower() in {"readme.md", "readme"} and dirname(manifest.path) in {
            home,
            "",
        }:
            return manifest.path, manifest.text
    found = [
        path
        for path in gathered.facts.paths
        if basename(path).lower().startswith("readme") and dirname(path) == home
    ]
    return (found[0], None) if found else None
