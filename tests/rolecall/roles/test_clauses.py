"""The table of clauses has no gap: every clause of a prompt has an id, a reason and a check, and none is stale."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from grading import analyst, code, operations, shared, writing
from grading.answers import GRADERS
from rolecall.context.shared import shared_rules
from rolecall.roles import RoleCatalog

assert all((analyst, code, operations, shared, writing))  # importing them makes their graders known

TABLE = yaml.safe_load(Path(__file__).with_name("clauses.yaml").read_text(encoding="utf-8"))
ROWS = [(where, *row) for where, rows in TABLE.items() for row in rows]


def bullets(text):
    return re.findall(r"^- (.+)$", text, re.MULTILINE)


def clauses():
    found = {"shared": bullets(shared_rules())}
    for role in RoleCatalog(None).roles():
        found[role.id] = bullets(role.prompt)
        found |= {f"{role.id}.{task.id}": bullets(task.instruction) for task in role.tasks}
    return found


CLAUSES = clauses()


def test_the_table_speaks_of_every_prompt_and_of_no_other():
    assert TABLE.keys() == CLAUSES.keys()


@pytest.mark.parametrize("where", CLAUSES)
def test_every_clause_stands_in_the_table_once_in_its_order(where):
    begins = [row[1] for row in TABLE[where]]

    assert len(begins) == len(CLAUSES[where])
    assert [
        (begin, clause)
        for begin, clause in zip(begins, CLAUSES[where], strict=True)
        if not clause.startswith(begin)
    ] == []


def test_every_clause_has_an_id_of_its_own_and_a_reason():
    assert [name for name, count in Counter(row[1] for row in ROWS).items() if count > 1] == []
    assert [row[1] for row in ROWS if len(row) != 5 or len(row[4].split()) < 3] == []


def test_every_check_exists():
    assert {row[3] for row in ROWS} - GRADERS.keys() == {"wording"}


def test_most_clauses_are_graded_and_not_only_pinned():
    pinned = [row[1] for row in ROWS if row[3] == "wording"]

    assert len(pinned) < len(ROWS) / 4, pinned


# These check a part of a clause whose row names another grader.
BESIDE = {"bare_tags", "image_is_pinned", "commands_are_exec_form", "waits_end"}


def test_every_grader_checks_a_clause():
    assert GRADERS.keys() - {row[3] for row in ROWS} == BESIDE


# The table pins how a clause begins, so that it stays readable; this file pins the rest, clause by clause.
FULL = Path(__file__).with_name("clauses_in_full.yaml")
TEXTS = {
    row[0]: clause for where in CLAUSES for row, clause in zip(TABLE[where], CLAUSES[where], strict=False)
}


@pytest.fixture(scope="module")
def reviewed():
    if os.environ.get("ROLECALL_UPDATE_SNAPSHOTS"):
        text = yaml.safe_dump(TEXTS, allow_unicode=True, sort_keys=False, width=10_000)
        FULL.write_text(
            f"# Written with ROLECALL_UPDATE_SNAPSHOTS=1; read the difference.\n{text}", encoding="utf-8"
        )
    return yaml.safe_load(FULL.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", TEXTS)
def test_a_clause_reads_as_it_was_reviewed(name, reviewed):
    assert TEXTS[name] == reviewed[name]


def test_no_reviewed_clause_is_gone(reviewed):
    assert reviewed.keys() == TEXTS.keys()
