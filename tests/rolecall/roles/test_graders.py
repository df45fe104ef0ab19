"""The graders tell a good answer from one that breaks a rule: a grader that cannot fail proves nothing."""

import pytest

from grading import analyst, code, operations, shared, writing
from grading.answers import GRADERS
from grading.proofs import PROOFS

assert all((analyst, code, operations, shared, writing))  # importing them makes their graders known


def test_every_grader_is_proven():
    assert PROOFS.keys() == GRADERS.keys()


@pytest.mark.parametrize("name", GRADERS)
def test_a_grader_passes_what_holds_to_its_rule(name):
    assert GRADERS[name](PROOFS[name][0]) is True


@pytest.mark.parametrize("name", GRADERS)
def test_a_grader_fails_what_breaks_its_rule(name):
    assert GRADERS[name](PROOFS[name][1]) is False
