"""What the LSP door promises, clause by clause, and which tests show it.

A test named here must make its clause visible on the wire: after it has run, the clause's ``shows`` is asked
whether the messages of its editors, and what the endpoint saw, hold what the clause is about; and whether it
would say no, had the server said nothing. A test that stops exercising its clause fails for that alone, and
so does a clause without a test.
"""

from __future__ import annotations

from fakes.clauses import actions, cancelling, commands, consent, documents, edits, places, streaming
from fakes.clauses.clause import Clause
from fakes.lsp_wire import Wire

PARTS = (actions, commands, streaming, consent, edits, cancelling, places, documents)
CLAUSES: dict[str, Clause] = {name: clause for part in PARTS for name, clause in part.CLAUSES.items()}
"""By the contract's section on LSP, in its order."""


def shown_by(test: str) -> list[str]:
    """The clauses that a test, its case in brackets, is named for."""
    return [name for name, clause in CLAUSES.items() if clause.names(test)]


def is_shown(name: str, wire: Wire) -> bool:
    """Whether the conversation shows the clause; a message that its predicate misses is a no."""
    try:
        return bool(CLAUSES[name].shows(wire))
    except (LookupError, ValueError, TypeError, AttributeError, StopIteration):
        return False
