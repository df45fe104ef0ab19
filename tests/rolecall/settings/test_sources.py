"""Where settings come from, which source wins, and that each value says so."""

import os

import pytest

from rolecall.caller import Caller
from rolecall.errors import ConfigurationInvalid
from rolecall.settings import Settings, inspect, load


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home" / ".config" / "rolecall").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def user_file(home):
    return home / ".config" / "rolecall" / "config.yaml"


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def caller(home, environment=None, cwd=None, config=None, **overrides):
    named = {path.replace("__", "."): value for path, value in overrides.items()}
    return Caller({"HOME": str(home), **(environment or {})}, cwd or home, config, named)


def test_without_sources_all_settings_are_defaults(home):
    loaded = load(caller(home))
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}
    assert loaded.warnings == ()


def test_later_sources_win_and_each_value_names_its_origin(home, user_file, workspace):
    user_file.write_text("llm: {temperature: 0.1, model: a}\nretry: {max_attempts: 9}\n")
    (workspace / ".rolecall.yaml").write_text("llm: {temperature: 0.2, max_output_tokens: 7}\n")
    environment = {"ROLECALL_LLM__TEMPERATURE": "0.3", "ROLECALL_LLM__MODEL": "b"}
    steps = [
        (caller(home), {}, 0.1, str(user_file)),
        (caller(home), {"roots": [workspace]}, 0.2, ".rolecall.yaml"),
        (caller(home, environment), {"roots": [workspace]}, 0.3, "environment ROLECALL_LLM__TEMPERATURE"),
        (
            caller(home, environment),
            {"roots": [workspace], "editor": {"llm": {"temperature": 0.4}}},
            0.4,
            "editor",
        ),
        (
            caller(home, environment, llm__temperature=0.5),
            {"roots": [workspace], "editor": {"llm": {"temperature": 0.4}}},
            0.5,
            "command line",
        ),
    ]
    for who, sources, value, origin in steps:
        loaded = load(who, **sources)
        assert (loaded.settings.llm.temperature, loaded.origins["llm.temperature"]) == (value, origin)
    assert loaded.settings.llm.model == "b"
    assert loaded.settings.llm.max_output_tokens == 7
    assert loaded.settings.retry.max_attempts == 9


@pytest.mark.parametrize(
    ("path", "text", "value", "flag"),
    [
        ("llm.model", "m", "m", "--model"),
        ("logging.level", "DEBUG", "debug", "--log-level"),
        ("llm.total_timeout_s", "2.5", 2.5, "--timeout"),
        ("llm.stream", False, False, "--no-stream"),
        ("daemon.enabled", False, False, "--no-daemon"),
    ],
)
def test_the_command_line_names_its_option(home, path, text, value, flag):
    loaded = load(Caller({"HOME": str(home)}, home, None, {path: text}))
    group, name = path.split(".")
    assert getattr(getattr(loaded.settings, group), name) == value
    assert loaded.origins[path] == f"command line {flag}"


def test_an_option_that_was_not_given_leaves_the_other_sources_alone(home):
    loaded = load(caller(home, {"ROLECALL_LLM__MODEL": "b"}, llm__model=None))
    assert loaded.settings.llm.model == "b"


def test_the_process_of_a_shared_server_lends_nothing_of_its_own(home, monkeypatch, tmp_path):
    monkeypatch.setenv("ROLECALL_LLM__MODEL", "mine")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "rolecall").mkdir()
    (tmp_path / "rolecall" / "config.yaml").write_text("llm: {model: mine}\n")
    loaded = load(caller(home))
    assert loaded.settings.llm.model is None
    assert loaded.credential().api_key is None


def test_an_empty_variable_counts_as_unset(home):
    environment = {"ROLECALL_LLM__MODEL": "", "ROLECALL_RETRY__MAX_ATTEMPTS": "  ", "ROLECALL_CONFIG": ""}
    assert load(caller(home, environment)).settings == Settings()


@pytest.mark.parametrize(
    "text", ["llm:\nretry: null\n", "", "# nothing yet\n", "---\n", "\ufeffllm:\n", "null\n"]
)
def test_a_file_that_sets_nothing_is_fine(home, user_file, text):
    user_file.write_text(text, "utf-8")
    assert load(caller(home)).settings == Settings()


def test_a_key_set_to_null_is_unset(home, user_file):
    user_file.write_text("llm: {model: null}\nretry: {max_attempts: }\n")
    loaded = load(caller(home))
    assert loaded.settings == Settings()
    assert loaded.origins["retry.max_attempts"] == "default"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("FALSE", False),
        ("1", True),
        ("0", False),
        ("yes", True),
        ("off", False),
        (" no ", False),
    ],
)
def test_booleans_in_variables(home, text, value):
    assert load(caller(home, {"ROLECALL_LLM__STREAM": text})).settings.llm.stream is value


def test_lists_and_maps_in_variables_are_json(home):
    environment = {
        "ROLECALL_CONTEXT__EXCLUDE": '["dist/**", "*.min.js"]',
        "ROLECALL_LLM__EXTRA_HEADERS": '{"X-Title": "Rolecall"}',
    }
    settings = load(caller(home, environment)).settings
    assert settings.context.exclude == ("dist/**", "*.min.js")
    assert settings.llm.extra_headers == {"X-Title": "Rolecall"}


def test_numbers_are_read_as_yaml_1_2_writes_them(home, user_file):
    user_file.write_text("retry: {max_delay_s: 3e1, initial_delay_s: 1.5}\nllm: {model: 2024-08-06}\n")
    settings = load(caller(home)).settings
    assert (settings.retry.max_delay_s, settings.retry.initial_delay_s) == (30.0, 1.5)
    assert settings.llm.model == "2024-08-06"


def test_xdg_config_home_moves_the_user_file(home, tmp_path):
    (tmp_path / "xdg" / "rolecall").mkdir(parents=True)
    (tmp_path / "xdg" / "rolecall" / "config.yaml").write_text("llm: {model: x}\n")
    loaded = load(caller(home, {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}))
    assert loaded.settings.llm.model == "x"


def test_rolecall_config_replaces_the_user_file_and_the_option_replaces_both(home, user_file, tmp_path):
    user_file.write_text("llm: {model: standard}\n")
    (tmp_path / "named.yaml").write_text("llm: {model: named}\n")
    (tmp_path / "option.yaml").write_text("retry: {jitter: none}\n")
    environment = {"ROLECALL_CONFIG": str(tmp_path / "named.yaml")}
    assert load(caller(home, environment)).settings.llm.model == "named"
    loaded = load(Caller({"HOME": str(home), **environment}, tmp_path, tmp_path / "option.yaml", {}))
    assert (loaded.settings.llm.model, loaded.settings.retry.jitter) == (None, "none")


def test_a_tilde_in_a_variable_is_the_callers_home(home):
    (home / "mine.yaml").write_text("llm: {model: mine}\n")
    assert load(caller(home, {"ROLECALL_CONFIG": "~/mine.yaml"})).settings.llm.model == "mine"


def test_the_null_device_is_an_empty_configuration(home, user_file):
    user_file.write_text("llm: {model: standard}\n")
    assert load(caller(home, {"ROLECALL_CONFIG": os.devnull})).settings.llm.model is None


def test_a_relative_rolecall_config_cannot_lead_into_the_workspace(home, workspace):
    (workspace / "rolecall.yaml").write_text("llm: {api_key_command: evil}\n")
    who = caller(home, {"ROLECALL_CONFIG": "rolecall.yaml"}, cwd=workspace)
    with pytest.raises(ConfigurationInvalid, match="relative path led into the workspace"):
        load(who, roots=[workspace])


def test_the_env_file_beside_the_user_file_is_read_and_the_real_environment_beats_it(home, user_file):
    env_file = user_file.parent / ".env"
    env_file.write_text(
        "# a comment\nexport ROLECALL_LLM__MODEL='from file'\nROLECALL_RETRY__JITTER=none\n"
        "ROLECALL_LLM__API_KEY=a${HOME}b\nUNRELATED=1\nROLECALL_APPLY__CONFIRM=\nROLECALL_LLM__STREAM\n"
    )
    loaded = load(caller(home, {"ROLECALL_RETRY__JITTER": "equal"}))
    assert loaded.settings.llm.model == "from file"
    assert loaded.origins["llm.model"] == f"{env_file} ROLECALL_LLM__MODEL"
    assert loaded.settings.retry.jitter == "equal"
    assert loaded.credential().api_key == "a${HOME}b"


def test_an_empty_variable_does_not_hide_the_env_file(home, user_file):
    (user_file.parent / ".env").write_text("ROLECALL_LLM__MODEL=from-file\n")
    assert load(caller(home, {"ROLECALL_LLM__MODEL": ""})).settings.llm.model == "from-file"


def test_rolecall_env_file_replaces_the_env_file(home, user_file, tmp_path):
    (user_file.parent / ".env").write_text("ROLECALL_LLM__MODEL=standard\n")
    (tmp_path / "my.env").write_text("ROLECALL_RETRY__JITTER=none\n")
    settings = load(caller(home, {"ROLECALL_ENV_FILE": str(tmp_path / "my.env")})).settings
    assert (settings.llm.model, settings.retry.jitter) == (None, "none")


def test_an_env_file_of_the_workspace_is_never_read(home, workspace):
    (workspace / ".env").write_text("ROLECALL_LLM__BASE_URL=http://evil.example/v1\nROLECALL_NONSENSE=1\n")
    (workspace / "my.yaml").write_text("llm: {model: mine}\n")
    link = home / "link.env"
    link.symlink_to(workspace / ".env")
    for environment, config in (
        ({}, None),
        ({}, workspace / "my.yaml"),
        ({"ROLECALL_CONFIG": str(workspace / "my.yaml")}, None),
        ({"ROLECALL_ENV_FILE": ".env"}, None),
        ({"ROLECALL_ENV_FILE": str(workspace / ".env")}, None),
        ({"ROLECALL_ENV_FILE": str(link)}, None),
    ):
        who = Caller({"HOME": str(home), **environment}, workspace, config, {})
        loaded = load(who, roots=[workspace])
        assert loaded.settings.llm.base_url is None
        assert bool(loaded.warnings) == ("ROLECALL_ENV_FILE" in environment)


def test_the_standard_env_file_is_read_even_where_the_home_folder_is_the_workspace(home, user_file):
    (user_file.parent / ".env").write_text("ROLECALL_LLM__MODEL=mine\n")
    assert load(caller(home), roots=[home]).settings.llm.model == "mine"


def test_where_things_are_cannot_be_said_in_an_env_file(home, user_file):
    (user_file.parent / ".env").write_text("ROLECALL_CONFIG=/tmp/other.yaml\n")
    loaded = load(caller(home))
    assert len(loaded.warnings) == 1
    assert "ROLECALL_CONFIG" in loaded.warnings[0]


def test_names_of_the_predecessor_are_fallbacks(home):
    environment = {
        "OPENAI_API_KEY": "sk-1",
        "OPENAI_API_BASE": "http://one.example/v1",
        "OPENAI_API_MODEL": "m",
        "OPENAI_TEMPERATURE": "0.7",
        "OPENAI_MAX_TOKENS": "1000",
        "LLM_MAX_RETRIES": "3",
        "LLM_RETRY_INITIAL_DELAY": "0.5",
        "LLM_RETRY_MAX_DELAY": "9",
        "LLM_CIRCUIT_BREAKER_THRESHOLD": "7",
        "LLM_CIRCUIT_BREAKER_TIMEOUT": "11",
        "LLM_CIRCUIT_BREAKER_HALF_OPEN": "2",
        "LLM_TIMEOUT": "33",
        "LLM_STREAM_RESPONSES": "false",
        "LOG_LEVEL": "WARNING",
    }
    loaded = load(caller(home, environment))
    settings = loaded.settings
    assert settings.llm.base_url == "http://one.example/v1"
    assert (settings.llm.model, settings.llm.temperature, settings.llm.max_output_tokens) == ("m", 0.7, 1000)
    assert (settings.llm.total_timeout_s, settings.llm.stream) == (33.0, False)
    assert (settings.retry.max_attempts, settings.retry.initial_delay_s, settings.retry.max_delay_s) == (
        4,
        0.5,
        9.0,
    )
    assert settings.breaker.failure_threshold == 7
    assert (settings.breaker.open_s, settings.breaker.recovery_attempts) == (11.0, 2)
    assert settings.logging.level == "warning"
    assert loaded.origins["llm.api_key"] == "environment OPENAI_API_KEY"
    assert loaded.credential().api_key == "sk-1"


def test_fallbacks_are_read_from_the_env_file_too(home, user_file):
    (user_file.parent / ".env").write_text("LLM_MAX_RETRIES=0\n")
    loaded = load(caller(home))
    assert loaded.settings.retry.max_attempts == 1
    assert loaded.origins["retry.max_attempts"] == f"{user_file.parent / '.env'} LLM_MAX_RETRIES"


def test_of_two_fallbacks_the_current_name_wins(home):
    environment = {"OPENAI_API_BASE": "http://old.example/v1", "OPENAI_BASE_URL": "http://new.example/v1"}
    assert load(caller(home, environment)).settings.llm.base_url == "http://new.example/v1"


def test_a_fallback_gives_way_to_whatever_is_rolecalls_own(home, user_file):
    user_file.write_text("llm: {model: from-file}\n")
    environment = {"OPENAI_API_MODEL": "old", "OPENAI_TEMPERATURE": "1", "ROLECALL_LLM__TEMPERATURE": "0"}
    settings = load(caller(home, environment)).settings
    assert (settings.llm.model, settings.llm.temperature) == ("from-file", 0)


def test_a_fault_in_a_fallback_that_is_not_used_is_nobodys_problem(home):
    environment = {"OPENAI_TEMPERATURE": "hot", "ROLECALL_LLM__TEMPERATURE": "0"}
    assert load(caller(home, environment)).settings.llm.temperature == 0


def test_another_programs_log_level_is_a_warning(home):
    loaded = load(caller(home, {"LOG_LEVEL": "trace"}))
    assert loaded.settings.logging.level == "info"
    assert "LOG_LEVEL" in loaded.warnings[0]


@pytest.mark.parametrize("name", ["ROLECALL_CONFIG", "ROLECALL_ENV_FILE", "ROLECALL_RUNTIME_DIR"])
def test_variables_that_are_no_settings_are_known(home, tmp_path, name):
    (tmp_path / "empty").write_text("")
    assert load(caller(home, {name: str(tmp_path / "empty")})).settings == Settings()


def test_variables_of_other_programs_are_ignored(home):
    assert (
        load(caller(home, {"ROLECALLER": "1", "rolecall_theme": "dark", "PATH": "/bin"})).settings
        == Settings()
    )


def test_problems_of_all_sources_are_reported_at_once(home, user_file):
    user_file.write_text("llm: {modle: x, temperature: 9}\n")
    (user_file.parent / ".env").write_text("ROLECALL_RETRY__JITTER=loud\n")
    inspection = inspect(caller(home, {"ROLECALL_NONSENSE": "1"}, pool__max_age_s=0))
    assert inspection.loaded is None
    assert len(inspection.problems) == 5


def test_the_log_file_is_absolute_wherever_the_process_runs(home, workspace):
    for text, path in (
        ("~/r.log", home / "r.log"),
        ("r.log", workspace / "r.log"),
        ("/var/r.log", "/var/r.log"),
    ):
        loaded = load(caller(home, {"ROLECALL_LOGGING__FILE": text}, cwd=workspace))
        assert str(loaded.settings.logging.file) == str(path)


def test_thousands_of_problems_stay_readable(home, user_file):
    user_file.write_text("llm:\n" + "".join(f"  setting_{number}: 1\n" for number in range(900)))
    with pytest.raises(ConfigurationInvalid) as caught:
        load(caller(home))
    assert len(caught.value.message.splitlines()) == 102
    assert caught.value.message.endswith("and 800 more")
