"""``rolecall config``: what it prints, where, and its exit codes."""

import argparse
import io
import json

import pytest

from rolecall.caller import Caller
from rolecall_server.config_command import add_arguments, run


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home" / ".config" / "rolecall").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def config(home, workspace, *words, **environment):
    parser = argparse.ArgumentParser()
    parser.add_argument("--workspace", default=None)
    add_arguments(parser)
    stdout, stderr = io.StringIO(), io.StringIO()
    who = Caller({"HOME": str(home), **environment}, workspace)
    code = run(parser.parse_args(words), who, stdout, stderr)
    return code, stdout.getvalue(), stderr.getvalue()


def test_show_prints_a_table_with_the_origin_of_each_value(home, workspace):
    code, out, err = config(home, workspace, "show", ROLECALL_LLM__MODEL="qwen3", OPENAI_API_KEY="hunter2")
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line.split() for line in out.splitlines()}
    assert lines["llm.model"] == ["llm.model", '"qwen3"', "environment", "ROLECALL_LLM__MODEL"]
    assert lines["retry.max_attempts"] == ["retry.max_attempts", "4", "default"]
    assert lines["llm.connect_timeout_s"][1] == "5"
    assert len({line.index("default") for line in out.splitlines() if line.endswith("default")}) == 1
    assert "hunter2" not in out


def test_show_as_json_maps_key_paths_to_value_and_origin(home, workspace):
    code, out, _ = config(home, workspace, "show", "--format", "json", ROLECALL_RETRY__MAX_ATTEMPTS="7")
    shown = json.loads(out)
    assert code == 0
    assert shown["retry.max_attempts"] == {"value": 7, "origin": "environment ROLECALL_RETRY__MAX_ATTEMPTS"}
    assert shown["llm.connect_timeout_s"] == {"value": 5, "origin": "default"}


def test_show_reads_the_workspace_and_warns_beside_the_result(home, workspace):
    (workspace / ".rolecall.yaml").write_text("llm: {temperature: 0.5, model: evil}\n")
    code, out, err = config(home, workspace, "show", "--format", "json")
    assert code == 0
    assert json.loads(out)["llm.temperature"] == {"value": 0.5, "origin": ".rolecall.yaml"}
    assert "llm.model" in err


def test_show_takes_the_workspace_it_is_given(home, workspace):
    (workspace / ".rolecall.yaml").write_text("llm: {temperature: 0.5}\n")
    code, out, _ = config(home, home, "show", "--format", "json", "--workspace", str(workspace))
    assert (code, json.loads(out)["llm.temperature"]["value"]) == (0, 0.5)


def test_a_workspace_that_is_not_there_is_a_usage_error(home, workspace):
    code, out, err = config(home, workspace, "show", "--workspace", "nowhere")
    assert (code, out) == (2, "")
    assert "nowhere" in err


def test_show_of_an_invalid_configuration_says_why_on_standard_error(home, workspace):
    code, out, err = config(home, workspace, "show", ROLECALL_LLM__TEMPERATURE="hot")
    assert (code, out) == (2, "")
    assert "llm.temperature" in err


def test_check_says_ok(home, workspace):
    assert config(home, workspace, "check") == (0, "ok\n", "")


def test_check_prints_warnings_and_passes(home, workspace):
    (workspace / ".rolecall.yaml").write_text("llm: {model: evil}\n")
    code, out, _ = config(home, workspace, "check")
    assert code == 0
    assert out.startswith("warning: .rolecall.yaml, line 1: llm.model is ignored")
    assert out.endswith("\nok\n")


def test_check_mentions_a_key_that_is_not_sent(home, workspace):
    (home / ".config" / "rolecall" / "config.yaml").write_text(
        "llm: {base_url: 'http://a.example', api_key: hunter2}\n"
    )
    code, out, _ = config(home, workspace, "check", ROLECALL_LLM__BASE_URL="http://b.example")
    assert code == 0
    assert "llm.api_key" in out
    assert "hunter2" not in out


def test_check_prints_every_problem_and_fails(home, workspace):
    environment = {"ROLECALL_LLM__TEMPERATURE": "hot", "ROLECALL_LLM__MODLE": "x"}
    code, out, _ = config(home, workspace, "check", **environment)
    assert code == 2
    assert len(out.splitlines()) == 2
    code, out, _ = config(home, workspace, "check", "--format", "json", **environment)
    report = json.loads(out)
    assert (code, report["valid"], len(report["problems"]), report["warnings"]) == (2, False, 2, [])


def test_schema_is_a_json_schema(home, workspace):
    code, out, _ = config(home, workspace, "schema", ROLECALL_LLM__TEMPERATURE="hot")
    schema = json.loads(out)
    assert code == 0
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["properties"]["llm"]
