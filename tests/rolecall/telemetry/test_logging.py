"""What stands in the logs, where they go, and what never stands in them."""

import io
import json
import logging
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import structlog

from rolecall.settings import Settings
from rolecall.telemetry.logging import configure
from rolecall.telemetry.redaction import REDACTOR, register_secrets

AGENTS = Path(__file__).parents[3] / "agents"


@pytest.fixture(autouse=True)
def _as_before():
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def settings(**logging_settings):
    return Settings.model_validate({"logging": logging_settings}, strict=False).logging


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_its_keys_in_order():
    stream = io.StringIO()
    configure(settings(), stream=stream)
    structlog.contextvars.bind_contextvars(
        role="developer", task_id="t1", correlation_id="c1", workflow_id=None
    )
    structlog.get_logger("rolecall.test").info("attempt failed", zebra=1, **{"error.code": "timed_out"})
    [line] = lines(stream)
    assert list(line) == [
        "timestamp", "level", "event", "logger", "correlation_id", "task_id", "workflow_id", "role", "error.code", "zebra",
    ]  # fmt: skip
    assert line["timestamp"].endswith("Z")
    assert (line["level"], line["logger"]) == ("info", "rolecall.test")


def test_levels_below_the_setting_are_dropped():
    stream = io.StringIO()
    configure(settings(level="warning"), stream=stream)
    log = structlog.get_logger("x")
    log.debug("a")
    log.info("b")
    log.warning("c")
    assert [line["event"] for line in lines(stream)] == ["c"]


def test_a_logger_made_before_follows_a_later_setting():
    log = structlog.get_logger("x")
    first, second = io.StringIO(), io.StringIO()
    configure(settings(), stream=first)
    log.info("one")
    configure(settings(level="debug"), stream=second)
    log.debug("two")
    assert [line["event"] for line in lines(first)] == ["one"]
    assert [line["event"] for line in lines(second)] == ["two"]


def test_a_terminal_gets_coloured_text_and_anything_else_json():
    terminal, pipe = Terminal(), io.StringIO()
    configure(settings(), stream=terminal)
    structlog.get_logger("x").info("hello")
    configure(settings(format="console"), stream=pipe)
    structlog.get_logger("x").info("hello")
    assert "\x1b[" in terminal.getvalue()
    assert "hello" in pipe.getvalue()
    assert "\x1b[" not in pipe.getvalue()
    assert not pipe.getvalue().startswith("{")


SECRETS = {
    "a registered key": ("the key is my-registered-key!", "my-registered-key!"),
    "a password in an address": ("GET http://user:hunter22@host/v1", "hunter22"),
    "a user in an address": ("GET http://token1234@host/v1", "token1234"),
    "a header": ("Authorization: Bearer abc.def-123", "abc.def-123"),
    "a header in a dict": (str({"authorization": "Bearer abcdefgh"}), "abcdefgh"),
    "a key header": ('{"api-key": "0123456789"}', "0123456789"),
    "a basic login": ("proxy-authorization=Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    "a key by its looks": ("sk-proj-abcdefghijklmnop0123", "abcdefghijklmnop0123"),
}


@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS.keys())
@pytest.mark.parametrize("form", ["json", "console"])
def test_secrets_are_masked_wherever_they_stand(form, text, secret):
    register_secrets("my-registered-key!")
    stream = io.StringIO()
    configure(settings(format=form), stream=stream)
    log = structlog.get_logger("x")
    log.info(text)
    log.info("nested", data={"deep": [text]})
    log.error("failed", exc_info=RuntimeError(text))
    logging.getLogger("openai").error("library says %s", text)
    assert secret not in stream.getvalue()
    assert stream.getvalue().count("***") >= 4


def test_a_secret_is_masked_in_every_spelling():
    register_secrets('quote"back\\slashü')
    for text in ('quote"back\\slashü', json.dumps('quote"back\\slashü'), repr('quote"back\\slashü')):
        assert "slash" not in REDACTOR.redact(text)


def test_short_and_empty_secrets_do_not_mask_ordinary_words():
    register_secrets("", None, "a", "word")
    assert REDACTOR.redact("a word") == "a word"


def test_the_number_of_known_secrets_is_bounded(monkeypatch):
    from rolecall.telemetry import redaction

    monkeypatch.setattr(redaction, "MAX_SECRETS", 3)
    redactor = redaction.Redactor()
    redactor.register(*(f"secret-{number}" for number in range(9)))
    assert redactor.redact("secret-8") == "***"
    assert redactor.redact("secret-0") == "secret-0"


def test_libraries_are_heard_from_warnings_on_whatever_they_set_themselves():
    stream = io.StringIO()
    configure(settings(level="debug"), stream=stream)
    for name in ("openai", "httpx2", "pygls.server", "mcp"):
        library = logging.getLogger(name)
        library.setLevel(logging.DEBUG)
        library.debug("request http://user:pass@host")
        library.info("connected")
        library.warning("careful %d", 7)
        library.setLevel(logging.NOTSET)
    assert [(line["logger"], line["event"]) for line in lines(stream)] == [
        (name, "careful 7") for name in ("openai", "httpx2", "pygls.server", "mcp")
    ]


def test_a_librarys_exception_and_warning_are_logged():
    stream = io.StringIO()
    configure(settings(), stream=stream)
    logging.getLogger("asyncio").error("callback failed", exc_info=ValueError("odd"))
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(capture=True)
        warnings.warn("old thing", UserWarning, stacklevel=1)
    first, second = lines(stream)
    assert "ValueError: odd" in first["exception"]
    assert (second["logger"], "old thing" in second["event"]) == ("py.warnings", True)


def test_configuring_twice_logs_once():
    stream = io.StringIO()
    configure(settings(), stream=stream)
    configure(settings(), stream=stream)
    logging.getLogger("lib").error("once")
    assert len(lines(stream)) == 1


def test_values_that_are_not_json_are_shown():
    stream = io.StringIO()
    configure(settings(), stream=stream)
    structlog.get_logger("x").info("odd", path=Path("/a"), data=b"\xff", other={1, 2})
    [line] = lines(stream)
    assert "/a" in line["path"]


def test_a_closed_stream_does_not_end_the_program():
    stream = io.StringIO()
    configure(settings(), stream=stream)
    stream.close()
    structlog.get_logger("x").error("nobody hears")


def test_local_variables_are_not_shown_on_a_terminal():
    terminal = Terminal()
    configure(settings(), stream=terminal)

    def work():
        prompt = "the users own words"
        raise RuntimeError(len(prompt))

    try:
        work()
    except RuntimeError:
        structlog.get_logger("x").exception("failed")
    assert "RuntimeError" in terminal.getvalue()
    assert "the users own words" not in terminal.getvalue()


def test_nothing_goes_to_standard_output():
    code = (
        "import logging, structlog\n"
        "from rolecall.settings import Settings\n"
        "from rolecall.telemetry.logging import configure\n"
        "configure(Settings().logging)\n"
        "structlog.get_logger('x').error('said')\n"
        "logging.getLogger('y').error('said too')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(AGENTS)},
    )
    assert ran.stdout == ""
    assert [json.loads(line)["event"] for line in ran.stderr.splitlines()] == ["said", "said too"]


def test_a_file_takes_the_lines_and_is_readable_by_its_user_alone(tmp_path):
    file = tmp_path / "new" / "rolecall.log"
    stream = Terminal()
    configure(settings(file=str(file)), stream=stream)
    structlog.get_logger("x").info("kept")
    assert json.loads(file.read_text())["event"] == "kept"
    assert stream.getvalue() == ""
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_opened_is_said_where_it_is_read(tmp_path):
    stream = io.StringIO()
    configure(settings(file=str(tmp_path)), stream=stream)
    structlog.get_logger("x").info("kept")
    first, second = lines(stream)
    assert str(tmp_path) in first["problem"]
    assert second["event"] == "kept"
