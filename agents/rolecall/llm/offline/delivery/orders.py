"""Which DevOps task is answered by what, and what each of them gets to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rolecall.llm.offline.delivery.project import projects

if TYPE_CHECKING:
    from rolecall.context.items import Gathered
    from rolecall.llm.offline.draft import Draft
    from rolecall.task import TaskRequest


def deliver(task: str, request: TaskRequest, gathered: Gathered) -> Draft:
    """The answer to one of the role's five tasks."""
    draft = _answer(task, request, gathered)
    if request.instruction.strip() and task != "infrastructure":
        draft.say(
            "Without a model, your own words were searched for names and numbers only; see what is left."
        )
    if not any("Nothing was" in line for line in draft.prose):
        draft.say("Nothing was run, and no file was written.")
    return draft


def _answer(task: str, request: TaskRequest, gathered: Gathered) -> Draft:
    from rolecall.llm.offline.delivery import (  # noqa: PLC0415 - one role's code is loaded for one request
        cluster,
        container,
        infrastructure,
        observability,
        pipeline,
    )

    texts = {manifest.path: manifest.text for manifest in gathered.facts.manifests}
    texts |= {item.path: item.text for item in gathered.items}
    paths = {*gathered.facts.paths, *texts}
    found, words = projects(gathered), request.instruction
    if task == "container":
        return container.container(found, words)
    if task == "ci":
        return pipeline.pipeline(found, paths, texts, words)
    if task == "kubernetes":
        return cluster.kubernetes(found, paths, texts, words)
    if task == "observability":
        return observability.observability(found, gathered.target, paths, texts)
    return infrastructure.infrastructure(found, paths, texts, words)
