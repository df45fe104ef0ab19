"""The recipe of a project, by its language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.llm.offline.delivery.project import Recipe, plain

if TYPE_CHECKING:
    from rolecall.llm.offline.delivery.project import Project


def recipe(project: Project) -> Recipe:
    """How a project is built, checked and started."""
    from rolecall.llm.offline.delivery import compiled, managed, node, python  # noqa: PLC0415 - one language's is needed

    makers = {
        "python": python.recipe,
        "node": node.recipe,
        "go": compiled.go,
        "rust": compiled.rust,
        "jvm": managed.jvm,
        "dotnet": managed.dotnet,
    }
    make = makers.get(project.language)
    return make(project) if make else Recipe(name=plain(project.folder or project.workspace))
