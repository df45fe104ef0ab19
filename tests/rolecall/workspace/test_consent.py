"""Who is asked before a change is written (contract section 5)."""

import itertools

import pytest

from rolecall.answer.changeset import Change
from rolecall.workspace.consent import needs_confirmation
from rolecall.workspace.policy import Verdict

ALLOWED = Verdict("allowed")
PROTECTED = Verdict("needs_confirmation", "protected")

# confirm, mode, explicit: asked for (a new file, the target, another existing file)
MATRIX = [
    ("always", "ask", False, (True, True, True)),
    ("overwrite", "ask", False, (False, False, True)),
    ("protected", "ask", False, (False, False, False)),
    ("always", "auto", False, (False, False, False)),
    ("overwrite", "auto", False, (False, False, False)),
    ("protected", "auto", False, (False, False, False)),
    ("always", "never", False, (True, True, True)),
    ("overwrite", "never", False, (True, True, True)),
    ("protected", "never", False, (True, True, True)),
    *(
        (confirm, mode, True, (confirm == "always",) * 3)
        for confirm in ("always", "overwrite", "protected")
        for mode in ("ask", "auto", "never")
    ),
]


@pytest.mark.parametrize(("confirm", "mode", "explicit", "asked"), MATRIX)
def test_who_is_asked_follows_the_matrix(confirm, mode, explicit, asked):
    for change, expected in zip(
        [Change("new.py", "create"), Change("target.py", "modify"), Change("other.py", "modify")],
        asked,
        strict=True,
    ):
        assert (
            needs_confirmation(
                change, confirm=confirm, verdict=ALLOWED, target="target.py", mode=mode, explicit=explicit
            )
            is expected
        )


def test_the_matrix_is_complete():
    cells = set(
        itertools.product(("always", "overwrite", "protected"), ("ask", "auto", "never"), (True, False))
    )
    assert {row[:3] for row in MATRIX} == cells


@pytest.mark.parametrize(("confirm", "mode", "explicit", "asked"), MATRIX)
def test_a_protected_name_is_always_asked_for(confirm, mode, explicit, asked):
    for verdict in (PROTECTED, Verdict("refused", "outside")):
        for action in ("create", "modify", "delete", "rename"):
            change = Change("conftest.py", action)
            assert needs_confirmation(
                change, confirm=confirm, verdict=verdict, target="conftest.py", mode=mode, explicit=explicit
            )


@pytest.mark.parametrize("action", ["modify", "delete", "rename"])
def test_overwrite_asks_for_every_way_of_losing_another_existing_file(action):
    assert needs_confirmation(Change("a.py", action), confirm="overwrite", verdict=ALLOWED, target="b.py")
    assert needs_confirmation(Change("a.py", action), confirm="overwrite", verdict=ALLOWED, target=None)
    assert not needs_confirmation(Change("a.py", action), confirm="overwrite", verdict=ALLOWED, target="a.py")
