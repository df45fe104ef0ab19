"""Every metric Rolecall keeps: the one table of contract section 10.

Names follow OpenTelemetry's semantic conventions for generative AI where those have one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Instrument:
    """One metric: what it counts, in which unit (UCUM, as OpenTelemetry writes units)."""

    name: str
    kind: Kind
    unit: str
    description: str


_TABLE = (
    Instrument("gen_ai.client.operation.duration", "histogram", "s", "Time one request to a model took."),
    Instrument("gen_ai.client.token.usage", "histogram", "{token}", "Tokens of one request, by token type."),
    Instrument(
        "gen_ai.client.operation.time_to_first_chunk",
        "histogram",
        "s",
        "Time until a model's first text came.",
    ),
    Instrument(
        "rolecall.llm.requests", "counter", "{request}", "Requests sent to a model, retries included."
    ),
    Instrument("rolecall.llm.successes", "counter", "{request}", "Requests a model answered completely."),
    Instrument("rolecall.llm.errors", "counter", "{request}", "Requests that failed, by error code."),
    Instrument("rolecall.llm.timeouts", "counter", "{request}", "Requests that passed a deadline."),
    Instrument(
        "rolecall.llm.retries", "counter", "{request}", "Requests made because an earlier one failed."
    ),
    Instrument(
        "rolecall.llm.context_truncations",
        "counter",
        "{request}",
        "Requests whose context had to be shortened.",
    ),
    Instrument("rolecall.breaker.state", "gauge", "1", "State of a breaker: 0 closed, 1 half-open, 2 open."),
    Instrument("rolecall.breaker.transitions", "counter", "{transition}", "State changes of breakers."),
    Instrument(
        "rolecall.pool.connections_opened", "counter", "{connection}", "Connections opened to endpoints."
    ),
    Instrument("rolecall.pool.requests", "counter", "{request}", "Requests sent over pooled connections."),
    Instrument("rolecall.pool.recycled", "counter", "{client}", "Pooled clients replaced, by reason."),
    Instrument("rolecall.task.started", "counter", "{task}", "Tasks accepted."),
    Instrument("rolecall.task.completed", "counter", "{task}", "Tasks that completed."),
    Instrument("rolecall.task.failed", "counter", "{task}", "Tasks that ended otherwise."),
    Instrument("rolecall.task.duration", "histogram", "s", "Time a task took."),
    Instrument("rolecall.workflow.started", "counter", "{workflow}", "Workflows begun."),
    Instrument(
        "rolecall.workflow.completed", "counter", "{workflow}", "Workflows whose every task completed."
    ),
    Instrument("rolecall.workflow.failed", "counter", "{workflow}", "Workflows that ended otherwise."),
    Instrument("rolecall.workflow.duration", "histogram", "s", "Time a workflow took."),
    Instrument("rolecall.edits.applied", "counter", "{file}", "Files changed by applied edits."),
    Instrument("rolecall.edits.refused", "counter", "{change_set}", "Change sets that were refused."),
    Instrument("rolecall.edits.conflicts", "counter", "{change_set}", "Change sets that met changed files."),
)

INSTRUMENTS: Mapping[str, Instrument] = {instrument.name: instrument for instrument in _TABLE}
