"""Two editors and two assistants, real relays, one daemon: what they share, and what they never see."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fakes.endpoint import answer, endpoint_in_thread, http_error
from fakes.house import eventually, is_alive
from fakes.patience import PATIENCE_S

EDIT = (
    'Raises the limit.\n\n<edit path="src/pricing.py">\n<<<<<<< SEARCH\nLIMIT = 100\n=======\nLIMIT = 200\n'
    '>>>>>>> REPLACE\n</edit>\n<done files="1"/>\n'
)
RUN = {"role": "developer", "task": "refactor", "apply": "never", "instruction": "Raise it."}
CALL = {"instruction": "Raise it.", "task": "refactor", "files": ["src/pricing.py"]}


def asks(endpoint, key, **more):
    """The environment of a client with a key."""
    return {
        "ROLECALL_LLM__PROVIDER": "openai",
        "ROLECALL_LLM__BASE_URL": endpoint.base_url,
        "ROLECALL_LLM__MODEL": "fake-model",
        "ROLECALL_LLM__API_KEY": key,
        "ROLECALL_RETRY__MAX_ATTEMPTS": "1",
        "ROLECALL_APPLY__REPAIR_ROUNDS": "0",
        **more,
    }


def keys_by_connection(endpoint):
    seen = {}
    for request in endpoint.completions:
        seen.setdefault(request.connection, set()).add(request.headers["authorization"])
    return seen


def open_file(editor, project, text=None, version=1):
    uri = (project / "src/pricing.py").as_uri()
    text = (project / "src/pricing.py").read_text() if text is None else text
    document = {"uri": uri, "languageId": "python", "version": version, "text": text}
    editor.peer.notify("textDocument/didOpen", {"textDocument": document})
    return uri


def test_four_clients_share_one_process_and_never_a_key(house, project, other_project):
    uri = (project / "src/pricing.py").as_uri()
    with endpoint_in_thread([answer(EDIT)] * 8) as endpoint:
        ada, bob = asks(endpoint, "sk-ada-0123456789abcdef"), asks(endpoint, "sk-bob-0123456789abcdef")
        clients = [
            house.editor(project, **ada),
            house.assistant(project, **ada),
            house.editor(project, **bob),
            house.assistant(other_project, **bob),
        ]
        assert len({client["pid"] for client in house.status()["clients"]}) == 4
        assert len(house.pids()) == 1
        for _ in range(2):
            assert clients[0].command("rolecall.run", uri=uri, **RUN)["status"] == "completed"
            assert clients[1].call("developer", **CALL)["status"] == "completed"
            assert clients[2].command("rolecall.run", uri=uri, **RUN)["status"] == "completed"
            clients[3].call("developer", instruction="x", files=["main.py"])
        seen = keys_by_connection(endpoint)
        sent = [request.headers["authorization"].removeprefix("Bearer ") for request in endpoint.completions]
    assert sent == [key for key in ("ada", "ada", "bob", "bob") * 2 for key in [f"sk-{key}-0123456789abcdef"]]
    # Sequential tasks of equal keys: one upstream connection each, whatever the door.
    assert sorted(map(sorted, seen.values())) == [
        ["Bearer sk-ada-0123456789abcdef"], ["Bearer sk-bob-0123456789abcdef"],
    ]  # fmt: skip
    log = Path(house.status()["log"]).read_text()
    assert "sk-ada" not in log
    assert "sk-bob" not in log


def test_a_breaker_opened_through_one_door_is_open_at_the_other(house, project):
    with endpoint_in_thread([http_error(500)] * 2) as endpoint:
        environment = asks(endpoint, "sk-ada-0123456789abcdef", ROLECALL_BREAKER__FAILURE_THRESHOLD="2")
        assistant, editor = house.assistant(project, **environment), house.editor(project, **environment)
        for _ in range(2):
            assert assistant.call("developer", **CALL)["error"]["code"] == "upstream_unavailable"
        uri = (project / "src/pricing.py").as_uri()
        assert editor.command("rolecall.run", uri=uri, **RUN)["error"]["code"] == "breaker_open"
        assert len(endpoint.completions) == 2
        stats = json.loads(house.run("stats", "--format", "json").stdout)
    assert any(breaker["state"] == "open" for breaker in stats["breakers"])


def test_tasks_are_seen_in_their_own_workspace_only(house, project, other_project):
    here, there = house.assistant(project), house.assistant(other_project)
    editor, stranger = house.editor(project), house.editor(other_project)
    task_id = here.call("developer", **CALL)["task_id"]
    assert [task["task_id"] for task in editor.command("rolecall.tasks")] == [task_id]
    assert editor.command("rolecall.result", task_id=task_id)["task_id"] == task_id
    assert stranger.command("rolecall.tasks") == []
    assert there.call("task_result", task_id=task_id)["error"]["code"] == "configuration_invalid"


def prompts(endpoint):
    return [request.json["messages"][-1]["content"] for request in endpoint.completions]


def test_an_assistant_sees_the_unsaved_buffer_of_the_editor_that_was_active_last(
    house, project, other_project
):
    with endpoint_in_thread([answer(EDIT)] * 5) as endpoint:
        environment = asks(endpoint, "sk-ada-0123456789abcdef")
        first, second = house.editor(project, **environment), house.editor(project, **environment)
        assistant = house.assistant(project, **environment)
        stranger = house.editor(other_project, **environment)
        for editor, text in ((first, "LIMIT = 100  # first\n"), (second, "LIMIT = 100  # second\n")):
            open_file(editor, project, text)
            editor.command("rolecall.tasks")  # it has arrived
        open_file(stranger, other_project, "x = 1\n")
        stranger.command("rolecall.tasks")
        assistant.call("developer", **CALL)
        first.command("rolecall.tasks")
        assistant.call("developer", **CALL)
        first.leave()
        eventually(lambda: len(house.status()["clients"]) == 3)
        assistant.call("developer", **CALL)
        second.leave()
        eventually(lambda: len(house.status()["clients"]) == 2)
        assistant.call("developer", **CALL)
        seen = prompts(endpoint)
    assert ["# second" in prompt for prompt in seen] == [True, False, True, False]
    assert ["# first" in prompt for prompt in seen] == [False, True, False, False]
    assert "def discounted" in seen[3]  # the disk again


def test_an_assistants_edits_go_through_the_editor_that_has_the_workspace_open(house, project):
    before = (project / "src/pricing.py").read_text()
    unsaved = before.replace('"""Prices."""', '"""Prices, unsaved."""')
    with endpoint_in_thread([answer(EDIT)]) as endpoint:
        environment = asks(endpoint, "sk-ada-0123456789abcdef")
        editor = house.start("lsp", "/", **environment)
        applied = []

        def apply(message):
            if message["method"] != "workspace/applyEdit":
                return None
            applied.append(message["params"])
            document = {"uri": uri, "version": 8}
            change = {"text": unsaved.replace("LIMIT = 100", "LIMIT = 200")}
            peer.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
            return {"applied": True}

        from fakes.house import Client
        from fakes.wire import LspPeer

        peer = LspPeer(editor.stdout, editor.stdin, answer=apply)
        client = Client(editor, peer)
        capabilities = {"workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}}}
        client.request(
            "initialize", {"processId": None, "rootUri": project.as_uri(), "capabilities": capabilities}
        )
        peer.notify("initialized", {})
        uri = open_file(client, project, unsaved, version=7)
        client.command("rolecall.tasks")
        assistant = house.assistant(project, **environment)
        task_id = assistant.call("developer", **CALL)["task_id"]
        assistant.peer._write({"id": "apply", "method": "tools/call", "params": {"name": "apply_edits", "arguments": {"task_id": task_id}}})  # fmt: skip
        eventually(lambda: client.command("rolecall.tasks") is not None and applied)
        while (message := assistant.peer._read()).get("id") != "apply":
            pass
        result = message["result"]["structuredContent"]
    assert (result["applied"], result["applied_by"]) == (True, "editor")
    (edit,) = applied[0]["edit"]["documentChanges"]
    assert edit["textDocument"] == {"uri": uri, "version": 7}
    assert [part["newText"] for part in edit["edits"]] == ["LIMIT = 200\n"]
    assert (project / "src/pricing.py").read_text() == before  # saving is the user's


def test_without_an_editor_the_edits_go_to_disk(house, project):
    with endpoint_in_thread([answer(EDIT)]) as endpoint:
        assistant = house.assistant(project, **asks(endpoint, "sk-ada-0123456789abcdef"))
        task_id = assistant.call("developer", **CALL)["task_id"]
        result = assistant.call("apply_edits", task_id=task_id)
    assert result["applied_by"] == "disk"
    assert "LIMIT = 200" in (project / "src/pricing.py").read_text()


def test_what_an_editor_leaves_behind_is_applied_to_the_disk_as_it_is(house, project):
    with endpoint_in_thread([answer(EDIT)]) as endpoint:
        environment = asks(endpoint, "sk-ada-0123456789abcdef")
        editor, assistant = house.editor(project, **environment), house.assistant(project, **environment)
        uri = open_file(editor, project)
        task_id = editor.command("rolecall.run", uri=uri, **RUN)["task_id"]
        changed = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": "gone\n"}]}
        editor.peer.notify("textDocument/didChange", changed)
        editor.command("rolecall.tasks")
        editor.leave()
        eventually(lambda: len(house.status()["clients"]) == 1)
        result = assistant.call("apply_edits", task_id=task_id)
    assert result["applied_by"] == "disk"
    assert (project / "src/pricing.py").read_text().count("LIMIT = 200") == 1


def test_the_daemon_takes_nothing_from_the_client_that_started_it(house, project, tmp_path):
    with endpoint_in_thread([answer(EDIT)]) as endpoint:
        starter = house.assistant(
            project, **asks(endpoint, "sk-ada-0123456789abcdef", HTTPS_PROXY="http://p:1")
        )
        plain = house.assistant(project)
        assert plain.call("developer", **CALL)["provider"] == "offline"
        assert endpoint.completions == []
        assert starter.call("developer", **CALL)["provider"] == "openai"
    environment = Path(f"/proc/{house.pid()}/environ").read_bytes()
    assert b"sk-ada" not in environment
    assert b"ROLECALL_" not in environment
    assert b"PROXY" not in environment


NEW = '<file path="made/new.py">\nX = 1\n</file>\n<done files="1"/>\n'


def test_new_files_get_the_mode_that_their_own_client_would_give_them(house, project, other_project):
    modes = []
    with endpoint_in_thread([answer(NEW)] * 2) as endpoint:
        for folder, mask in ((project, 0o027), (other_project, 0o002)):
            before = os.umask(mask)
            try:
                assistant = house.assistant(folder, **asks(endpoint, "sk-ada-0123456789abcdef"))
            finally:
                os.umask(before)
            task_id = assistant.call("developer", instruction="x")["task_id"]
            assert assistant.call("apply_edits", task_id=task_id)["applied"]
            modes += [path.stat().st_mode & 0o777 for path in (folder / "made", folder / "made/new.py")]
    assert [oct(mode) for mode in modes] == ["0o750", "0o640", "0o775", "0o664"]
    status = Path(f"/proc/{house.pid()}/status").read_text()
    assert "Umask:\t0077" in status


def test_the_daemon_holds_nothing_of_the_relay_that_started_it(house, project):
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    import subprocess

    relay = subprocess.Popen(
        house.surroundings.server("lsp"), cwd=project, env=house.surroundings.environment, pass_fds=[writing],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    house.clients.append(relay)
    os.close(writing)
    eventually(house.pids)
    pid = house.pid()
    relay.communicate(timeout=20)  # reads standard error to its end, which the daemon must not hold open
    assert os.read(reading, 1) == b""
    os.close(reading)
    assert is_alive(pid)
    assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
    assert os.getsid(pid) not in {os.getsid(0), os.getsid(os.getpid())}
    assert {Path(f"/proc/{pid}/fd/{n}").readlink() for n in (0, 1, 2)} == {Path("/dev/null")}


def test_a_client_that_does_not_want_to_share_serves_itself_and_leaves_no_daemon(house, project):
    config = house.surroundings.folder / "home" / ".config" / "rolecall" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("daemon:\n  enabled: false\n")
    assistant = house.assistant(project)
    assert assistant.call("status")["version"]
    assistant.leave()
    assert "daemon.enabled is false" in assistant.last_words()
    eventually(lambda: house.pids() == [])


def test_the_variable_alone_keeps_a_daemon_from_being_started(house, project):
    assistant = house.assistant(project, ROLECALL_DAEMON__ENABLED="false")
    assert house.pids() == []
    assistant.leave()
    first, *_ = assistant.last_words().splitlines()
    assert first == "rolecall: serving in this process alone: ROLECALL_DAEMON__ENABLED is off"


def test_an_idle_daemon_ends_after_what_the_last_client_to_leave_wanted(house, project):
    quick = house.assistant(project, ROLECALL_DAEMON__IDLE_TIMEOUT_S="0.1")
    slow = house.assistant(project, ROLECALL_DAEMON__IDLE_TIMEOUT_S="900")
    pid = house.pid()
    slow.leave()
    eventually(lambda: len(house.status()["clients"]) == 1)
    quick.leave()
    eventually(lambda: not is_alive(pid))
    assert list(house.runtime.glob("daemon-*")) == []


def test_one_clients_level_and_file_are_its_own(house, project, tmp_path):
    file = tmp_path / "ada.log"
    loud = house.assistant(project, ROLECALL_LOGGING__LEVEL="debug", ROLECALL_LOGGING__FILE=str(file))
    quiet = house.assistant(project, ROLECALL_LOGGING__LEVEL="error")
    by_ada = loud.call("developer", **CALL)["task_id"]
    by_bob = quiet.call("developer", **CALL)["task_id"]
    other = house.assistant(project)
    by_cyd = other.call("developer", **CALL)["task_id"]
    log = Path(house.status()["log"]).read_text()
    assert by_ada in file.read_text()
    assert by_ada not in log
    assert by_bob not in log + file.read_text()
    assert by_cyd in log


def test_invalid_settings_are_answered_not_lost(house, project):
    assistant = house.assistant(project, ROLECALL_LLM__TEMPERATURE="hot")
    assert assistant.call("developer", **CALL)["error"]["code"] == "configuration_invalid"
    assert len(house.pids()) == 1


def test_status_names_pid_version_socket_log_clients_and_uptime(house, project):
    house.editor(project)
    status = house.status()
    assert status["pid"] == house.pid()
    assert Path(status["socket"]).is_socket()
    assert Path(status["socket"]).stat().st_mode & 0o777 == 0o600
    assert Path(status["log"]).is_file()
    assert [(client["door"], client["folder"]) for client in status["clients"]] == [("lsp", "/")]
    assert status["uptime"] > 0
    text = house.run("daemon", "status").stdout.decode()
    for fact in (str(status["pid"]), status["version"], status["socket"], status["log"], "clients  1"):
        assert fact in text


@pytest.mark.parametrize("form", ["text", "json", "prometheus"])
def test_stats_show_what_was_counted(house, project, form):
    house.assistant(project).call("developer", **CALL)
    done = house.run("stats", "--format", form)
    assert done.returncode == 0
    assert b"task" in done.stdout
    if form == "json":
        assert json.loads(done.stdout)["metrics"]["rolecall.task.started"]
    if form == "prometheus":
        assert b"# TYPE rolecall_task_started_total counter" in done.stdout


def test_without_a_daemon_the_commands_say_so(house):
    for command in (["daemon", "status"], ["stats"], ["stats", "--format", "prometheus"]):
        done = house.run(*command)
        assert done.returncode == 0
        assert b"no shared process is running" in done.stdout + done.stderr
    assert json.loads(house.run("daemon", "status", "--format", "json").stdout)["running"] is False
    nothing = {"pool": [], "breakers": [], "metrics": {}}
    assert json.loads(house.run("stats", "--format", "json").stdout) == nothing
    assert house.run("stats", "--format", "prometheus").stdout == b""
    assert house.run("daemon", "stop").returncode == 0


def test_stop_ends_every_daemon_and_its_sessions_hear_why(house, project):
    editor = house.editor(project)
    first = house.pid()
    os.utime(house.own_install() / "server" / "rolecall_server" / "host.py")
    house.assistant(project)
    assert len(house.pids()) == 2
    done = house.run("daemon", "stop")
    assert done.returncode == 0
    assert f"stopped {first}" in done.stdout.decode()
    assert house.pids() == []
    assert editor.process.wait(5 + PATIENCE_S) == 1
    assert "was stopped" in editor.last_words()


def test_doctor_names_the_shared_process_and_its_log(house, project):
    assert "none is running" in house.run("doctor").stdout.decode()
    house.editor(project)
    shown = house.run("doctor").stdout.decode()
    assert f"pid {house.pid()}, 1 clients; its log: {house.status()['log']}" in shown
