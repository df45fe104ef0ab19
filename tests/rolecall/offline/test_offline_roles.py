"""Every role and task answers, for every kind of target, in the answer format."""

import ast

import pytest
import yaml

from rolecall.llm.offline.desk import task_for
from rolecall.task import Diagnostic

CODE = '''
"""Discounts."""

import os
import subprocess


def discounted(cents: int, percent: int = 10) -> int:
    """Take a discount off.

    >>> discounted(1000, 25)
    750
    """
    # TODO: who may give more than 50?
    if percent > 50:
        raise ValueError("at most 50")
    return cents - cents * percent // 100


def later(name: str): ...


def run(command: str) -> None:
    subprocess.run(command, shell=True)
'''
TASKS = [
    ("business_analyst", "requirements"),
    ("business_analyst", "user_stories"),
    ("business_analyst", "acceptance"),
    ("developer", "implement"),
    ("developer", "fix"),
    ("developer", "refactor"),
    ("developer", "harden"),
    ("qa_engineer", "tests"),
    ("qa_engineer", "test_plan"),
    ("qa_engineer", "security_tests"),
    ("qa_engineer", "performance_tests"),
    ("devops_engineer", "container"),
    ("devops_engineer", "ci"),
    ("devops_engineer", "kubernetes"),
    ("devops_engineer", "observability"),
    ("devops_engineer", "infrastructure"),
    ("technical_writer", "docstrings"),
    ("technical_writer", "readme"),
    ("technical_writer", "api_reference"),
    ("technical_writer", "guide"),
]
TARGETS = {
    "discounts.py": CODE,
    "broken.py": "def (:\n",
    "empty.py": "",
    "app.ts": "// Adds.\nexport function add(a: number) { return a }\n// TODO: subtract\n",
    "main.go": "package main\n\n// Add adds.\nfunc Add(a int) int { return a }\n",
    "notes.txt": "nothing here",
    "lib.rs": "/// Adds.\npub fn add(a: i32) -> i32 { a }\n",
}
PYPROJECT = (
    '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "Shop One"\nversion = "1"\nrequires-python = ">=3.12"\n'
    '[project.scripts]\nshop = "shop:main"\n[tool.ruff]\n[tool.pytest.ini_options]\npythonpath = ["."]\n'
)


@pytest.mark.parametrize(
    ("role", "task"), [*TASKS, ("my_role", None), ("my_role", "own_task"), ("developer", None)]
)
@pytest.mark.parametrize("path", [*TARGETS, None])
def test_every_task_answers_for_every_target(project, role, task, path):
    shop = project({**TARGETS, "pyproject.toml": PYPROJECT})

    answer = shop.ask(role, task, path, instruction="Help.")

    text = shop.texts[0]
    assert text.endswith(f'<done files="{len(answer.blocks)}"/>\n')
    assert len(answer.summary_text()) > 60
    for name in set(shop.files) - set(TARGETS):
        if name.endswith(".py"):
            ast.parse(shop.files[name])


@pytest.mark.parametrize(("role", "task"), TASKS)
def test_no_task_writes_over_what_it_wrote(project, role, task):
    shop = project({**TARGETS, "pyproject.toml": PYPROJECT})
    shop.ask(role, task, "discounts.py")
    before = dict(shop.files)

    shop.ask(role, task, "discounts.py")

    changed = {path for path in before if shop.files[path] != before[path]}
    assert not changed - {"discounts.py"}


def test_requirements_name_their_source_and_ask_what_is_open(project):
    shop = project(TARGETS)

    shop.ask("business_analyst", "requirements", "discounts.py")

    page = shop.files["docs/requirements/discounts.md"]
    assert 'the system shall refuse `discounted` with `ValueError` ("at most 50")' in page
    assert "`discounts.py:16`" in page
    assert "Where `percent` is not given, the system shall use `10`." in page
    assert "TODO: who may give more than 50?" in page


def test_acceptance_criteria_have_one_when_a_scenario_and_computed_values(project):
    shop = project(TARGETS)

    shop.ask("business_analyst", "acceptance", "discounts.py", lines=(8, 18))

    text = shop.files["features/discounts.feature"]
    scenarios = text.split("Scenario")[1:]
    assert len(scenarios) >= 2
    assert all(part.count("When ") == 1 and part.count("Then ") >= 1 for part in scenarios)
    assert "Then ValueError is raised" in text


def test_stubs_say_what_is_missing(project):
    shop = project(TARGETS)

    shop.ask("developer", "implement", "discounts.py")

    assert (
        'def later(name: str): raise NotImplementedError("TODO(rolecall): later")'
        in shop.files["discounts.py"]
    )


def test_a_module_without_stubs_gets_typed_signatures(project):
    shop = project(
        {
            "m.py": "from decimal import Decimal\nimport os\n\n\nclass A:\n    x: int = 1\n\n    def f(self, a, b: Decimal = Decimal(1)):\n        return a\n"
        }
    )

    shop.ask("developer", "implement", "m.py")

    stub = shop.files["m.pyi"]
    ast.parse(stub)
    assert "def f(self, a: Incomplete, b: Decimal=...) -> Incomplete: ..." in stub
    assert "import os" not in stub


def test_unused_imports_go_and_other_diagnostics_are_listed(project):
    shop = project(TARGETS)
    found = (
        Diagnostic(4, "`os` imported but unused", code="F401"),
        Diagnostic(18, "too many things", code="C901"),
    )

    answer = shop.ask("developer", "fix", "discounts.py", diagnostics=found)

    # The diagnostics are those of what was gathered; the request carries them.
    assert "import os" not in shop.files["discounts.py"]
    assert "too many things" in answer.summary_text()


def test_weak_calls_are_named_with_line_and_remedy(project):
    shop = project(TARGETS)

    answer = shop.ask("developer", "harden", "discounts.py")

    assert "shell=True" in answer.summary_text()
    assert "Line 24" in answer.summary_text()


def test_the_image_follows_the_manifest_and_runs_as_nobody(project):
    shop = project({**TARGETS, "pyproject.toml": PYPROJECT})

    shop.ask("devops_engineer", "container")

    text = shop.files["Dockerfile"]
    assert text.count("FROM python:3.12-slim") == 2
    assert "USER 10001" in text
    assert 'CMD ["shop"]' in text
    assert ".env*" in shop.files[".dockerignore"]


def test_the_pipeline_is_read_only_and_calls_the_projects_commands(project):
    shop = project({**TARGETS, "pyproject.toml": PYPROJECT})

    shop.ask("devops_engineer", "ci")

    pipeline = yaml.safe_load(shop.files[".github/workflows/ci.yml"])
    assert pipeline["permissions"] == {"contents": "read"}
    job = pipeline["jobs"]["test"]
    assert job["timeout-minutes"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [
        "python -m pip install .",
        "python -m pip install pytest ruff",
        "python -m ruff check .",
        "python -m pytest",
    ]


def test_manifests_hold_the_restricted_standard(project):
    shop = project({"pyproject.toml": PYPROJECT, "Procfile": "web: shop --port 8000\n"})

    shop.ask("devops_engineer", "kubernetes")

    deployment = yaml.safe_load(shop.files["deploy/kubernetes/deployment.yaml"])
    pod = deployment["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert deployment["metadata"]["name"] == "shop-one"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()
    assert "limits" in container["resources"]


@pytest.mark.parametrize(
    ("role", "instruction", "task"),
    [
        ("technical_writer", "Please write a README", "readme"),
        ("qa_engineer", "attack the parser", "security_tests"),
        ("devops_engineer", "a Dockerfile", "container"),
        ("business_analyst", "anything", "requirements"),
        ("custom", "some unit tests", "tests"),
        ("custom", "sing", "outline"),
    ],
)
def test_an_instruction_alone_leads_to_the_nearest_task(role, instruction, task):
    assert task_for(role, None, instruction) == task


def test_another_language_gets_tests_to_fill_in(project):
    shop = project(TARGETS)

    shop.ask("qa_engineer", "tests", "main.go")
    shop.ask("qa_engineer", "tests", "app.ts")

    assert 't.Skip("TODO(rolecall)' in shop.files["main_test.go"]
    assert "func TestAdd(t *testing.T)" in shop.files["main_test.go"]
    assert 'describe("add", ' in shop.files["app.test.ts"]
