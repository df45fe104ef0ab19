"""The provider without a model: deterministic scaffolds made from the code itself.

`answer` gives the text of an answer in the format of contract section 6, piece by piece, as a model would.
Its first sentence is always ``offline scaffold, no model was called.`` Nothing of the user's is executed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.context.items import Gathered
    from rolecall.task import TaskRequest

__all__ = ["answer"]


def answer(role_id: str, task_id: str | None, request: TaskRequest, gathered: Gathered) -> Iterator[str]:
    """The pieces of a scaffold, a line each.

    Args:
        role_id: id of a role; one that is not built in gets what its task name suggests, or an outline.
        task_id: id of a task; None for an instruction alone.
        request: what was asked.
        gathered: the target and what was found around it.

    Yields:
        Lines with their line ends. The same arguments give the same bytes.
    """
    from rolecall.llm.offline.desk import draft  # noqa: PLC0415 - ast and the writers are only needed now

    yield from draft(role_id, task_id, request, gathered).text().splitlines(keepends=True)
