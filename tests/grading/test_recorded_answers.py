"""The graders of ``bench/roles`` tell a good answer from one that breaks a clause, for every task.

Without a model: the answers are recorded, and were written for this purpose (``bench/roles/recorded``).
"""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from grading import analyst, code, operations, shared, writing
from grading.answers import GRADERS
from grading.checks import CHECKS
from grading.sandbox import Sandbox
from grading.scoring import GATES, MANNERS, grade
from grading.tasks import ROLES, recorded, tasks
from rolecall.roles import RoleCatalog

assert all((analyst, code, operations, shared, writing))  # importing them makes their graders known

CLAUSES = Path(__file__).parents[1] / "rolecall" / "roles" / "clauses.yaml"
GOOD, BAD = 0.9, 0.4


@pytest.fixture(scope="class")
def sandbox():
    with Sandbox() as opened:
        yield opened


def proofs(role):
    """A class of tests for one role; workers share the roles among them."""

    class Proof:
        @pytest.mark.parametrize("task", tasks(role), ids=lambda task: task.id)
        def test_a_good_answer_scores_high_and_bad_ones_low(self, task, sandbox):
            answers = recorded(role)[task.id]

            score = grade(task, answers.good, sandbox)
            assert score.value >= GOOD, score
            for clause, answer in answers.bad:
                score = grade(task, answer, sandbox)
                assert clause in score.broken, (clause, score)
                assert score.value <= BAD, (clause, score)

    return Proof


TestBusinessAnalyst = proofs("business_analyst")
TestDeveloper = proofs("developer")
TestQaEngineer = proofs("qa_engineer")
TestDevopsEngineer = proofs("devops_engineer")
TestTechnicalWriter = proofs("technical_writer")


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_twelve_tasks_that_cover_all_its_task_kinds(role):
    kinds = {task.id for task in RoleCatalog(None).get(role).tasks}

    assert len(tasks(role)) >= 12
    assert kinds <= {task.task for task in tasks(role)}
    assert recorded(role).keys() == {task.id for task in tasks(role)}


@pytest.mark.parametrize("role", ROLES)
def test_every_task_has_three_bad_answers_that_each_break_one_clause_of_the_prompt(role):
    ids = {row[0] for rows in yaml.safe_load(CLAUSES.read_text(encoding="utf-8")).values() for row in rows}

    for task in tasks(role):
        clauses = [clause for clause, _ in recorded(role)[task.id].bad]
        examined = {check.clause for check in task.checks if check.essential} | set(GATES.values())
        assert len(set(clauses)) == 3, task.id
        assert set(clauses) <= examined & ids, task.id
        assert {check.clause for check in task.checks} <= ids, task.id


def test_every_check_that_a_task_names_exists_and_every_check_is_named():
    named = Counter(check.name for role in ROLES for task in tasks(role) for check in task.checks)

    assert named.keys() <= CHECKS.keys() | GRADERS.keys()
    assert CHECKS.keys() <= named.keys()
    assert GATES.keys() | set(MANNERS) <= GRADERS.keys()
