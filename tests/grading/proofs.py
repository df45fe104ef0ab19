"""For each grader an answer that holds to its rule and one that breaks it, alike in everything else."""

from __future__ import annotations

from grading.answers import Graded

PROSE = "Done. Nothing was run; check with `make test`. Roll back with `git revert`."


def wrote(path: str, text: str, prose: str = PROSE, asked: str = "", **before: str) -> Graded:
    """An answer that writes one file whole. ``before`` names files with ``__`` for the dot."""
    if not text.endswith("\n"):
        text += "\n"
    files = {name.replace("__", "."): content for name, content in before.items()}
    answer = f'{prose}\n\n<file path="{path}">\n{text}</file>\n<done files="1"/>\n'
    return Graded(answer, files or {"a.py": ""}, asked)


def code(text: str, **more: str) -> Graded:
    return wrote("a.py", text, **more)


def test(text: str, **more: str) -> Graded:
    return wrote("tests/test_a.py", text, **more)


def page(text: str, path: str = "docs/page.md", **more: str) -> Graded:
    return wrote(path, text, **more)


def image(text: str, **more: str) -> Graded:
    return wrote("Dockerfile", text, **more)


def pipeline(text: str) -> Graded:
    return wrote(".github/workflows/ci.yml", text)


STORY = "As a buyer, I want to see the total, so that I can decide"
SCENARIO = "Feature: Cart\n  Scenario: Total\n    Given prices 2 and 3\n    When the buyer asks for the total\n    Then it is 5\n"
OUTLINE = "  Scenario Outline: Limit\n    When <n> items are added\n    Then <result>\n    Examples:\n      | n | result |\n"
REQUIREMENT = "## REQ-1\n- When x, the system shall y.\n- Measure: 2\n- Priority: high, since z\n- Source: a.py:3\n- Verified by a test\n"
SMALL = "def total(prices):\n    return sum(prices)\n"
TEST = "def test_total_of_nothing_is_zero():\n    assert total([]) == 0\n"
STAGES = (
    "FROM python:3.12-slim AS build\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"
    'FROM python:3.12-slim\nEXPOSE 8000\nUSER 10001\nCMD ["app"]\n'
)
JOBS = "permissions:\n  contents: read\njobs:\n  test:\n    timeout-minutes: 10\n    steps:\n      - run: make test\n"
POD = """\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: app
          resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}
          startupProbe: {httpGet: {path: /healthz}}
          readinessProbe: {httpGet: {path: /ready}}
          livenessProbe: {httpGet: {path: /healthz}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""
OPENAPI = """\
openapi: 3.1.0
paths:
  /cart:
    get:
      operationId: getCart
      responses:
        "200": {description: The cart}
        "404": {description: None, content: {application/json: {schema: {type: object}}}}
"""
GOOD_EDIT = """\
Done. Nothing was run; check with `make test`.

<edit path="a.py">
<<<<<<< SEARCH
    return sum(prices)
=======
    return round(sum(prices), 2)
>>>>>>> REPLACE
</edit>
<done files="1"/>
"""

GOOD = Graded(GOOD_EDIT, {"a.py": SMALL}, allowed=("a.py",))


def pod(old: str, new: str) -> Graded:
    assert old in POD
    return wrote("deploy/app.yaml", POD.replace(old, new))


def edit(old: str, new: str) -> Graded:
    assert old in GOOD_EDIT
    return Graded(GOOD_EDIT.replace(old, new), {"a.py": SMALL}, allowed=("a.py",))


PROOFS: dict[str, tuple[Graded, Graded]] = {
    # shared
    "applies": (GOOD, edit("    return sum(prices)\n", "    return total(prices)\n")),
    "counts_blocks": (GOOD, edit('files="1"', 'files="2"')),
    "bare_tags": (GOOD, edit('<edit path="a.py">', '  <edit path="a.py">')),
    "short_prose": (GOOD, edit("Done.", "Done.\n" + "And more.\n" * 12)),
    "nothing_elided": (code(SMALL), code("# ... existing code ...\n")),
    "in_scope": (GOOD, edit('<edit path="a.py">', '<delete path="b.py"/>\n<edit path="a.py">')),
    "few_lines_changed": (GOOD, code("def other():\n    return 0\n", a__py=SMALL)),
    "nothing_invented": (
        wrote("requirements.txt", "flask==3.0.3\n", asked="flask 3.0.3"),
        wrote("requirements.txt", "flask==3.9.1\n", asked="flask"),
    ),
    "says_not_run": (GOOD, edit("Nothing was run; check with `make test`.", "All tests pass.")),
    "assumptions_are_few": (
        edit("Done.", "Assumptions:\n" + "- One.\n" * 5),
        edit("Done.", "Assumptions:\n" + "- One.\n" * 6),
    ),
    "todo_is_visible": (code("# TODO(rolecall): the port\n"), code("# TODO: the port\n")),
    "asks_instead_of_writing": (
        Graded('Which file?\n\n<done files="0"/>\n'),
        Graded('Done.\n\n<file path="a.py">\nx = 1\n</file>\n<done files="1"/>\n'),
    ),
    # analyst
    "no_vague_words": (page("The total appears within 2 s.\n"), page("The total appears fast.\n")),
    "requirement_is_smart": (page(REQUIREMENT), page(REQUIREMENT.replace("- Measure: 2\n", ""))),
    "statement_has_source": (page(REQUIREMENT), page(REQUIREMENT.replace("a.py:3", "common sense"))),
    "figure_is_given": (page("within 200 ms", asked="200 ms please"), page("within 200 ms")),
    "story_has_one_want": (page(STORY), page(STORY.replace("the total", "the total and pay"))),
    "scenario_has_one_when": (page(SCENARIO), page(SCENARIO.replace("Given prices", "When prices"))),
    "scenario_has_no_interface_steps": (page(SCENARIO), page(SCENARIO.replace("asks for", "clicks"))),
    "boundary_is_an_outline": (page(SCENARIO + OUTLINE), page(SCENARIO)),
    "gap_becomes_a_question": (
        page("Limit: TODO(rolecall): limit\n## Open questions\n- Which limit holds?\n"),
        page("Limit: TODO(rolecall): limit\n"),
    ),
    # code
    "parses": (code(SMALL), code("def total(:\n")),
    "signatures_hold": (code(SMALL, a__py=SMALL), code(SMALL.replace("prices", "items"), a__py=SMALL)),
    "tests_untouched": (
        wrote("test_a.py", TEST + "\n\n" + TEST.replace("nothing", "one"), test_a__py=TEST),
        wrote("test_a.py", TEST.replace("== 0", "== 1"), test_a__py=TEST),
    ),
    "no_new_dependency": (code("import json\n"), code("import numpy\n")),
    "nothing_suppressed": (code("x = 1\n"), code("x = 1  # noqa: E501\n")),
    "errors_are_narrow": (
        code("try:\n    x()\nexcept KeyError as e:\n    raise ValueError from e\n"),
        code("try:\n    x()\nexcept Exception:\n    pass\n"),
    ),
    "resources_are_closed": (code("with open('x') as f:\n    f.read()\n"), code("f = open('x')\n")),
    "waits_end": (code("requests.get(url, timeout=5)\n"), code("requests.get(url)\n")),
    "queries_are_bound": (
        code("db.execute('select * from t where n = ?', (n,))\n"),
        code("db.execute(f'select * from t where n = {n}')\n"),
    ),
    "no_shell_strings": (code("run(['ls', path])\n"), code("run(f'ls {path}', shell=True)\n")),
    "data_is_loaded_safely": (code("json.loads(data)\n"), code("pickle.loads(data)\n")),
    "no_secret_in_code": (code("token = environ['TOKEN']\n"), code("token = 'abcdef123456'\n")),
    "markup_is_escaped": (code("render('page.html', name=name)\n"), code("return f'<p>{name}</p>'\n")),
    "paths_are_confined": (
        code("p = (root / name).resolve()\nif not p.is_relative_to(root):\n    raise ValueError\n"),
        code("p = root / name\n"),
    ),
    "source_untouched": (test(TEST), code(SMALL)),
    "tests_assert_exactly": (test(TEST), test(TEST.replace("assert total([]) == 0", "total([])"))),
    "tests_hold_no_logic": (test(TEST), test(TEST.replace("    assert", "    if x:\n        assert"))),
    "tests_are_deterministic": (test(TEST), test(TEST.replace("    assert", "    sleep(1)\n    assert"))),
    "names_state_the_result": (test(TEST), test(TEST.replace("test_total_of_nothing_is_zero", "test_total"))),
    "one_behaviour_a_test": (test(TEST), test(TEST + "    assert total([1]) == 1\n" * 3)),
    "disagreement_is_a_strict_failure": (
        test("@pytest.mark.xfail(strict=True, reason='spec')\n" + TEST),
        test("@pytest.mark.xfail\n" + TEST),
    ),
    "each_error_is_tested": (
        test("def test_a_b_c():\n    with raises(ValueError):\n        total(None)\n", asked="Raises ValueError."),
        test("def test_a_b_c():\n    with raises(Exception):\n        total(None)\n", asked="Raises ValueError."),
    ),
    "limits_are_tried": (
        test("@parametrize('n', [9, 10, 11])\n" + TEST, asked="at most 10 items"),
        test("@parametrize('n', [1, 10])\n" + TEST, asked="at most 10 items"),
    ),
    # operations
    "image_is_multi_stage": (image(STAGES), image(STAGES.split("FROM", 2)[2].join(["FROM", ""]))),
    "image_is_pinned": (image(STAGES), image(STAGES.replace("3.12-slim\nEXPOSE", "latest\nEXPOSE"))),
    "image_runs_as_nobody": (image(STAGES), image(STAGES.replace("USER 10001\n", ""))),
    "commands_are_exec_form": (image(STAGES), image(STAGES.replace('["app"]', "app"))),
    "lock_file_comes_first": (image(STAGES), image(STAGES.replace("COPY requirements.txt .", "COPY . ."))),
    "no_secret_in_the_image": (image(STAGES), image(STAGES + "ENV API_TOKEN=x\n")),
    "port_is_given": (image(STAGES, asked="It listens on 8000."), image(STAGES)),
    "pipeline_reads_only": (pipeline(JOBS), pipeline(JOBS.replace("contents: read", "contents: write"))),
    "pipeline_ends": (pipeline(JOBS), pipeline(JOBS.replace("    timeout-minutes: 10\n", ""))),
    "pipeline_trusts_no_title": (
        pipeline(JOBS),
        pipeline(JOBS.replace("make test", "echo ${{ github.event.pull_request.title }}")),
    ),
    "pods_are_limited": (pod("100m", "200m"), pod(", limits: {memory: 128Mi}", "")),
    "pods_have_three_probes": (pod("100m", "200m"), pod("livenessProbe: {httpGet: {path: /healthz}}", "livenessProbe: {httpGet: {path: /ready}}")),
    "pods_are_restricted": (pod("100m", "200m"), pod("runAsNonRoot: true", "runAsNonRoot: false")),
    "apis_are_current": (pod("100m", "200m"), pod("apps/v1", "extensions/v1beta1")),
    "nothing_is_wild": (wrote("main.tf", 'actions = ["s3:GetObject"]\n'), wrote("main.tf", 'actions = ["*"]\n')),
    "state_is_remote": (wrote("main.tf", 'backend "s3" {\n}\n'), wrote("main.tf", 'provider "aws" {}\n')),
    "slo_is_whole": (
        page("SLO: indicator: share of 2xx; target: TODO(rolecall): target; window: 28 days\n"),
        page("SLO: 99.9 %\n"),
    ),
    "way_back_is_told": (image(STAGES), image(STAGES, prose="Done.")),
    "logs_go_to_stdout": (code("StreamHandler(sys.stdout)\n"), code("FileHandler('app.log')\n")),
    # writing
    "code_unchanged_but_for_docstrings": (
        code(SMALL.replace(":\n", ':\n    """Add."""\n'), a__py=SMALL),
        code(SMALL.replace("sum(prices)", "sum(prices) + 0"), a__py=SMALL),
    ),
    "docstrings_agree": (
        code('def f(a):\n    """F.\n\n    Args:\n        a: one.\n    """\n'),
        code('def f(a):\n    """F.\n\n    Args:\n        b: one.\n    """\n'),
    ),
    "headings_are_in_order": (page("# A\n\n## B\n"), page("# A\n\n### B\n")),
    "headings_are_sentence_case": (page("# Set up the server\n"), page("# Set Up The Server\n")),
    "images_and_links_speak": (page("See the [set-up guide](a.md).\n"), page("Click [here](a.md).\n")),
    "tables_have_headers": (page("| a | b |\n|---|---|\n"), page("| | |\n|---|---|\n")),
    "fences_name_their_language": (page("```sh\nls\n```\n"), page("```\nls\n```\n")),
    "no_praise_or_badges": (page("It adds prices.\n"), page("A powerful tool.\n")),
    "reader_is_addressed": (page("You run it.\n"), page("It will be run.\n")),
    "names_are_traceable": (page("Use `--fix`.\n", asked="--fix"), page("Use `--fix`.\n")),
    "page_is_edited_not_rewritten": (
        wrote("README.md", "# A\n\n## B\n\nNew.\n", README__md="# A\n\n## B\n"),
        wrote("README.md", "# New\n", README__md="# A\n\n## B\n"),
    ),
    "steps_are_numbered": (page("1. Run it.\n", "docs/guide.md"), page("Run it.\n", "docs/guide.md")),
    "operations_are_whole": (
        wrote("openapi.yaml", OPENAPI),
        wrote("openapi.yaml", OPENAPI.replace("      operationId: getCart\n", "")),
    ),
}  # fmt: skip
