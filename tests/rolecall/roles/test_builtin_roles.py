"""The five role files: complete, within their budgets, and free of what makes prompts worse."""

import re
from collections import Counter

import pytest

from rolecall.answer import AnswerParser, propose
from rolecall.context.compose import system_message
from rolecall.context.shared import shared_rules, worked_example
from rolecall.roles import RoleCatalog
from rolecall.workspace.documents import Document, digest
from rolecall.workspace.policy import Verdict

ROLES = RoleCatalog(None).roles()
TASKS = [(role, task) for role in ROLES for task in role.tasks]
BY_ID = {role.id: role for role in ROLES}
SECTIONS = ["Delivers", "Never touches", "Rules", "When something is missing", "Check before answering"]

by_role = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.id)
by_task = pytest.mark.parametrize(("role", "task"), TASKS, ids=lambda part: part.id)


def tokens(text):
    return len(text) / 4


def bullets(text):
    return re.findall(r"^- .+$", text, re.MULTILINE)


def section(role, title):
    return role.prompt.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def everything(role):
    return "\n".join([role.prompt, *(task.instruction for task in role.tasks)])


def test_the_roles_and_tasks_are_those_that_were_promised():
    assert {role.id: [task.id for task in role.tasks] for role in ROLES} == {
        "business_analyst": ["requirements", "user_stories", "acceptance"],
        "developer": ["implement", "fix", "refactor", "harden"],
        "qa_engineer": ["tests", "test_plan", "security_tests", "performance_tests"],
        "devops_engineer": ["container", "ci", "kubernetes", "observability", "infrastructure"],
        "technical_writer": ["docstrings", "readme", "api_reference", "guide"],
    }


@by_role
def test_a_prompt_is_one_sentence_of_job_and_limits_and_then_its_five_sections(role):
    opening = role.prompt.split("\n", 1)[0]

    assert re.findall(r"^## (.+)$", role.prompt, re.MULTILINE) == SECTIONS
    assert opening.startswith("You ")
    assert opening.count(".") == 1
    assert ";" in opening


@by_role
def test_a_prompt_asks_three_to_five_questions_about_the_answer(role):
    questions = section(role, "Check before answering").splitlines()

    assert 3 <= len(questions) <= 5
    assert all(re.fullmatch(r"- (Do|Does|Would|Is|Are|Was) .+\?", question) for question in questions)


@by_role
def test_a_prompt_keeps_its_budget(role):
    assert 300 <= tokens(role.prompt) <= 650


@by_task
def test_a_task_and_the_whole_system_message_keep_their_budgets(role, task):
    assert 50 <= tokens(task.instruction) <= 300
    assert tokens(system_message(role, task)) <= 1_500


@pytest.mark.parametrize("hint", ["auto", "whole", "edit"])
def test_the_shared_rules_keep_their_budget(hint):
    assert 350 <= tokens(shared_rules(hint)) <= 550


@by_task
def test_a_request_carries_at_most_twenty_rules_of_role_and_task(role, task):
    rules = bullets(role.prompt.split("## Check before answering")[0]) + bullets(task.instruction)

    assert len(rules) <= 20


@by_task
def test_no_rule_stands_twice_in_a_request(role, task):
    stems = [
        " ".join(sorted(set(re.findall(r"[a-z]{4,}", rule.lower()))))
        for rule in bullets(system_message(role, task))
    ]

    assert [stem for stem, count in Counter(stems).items() if count > 1 and stem] == []


SPOILERS = re.compile(
    r"\b(comprehensive|robust|expert|world-class|senior|years of experience|best practices?|seamless|leverage|"
    r"utilize|cutting-edge|step by step|please|tip|penalty|fired|important to note|ensure that|high-quality|"
    r"as an ai|passionate|delve|score yourself|ask the user|wait for)\b",
    re.IGNORECASE,
)


@by_task
def test_no_prompt_holds_what_makes_prompts_worse(role, task):
    system = system_message(role, task)

    assert SPOILERS.findall(system) == []
    shouted = set(re.findall(r"\b[A-Z]{4,}\b", system))
    assert shouted <= NAMES, shouted - NAMES
    assert "!" not in system.replace("{name}!", "")


NAMES = {
    *("SMART", "EARS", "INVEST", "REQ", "SOLID", "OWASP", "CSRF", "WCAG", "HTTP", "YAML", "README"),
    *("SEARCH", "REPLACE", "TODO", "ENTRYPOINT", "SIGTERM", "USER"),
}


@by_task
def test_a_task_offers_a_short_verb_phrase_and_says_in_one_sentence_what_it_delivers(role, task):
    opening = task.instruction.split("\n- ", 1)[0]

    assert re.fullmatch(r"(write|implement|fix|refactor|harden|add) .+", task.title)
    assert opening.endswith((".", ":"))
    assert "\n" not in opening
    assert task.action_title(role.title, "x.py").startswith(f"{role.title}: ")
    assert "x.py" in task.action_title(role.title, "x.py")


NAMED = {
    "business_analyst": """SMART|EARS|unit and threshold|priority with its reason|path:line|how it is verified|
        open question|INVEST|one want|benefit|joined by "and"|Gherkin|one When|concrete values|Then observable|
        no steps on the user interface|a success, a refusal and a boundary|Scenario Outline with Examples|
        fast, easy, appropriate, etc., and/or|Story points, ROI, tickets and solution""",
    "developer": """Public signatures|unless the task changes them|SOLID|name the smell|no abstraction for one caller|
        narrow error types|keep the cause|swallow nothing|Close every resource|timeout|OWASP Top 10:2025|
        bound query parameters|no SQL or shell string|XSS|escaped for the context|CSRF|changes state|very object|
        confined|plain data only|Secrets|code, error or log|Fix the cause|no suppression|no weakened test|
        no hard-coded expected value|none is added unasked""",
    "qa_engineer": """oracle|docstring, types and names, never the body|strict expected failure|report|each error|
        below, at and above|empty, duplicate and Unicode|AAA|one behaviour a test|condition and result|Mutation|
        comparison, constant, branch and return|exact values and exception types|Property-based|already in use|
        no sleep, no network, no real clock|process edge|70-80 %|Source code|no try/except, no skip|
        can fail|TODO(rolecall): target|injection|path traversal|CSRF""",
    "devops_engineer": """entry point and port come from the manifests|Twelve-factor|from the environment|
        logs to stdout|SIGTERM|Multi-stage|numeric non-root|exec form|lock file|No secret in ARG, ENV|
        never made up|TODO(rolecall): pin digest|contents: read|timeout|Untrusted expressions|pull_request_target|
        Requests for CPU and memory, and a memory limit|startup, readiness, liveness|checks no dependency|
        Restricted Pod Security Standard|no removed API|SLO: indicator, target, window|Burn-rate|runbook|
        Least privilege|no wildcard|Remote state|roll it back""",
    "technical_writer": """Diátaxis|traceable|minimal and complete|with their output|
        Arguments, result and raises equal the code|Say why|no line of code moves|OpenAPI 3.1|operationId|
        every response|errors with their schema|security schemes|examples valid|Google and Microsoft|second person|
        present tense|active voice|sentence-case|WCAG 2.2 AA|headings in order|alt text|link text|header rows|
        smallest edit|Praise, invented links, badges|docs as code""",
}


@by_role
def test_every_standard_the_role_stands_for_is_named(role):
    text = " ".join(everything(role).split()).casefold()
    needed = [" ".join(name.split()) for name in NAMED[role.id].split("|")]

    assert [name for name in needed if name.casefold() not in text] == []


@pytest.mark.parametrize("word", ["Kubernetes", "OpenAPI", "OWASP", "SLO", "Terraform"])
def test_what_one_task_alone_needs_travels_with_that_task_alone(word):
    assert [role.id for role in ROLES if word in role.prompt] == []


@by_role
def test_the_words_an_analyst_must_not_write_are_in_no_other_rule(role):
    text = everything(role).replace("fast, easy, appropriate, etc., and/or", "").replace("deny on error", "")

    assert re.findall(r"\b(?:fast|easy|appropriate|etc\.|and/or)(?!\w)", text) == []


SHARED = """fewest changed lines|leave other defects unfixed|framework, style and naming|TODO(rolecall)|is data|not obeyed|
    no second turn|changes least|Assumptions|at most 5|as a question|destroy data or open access|files="0"|
    Nothing was run|command that checks it|column 0|under 200 lines|copied exactly|once|no elision|no extra file|
    N counting the blocks|At most 10 lines"""


def test_every_shared_rule_is_there():
    text = " ".join(shared_rules().split())

    assert [name for name in (" ".join(part.split()) for part in SHARED.split("|")) if name not in text] == []


def document(path, text):
    return Document(path, text, digest(text))


def propose_example(hint):
    before = 'def greet(name: str) -> str:\n    return f"Hello, {name}!"\n'
    files = {"src/greet.py": document("src/greet.py", before)}
    parser = AnswerParser()
    parser.feed(worked_example(hint))
    answer = parser.finish()
    return answer, propose(answer, files.get, lambda path: Verdict("allowed", None))


@pytest.mark.parametrize("hint", ["auto", "whole", "edit"])
def test_the_worked_example_is_an_answer_that_applies(hint):
    answer, proposed = propose_example(hint)

    changes = {change.path: change for change in proposed.changes}
    assert [(change.action, change.state) for change in proposed.changes] == [
        ("modify", "proposed"),
        ("create", "proposed"),
    ]
    assert changes["src/greet.py"].after == (
        "def greet(name: str) -> str:\n"
        "    if not name:\n"
        '        raise ValueError("name is empty")\n'
        '    return f"Hello, {name}!"\n'
    )
    assert changes["tests/test_greet.py"].after.startswith("import pytest\nfrom greet import greet\n")
    assert not answer.incomplete


def test_the_worked_example_keeps_the_rules_it_illustrates():
    prose, blocks = worked_example().split("<edit", 1)

    assert len(prose.strip().splitlines()) <= 10
    assert "Nothing was run" in prose
    assert "```" not in blocks
    namespace = {}
    exec(propose_example("auto")[1].changes[0].after, namespace)
    with pytest.raises(ValueError, match="name is empty"):
        namespace["greet"]("")
    assert namespace["greet"]("Ada") == "Hello, Ada!"


@by_role
def test_a_menu_cut_to_two_offers_the_tasks_at_home_there_first(role):
    for situation, kind in (("diagnostic", "quickfix"), ("selection", "refactor"), ("file", "source")):
        kinds = [task.kind == kind for task in role.fitting(situation)]
        assert kinds == sorted(kinds, reverse=True)


def test_the_kind_of_an_action_follows_from_the_situation():
    tests = BY_ID["qa_engineer"].task("tests")
    fix = BY_ID["developer"].task("fix")

    assert tests.action_kind("qa_engineer", "selection") == "refactor.rolecall.qa_engineer.tests"
    assert tests.action_kind("qa_engineer", "file") == "source.rolecall.qa_engineer.tests"
    assert fix.action_kind("developer", "diagnostic") == "quickfix.rolecall.developer.fix"
    assert (fix.fits("diagnostic"), fix.fits("selection"), tests.fits("diagnostic")) == (True, False, False)


def test_the_title_of_an_action_names_the_role_the_work_and_its_object():
    tests = BY_ID["qa_engineer"].task("tests")
    refactor = BY_ID["developer"].task("refactor")

    assert tests.action_title("QA Engineer", "parse_config") == "QA Engineer: write tests for parse_config"
    assert refactor.action_title("Developer", "parse_config") == "Developer: refactor parse_config"
    assert (tests.label(), refactor.label()) == ("write tests for the selection", "refactor the selection")
