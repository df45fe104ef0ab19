"""``make eval``, from outside: what it asks before it starts, what it sends, and what it makes of the answers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.endpoint import answer, endpoint_in_thread, http_error
from grading.tasks import recorded

SCRIPT = Path(__file__).parents[2] / "bench" / "roles" / "evaluate.py"
TASK = "developer/implement_median"


@pytest.fixture
def evaluate(surroundings, tmp_path):
    """Run the script; give its exit code, output, and the report where it wrote one."""

    def run(*arguments, out="report.json"):
        done = subprocess.run(
            [sys.executable, SCRIPT, *arguments, "--out", str(tmp_path / out)],
            env=surroundings.environment,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        file = tmp_path / out
        return done, json.loads(file.read_text()) if file.exists() else None

    return run


def test_nothing_is_sent_before_the_tokens_are_agreed_to(surroundings, evaluate):
    with endpoint_in_thread(default=answer("x")) as endpoint:
        surroundings.use(endpoint.base_url)
        done, report = evaluate("--task", TASK)

        assert endpoint.completions == []
    assert done.returncode == 2
    assert "1 tasks, 1 requests to your endpoint: about" in done.stdout
    assert "--yes" in done.stderr
    assert report is None


def test_a_good_answer_of_a_model_scores_high(surroundings, evaluate):
    good = recorded("developer")[TASK].good
    with endpoint_in_thread(default=answer(good)) as endpoint:
        surroundings.use(endpoint.base_url)
        done, report = evaluate("--task", TASK, "--samples", "2", "--yes")

        assert len(endpoint.completions) == 2
    assert done.returncode == 0, done.stderr
    assert [score >= 0.9 for score in report["scores"][TASK]] == [True, True]
    assert report["model"] == "fake-model"
    assert report["tokens"] == 36


def test_a_run_ends_before_it_passes_its_cap(surroundings, evaluate):
    with endpoint_in_thread(default=answer("x")) as endpoint:
        surroundings.use(endpoint.base_url)
        done, _ = evaluate("--role", "developer", "--tokens", "3500")

        assert len(endpoint.completions) < 12
    assert done.returncode == 3
    assert "would pass the cap" in done.stderr


def test_an_endpoint_that_fails_ends_the_run_and_scores_nothing(surroundings, evaluate):
    with endpoint_in_thread(default=http_error(401, "no such key")) as endpoint:
        surroundings.use(endpoint.base_url)
        done, report = evaluate("--task", TASK, "--yes")

    assert done.returncode == 3
    assert report is None


def test_an_answer_that_fits_nowhere_scores_nothing(surroundings, evaluate):
    text = recorded("developer")[TASK].good.replace("    raise NotImplementedError", "    raise Nothing")
    with endpoint_in_thread(default=answer(text)) as endpoint:
        surroundings.use(endpoint.base_url)
        done, report = evaluate("--task", TASK, "--yes")

    assert done.returncode == 0, done.stderr
    assert report["scores"][TASK] == [0.0]


def test_two_runs_are_compared_and_the_offline_provider_costs_nothing(evaluate, tmp_path):
    done, first = evaluate("--provider", "offline", "--task", TASK, out="a.json")
    assert done.returncode == 0, done.stderr
    assert 0 <= first["scores"][TASK][0] < 0.9
    better = first | {"scores": {TASK: [1.0]}}
    (tmp_path / "b.json").write_text(json.dumps(better))

    done, _ = evaluate("--compare", "a.json", "b.json", out="none.json")

    assert done.returncode == 0, done.stderr
    assert "B is better" in done.stdout.splitlines()[-1]


def test_the_same_scores_show_no_difference_and_the_interval_can_be_repeated():
    sys.path.insert(0, str(SCRIPT.parent))
    try:
        from comparing import interval
    finally:
        sys.path.remove(str(SCRIPT.parent))
    pairs = [([0.2 * n, 0.5], [0.1 * n, 0.6]) for n in range(5)]

    low, high = interval(pairs, draws=500)

    assert interval(pairs, draws=500) == (low, high)
    assert low < 0 < high
    assert interval([(a, a) for a in ([1.0], [0.5])], draws=200) == (0.0, 0.0)
