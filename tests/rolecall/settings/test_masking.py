"""What is shown of a value, in ``config show`` and in messages."""

import json
import time

import pytest

from fakes.patience import PATIENCE_S
from rolecall.caller import Caller
from rolecall.errors import ConfigurationInvalid
from rolecall.settings import load, masked
from rolecall.settings.masking import printable, quoted


def shown(tmp_path, **environment):
    return masked(load(Caller({"HOME": str(tmp_path), **environment}, tmp_path)))


def test_secrets_are_masked_whole(tmp_path):
    entries = shown(
        tmp_path,
        ROLECALL_LLM__API_KEY="sk-hunter2",
        ROLECALL_LLM__API_KEY_COMMAND="echo hunter2",
        ROLECALL_LLM__BASE_URL="https://ann:hunter2@a.example/v1",
        ROLECALL_LLM__EXTRA_HEADERS='{"X-Api": "hunter2"}',
        ROLECALL_MCP__HTTP_TOKENS='["hunter2", "laptop=hunter2"]',
        ROLECALL_METRICS__OTLP_ENDPOINT="https://hunter2@otlp.example",
    )
    assert "hunter2" not in json.dumps(entries)
    assert entries["llm.api_key"] == {"value": "********", "origin": "environment ROLECALL_LLM__API_KEY"}
    assert entries["llm.api_key_command"]["value"] == "echo ********"
    assert entries["llm.base_url"]["value"] == "https://********@a.example/v1"
    assert entries["llm.extra_headers"]["value"] == {"X-Api": "********"}
    assert entries["mcp.http_tokens"]["value"] == ["********", "********"]


def test_other_values_are_shown_as_they_are(tmp_path):
    entries = shown(tmp_path, ROLECALL_CONTEXT__EXCLUDE='["a/**"]', ROLECALL_LOGGING__FILE="/var/log/r.log")
    assert entries["context.exclude"]["value"] == ["a/**"]
    assert entries["logging.file"]["value"] == "/var/log/r.log"
    assert entries["llm.temperature"] == {"value": None, "origin": "default"}
    assert entries["retry.max_attempts"] == {"value": 4, "origin": "default"}
    assert len(entries) > 50


@pytest.mark.parametrize(
    "environment",
    [
        {"ROLECALL_LLM__API_KEY": "sk hunter2"},
        {"ROLECALL_LLM__APIKEY": "hunter2"},
        {"ROLECALL_LLM__API_KYE": "hunter2"},
        {"ROLECALL_OPENAI_TOKEN": "hunter2"},
        {"ROLECALL_PASSWORD": "hunter2"},
        {"ROLECALL_LLM__MODLE": "sk-hunter2hunter2"},
        {"ROLECALL_LLM__EXTRA_HEADERS": '{"X-Key": "hunter2"'},
        {"ROLECALL_LLM__EXTRA_HEADERS": '{"Authorization": "hunter2"}'},
        {"ROLECALL_MCP__HTTP_TOKENS": "hunter2"},
        {"ROLECALL_MCP__TOKENS": '["hunter2"]'},
        {"ROLECALL_LLM__BASE_URL": "ftp://ann:hunter2@host"},
        {"ROLECALL_LLM__BASE_URL": "ann:hunter2@host.example/v1"},
        {"ROLECALL_LLM__BASE_URLS": "https://ann:hunter2@host.example/v1"},
        {"OPENAI_API_KEY": "hunter2 hunter2"},
    ],
)
def test_a_message_shows_no_secret(tmp_path, environment):
    with pytest.raises(ConfigurationInvalid) as caught:
        shown(tmp_path, **environment)
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("qwen2.5-coder-32b-instruct", '"qwen2.5-coder-32b-instruct"'),
        ("a" * 100, '"' + "a" * 59 + '…"'),
        ("\x1b[31m\nx", '"\\x1b[31m\\nx"'),
        ("0123456789abcdef0123456789abcdef", "********"),
        ([1, "a", None], '[1, "a", null]'),
        ([[1]], "a list of 1"),
        ({"a": 1}, "a map"),
        (True, "true"),
        pytest.param(10**5000, "a huge number", id="huge"),
    ],
)
def test_values_in_messages_are_short_and_printable(value, text):
    assert quoted(value) == text


def test_a_long_hostile_value_is_quoted_at_once():
    started = time.monotonic()
    quoted("9" * 1_000_000)
    quoted("a1" * 500_000)
    assert time.monotonic() - started < 1 + PATIENCE_S


def test_text_for_a_terminal_holds_no_control_characters():
    assert printable("a\x9b\u202eb") == "a\\x9b\\u202eb"
