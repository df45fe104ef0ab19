"""The exact prompt of every role's first task in ten workspaces, as an endpoint receives it.

The snapshots were read by a person; a change of a prompt is a change of the product. To make one: run this
file with ``ROLECALL_UPDATE_SNAPSHOTS=1``, then read the difference as the model would.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.endpoint import answer, endpoint_in_thread
from fakes.wire import LspPeer, McpPeer
from rolecall.caller import Caller
from rolecall.context import estimate_tokens
from rolecall.roles import RoleCatalog
from rolecall.runtime import Runtime
from rolecall.session import Session
from rolecall.task import TaskRequest

WORKSPACES = Path(__file__).parents[2] / "workspaces"
SNAPSHOTS = Path(__file__).with_name("snapshots")
SECRET = "obviously-fake"
MOST_TOKENS = 8_000
"""A local model's window; these workspaces are small enough for it."""

REPLY = 'Nothing to write.\n\n<done files="0"/>\n'


@dataclass(frozen=True)
class Case:
    """What the work is about, in general and for single roles, as a user would name it.

    Attributes:
        lock: a lock file that the workspace has as well; it tells of its tool by its name alone.
    """

    target: str
    of: dict[str, str] = field(default_factory=dict)
    lock: str | None = None

    def named(self, role: str) -> str | None:
        return None if role == "devops_engineer" else self.of.get(role, self.target)


CASES = {
    "python_ledger": Case(
        "src/ledger/accounts.py", {"developer": "src/ledger/accounts.py:56-61"}, lock="uv.lock"
    ),
    "python_greenhouse": Case("greenhouse/alerts.py", {"technical_writer": "greenhouse/sensors.py"}),
    "ts_booking": Case("src/slots.ts"),
    "js_shortlinks": Case("src/store.js"),
    "go_ratelimit": Case("internal/bucket/bucket.go", {"qa_engineer": "internal/httpapi/handler.go"}),
    "rust_csvstat": Case("src/stats.rs"),
    "java_parcel": Case("src/main/java/org/example/parcel/PostageCalculator.java"),
    "csharp_lending": Case("src/Lending/LoanDesk.cs"),
    "compose_backup": Case("backup/backup.sh"),
    "monorepo_catalog": Case(
        "web/src/results.ts",
        {"developer": "api/src/catalog/search.py", "technical_writer": "api/src/catalog/search.py"},
        lock="api/poetry.lock",
    ),
}
ROLES = {role.id: role for role in RoleCatalog(None).roles()}
GRID = [(workspace, role) for workspace in CASES for role in ROLES]


def as_text(body: bytes) -> str:
    """Both messages of one request."""
    system, user = json.loads(body)["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    return f"{system['content']}\n\n======== user ========\n{user['content']}"


def made(workspace: str, folder: Path) -> Path:
    """A copy of the workspace in ``folder``, with its lock file."""
    root = shutil.copytree(WORKSPACES / workspace, folder / workspace, dirs_exist_ok=True)
    if lock := CASES[workspace].lock:
        (root / lock).touch()
    return root


@pytest.fixture
async def received(surroundings, tmp_path):
    """Send the first task of a role down the road; give what the endpoint received."""
    with endpoint_in_thread(default=answer(REPLY)) as endpoint:
        surroundings.use(endpoint.base_url)
        runtime = Runtime()

        async def send(workspace: str, role: str) -> str:
            root = made(workspace, tmp_path / "workspaces")
            session = Session(Caller(surroundings.environment, root), roots=(root,))
            named = CASES[workspace].named(role)
            target = session.file_ref(named) if named else None
            task, _ = runtime.tasks.start(session, TaskRequest(role, ROLES[role].tasks[0].id, target=target))
            result = await task.wait()
            assert result.status == "completed", result.error
            assert result.omitted_context == []
            return as_text(endpoint.completions[-1].body)

        yield send
        await runtime.aclose()


@pytest.mark.parametrize(("workspace", "role"), GRID)
async def test_the_prompt_is_as_it_was_read_and_the_same_on_every_run(received, workspace, role):
    prompt, again = await received(workspace, role), await received(workspace, role)

    snapshot = SNAPSHOTS / workspace / f"{role}.txt"
    if os.environ.get("ROLECALL_UPDATE_SNAPSHOTS"):
        snapshot.parent.mkdir(parents=True, exist_ok=True)
        snapshot.write_bytes(prompt.encode())
    assert prompt.encode() == snapshot.read_bytes()
    assert again == prompt


def snapshots():
    return [
        (workspace, role, (SNAPSHOTS / workspace / f"{role}.txt").read_text()) for workspace, role in GRID
    ]


def test_every_workspace_has_a_secret_to_keep():
    holding = {
        file.relative_to(WORKSPACES).parts[0]
        for workspace in CASES
        for file in (WORKSPACES / workspace).rglob("*")
        if file.is_file() and SECRET in file.read_text(errors="replace")
    }

    assert holding == CASES.keys()


def test_no_secret_and_no_name_of_a_secret_file_is_in_any_prompt():
    files = ("/.env", " .env", "tls.key", "signing.jks", "secrets.json", "secrets.yaml", "credentials.toml")

    assert [
        (workspace, role, word)
        for workspace, role, text in snapshots()
        for word in (SECRET, *files)
        if word in text.split("======== user ========")[1].replace("env_file: .env", "")
    ] == []


def test_every_prompt_leaves_room_in_a_small_window():
    assert {(w, r): n for w, r, text in snapshots() if (n := estimate_tokens(text)) > MOST_TOKENS // 2} == {}


def test_the_system_message_is_the_same_in_every_workspace():
    for role in ROLES:
        assert len({text.split("\n\n======== user")[0] for _, r, text in snapshots() if r == role}) == 1


CONVENTIONS = {
    "python_ledger": ("pytest", "none found", "uv", "Google docstrings, Markdown pages", "GitHub Actions"),
    "python_greenhouse": ("unittest", "Flask", "pip", "reStructuredText docstrings, reStructuredText pages", "GitLab CI"),
    "ts_booking": ("vitest", "none found", "pnpm", "TSDoc comments", "GitHub Actions"),
    "js_shortlinks": ("node --test", "none found", "npm", "JSDoc comments with types, Markdown pages", "none found"),
    "go_ratelimit": ("go test", "none found", "Go modules", "Go doc comments", "GitHub Actions"),
    "rust_csvstat": ("cargo test", "none found", "Cargo", "rustdoc comments", "GitHub Actions"),
    "java_parcel": ("JUnit 5", "none found", "Maven", "Javadoc comments", "Jenkins"),
    "csharp_lending": ("xUnit", "none found", "NuGet", "XML documentation comments", "Azure Pipelines"),
    "compose_backup": ("bats", "none found", "none found", "none found", "none found"),
    "monorepo_catalog": ("jest", "React", "Yarn", "TSDoc comments", "GitHub Actions"),
}  # fmt: skip


@pytest.mark.parametrize("workspace", CONVENTIONS)
def test_the_instruction_names_what_the_workspace_really_uses(workspace):
    text = (SNAPSHOTS / workspace / "qa_engineer.txt").read_text()
    told = dict(
        line[2:].split(": ", 1)
        for line in text.split("# Instruction")[1].splitlines()
        if line.startswith("- ")
    )

    labels = ("test runner", "framework", "package manager", "docs style", "CI")
    assert told == dict(zip(labels, CONVENTIONS[workspace], strict=True))


def test_in_a_mixed_repository_each_half_hears_of_its_own_tools():
    text = (SNAPSHOTS / "monorepo_catalog" / "developer.txt").read_text().split("# Instruction")[1]

    assert "- test runner: pytest\n- framework: FastAPI\n- package manager: Poetry\n" in text
    assert "- docs style: NumPy docstrings\n" in text


NEIGHBOURS = {
    ("python_ledger", "qa_engineer"): ("src/ledger/money.py", "tests/test_accounts.py"),
    ("python_greenhouse", "qa_engineer"): ("greenhouse/sensors.py", "tests/test_alerts.py"),
    ("ts_booking", "qa_engineer"): ("src/lib/time.ts", "src/model.ts", "src/slots.test.ts"),
    ("js_shortlinks", "qa_engineer"): ("src/codes.js", "test/store.test.js"),
    ("go_ratelimit", "qa_engineer"): ("internal/bucket/bucket.go", "internal/bucket/clock.go"),
    ("go_ratelimit", "developer"): ("internal/bucket/clock.go", "internal/bucket/bucket_test.go"),
    ("rust_csvstat", "qa_engineer"): ("src/error.rs", "tests/stats.rs"),
    ("java_parcel", "qa_engineer"): ("src/main/java/org/example/parcel/rates/Tariff.java", "src/main/java/org/example/parcel/Parcel.java", "src/main/java/org/example/parcel/TooLargeException.java", "src/test/java/org/example/parcel/PostageCalculatorTest.java"),
    ("csharp_lending", "qa_engineer"): ("src/Lending/Catalog/Book.cs", "src/Lending/Loan.cs", "tests/Lending.Tests/LoanDeskTests.cs"),
    ("compose_backup", "qa_engineer"): ("backup/lib.sh", "tests/backup.bats"),
    ("monorepo_catalog", "qa_engineer"): ("web/src/price.ts", "web/src/__tests__/results.test.ts"),
    ("monorepo_catalog", "developer"): ("api/src/catalog/models.py", "api/tests/test_search.py"),
}  # fmt: skip


@pytest.mark.parametrize(("workspace", "role"), NEIGHBOURS)
def test_the_prompt_holds_what_the_target_imports_and_its_tests_and_no_more(workspace, role):
    text = (SNAPSHOTS / workspace / f"{role}.txt").read_text()
    shown = [
        line.split('path="')[1].split('"')[0]
        for line in text.splitlines()
        if line.startswith(('<context kind="import"', '<context kind="counterpart"'))
    ]

    assert sorted(shown) == sorted(NEIGHBOURS[workspace, role])


def through_the_command_line(surroundings, root, file):
    done = surroundings.run("run", "qa_engineer", "-", "--task", "tests", "--file", file, cwd=root)
    assert done.returncode == 0, done.stderr


def through_lsp(surroundings, root, file):
    uri = (root / file).as_uri()
    with surroundings.start("lsp", "--no-daemon", cwd="/") as process:
        peer = LspPeer(process.stdout, process.stdin)
        peer.request("initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": {}})
        peer.notify("initialized", {})
        document = {"uri": uri, "languageId": "typescript", "version": 1, "text": (root / file).read_text()}
        peer.notify("textDocument/didOpen", {"textDocument": document})
        run = {"role": "qa_engineer", "task": "tests", "uri": uri, "apply": "never"}
        peer.request("workspace/executeCommand", {"command": "rolecall.run", "arguments": [run]})
        peer.request("shutdown")
        peer.notify("exit")
        assert process.wait(10) == 0


def through_mcp(surroundings, root, file):
    with surroundings.start("mcp", "--no-daemon", "--workspace", str(root), cwd="/") as process:
        peer = McpPeer(process.stdout, process.stdin)
        client = {"name": "t", "version": "1"}
        peer.request(
            "initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
        )
        peer.notify("notifications/initialized")
        arguments = {"instruction": "", "task": "tests", "files": [file]}
        peer.request("tools/call", {"name": "qa_engineer", "arguments": arguments})
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.mark.parametrize("door", [through_the_command_line, through_lsp, through_mcp])
def test_every_door_sends_the_bytes_of_the_snapshot(surroundings, tmp_path, door):
    with endpoint_in_thread(default=answer(REPLY)) as endpoint:
        surroundings.use(endpoint.base_url)
        door(surroundings, made("monorepo_catalog", tmp_path / "workspaces"), "web/src/results.ts")
        bodies = [request.body for request in endpoint.completions]

    assert len(bodies) == 1
    assert as_text(bodies[0]).encode() == (SNAPSHOTS / "monorepo_catalog" / "qa_engineer.txt").read_bytes()
