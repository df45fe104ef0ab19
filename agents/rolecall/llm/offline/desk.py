"""Which scaffold answers which request."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import structlog

from rolecall.llm.offline.draft import Draft

if TYPE_CHECKING:
    from rolecall.context.items import Gathered
    from rolecall.task import TaskRequest

_log = structlog.get_logger(__name__)


def draft(role_id: str, task_id: str | None, request: TaskRequest, gathered: Gathered) -> Draft:
    """The scaffold for a request. Never fails: what cannot be made is said in its prose."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _choose(role_id, task_id, request, gathered)
    except Exception:  # a scaffold that fails is still an answer, and the log has the reason
        _log.exception("offline_scaffold_failed", role=role_id, task=task_id)
        failed = Draft()
        failed.say("No scaffold could be made from this file; the log has the reason.")
        return failed


def _choose(role_id: str, task_id: str | None, request: TaskRequest, gathered: Gathered) -> Draft:
    from rolecall.llm.offline import qa  # noqa: PLC0415 - one role's code is loaded for one request
    from rolecall.llm.offline.writing.docstrings import docstrings  # noqa: PLC0415 - likewise

    target = gathered.target
    if target is None:
        empty = Draft()
        empty.say("Name a file: without a model, scaffolds are made from code alone.")
        return empty
    if role_id == "technical_writer":
        return docstrings(request, target)
    return qa.tests(request, gathered, target)
