"""config.yaml, .env.example and the JSON Schema say what the model says."""

import io
import json
import re
import subprocess
import sys

import jsonschema
import pytest
import yaml
from dotenv import dotenv_values

from rolecall.caller import Caller
from rolecall.settings import Settings, catalogue, generate, load
from rolecall.settings.schema import json_schema
from rolecall.settings.variables import FALLBACKS, NOT_SETTINGS, is_read, variable

LOAD = """\
from pathlib import Path
from rolecall.caller import Caller
from rolecall.settings import load
load(Caller({"HOME": "/nonexistent", "OPENAI_API_KEY": "x"}, Path("/nonexistent")))
"""


@pytest.mark.parametrize("path", ["config.yaml", ".env.example"])
def test_the_file_in_the_repository_is_what_the_model_generates(path):
    expected = generate.files(generate.ROOT)[generate.ROOT / path]
    assert (generate.ROOT / path).read_text("utf-8") == expected, "run `make generate`"


def uncommented(text):
    return re.sub(r"^  #(\w+: )", r"  \1", text, flags=re.MULTILINE)


def test_the_configuration_file_holds_as_it_is_and_uncommented(tmp_path):
    for text in (generate.config_yaml(), uncommented(generate.config_yaml())):
        (tmp_path / "c.yaml").write_text(text, "utf-8")
        loaded = load(Caller({"HOME": str(tmp_path)}, tmp_path, tmp_path / "c.yaml"))
        assert loaded.settings == Settings()


def test_the_configuration_file_names_every_setting():
    tree = yaml.safe_load(uncommented(generate.config_yaml()))
    assert {f"{group}.{name}" for group, names in tree.items() for name in names} == set(catalogue.settings())


def test_the_example_of_variables_lists_all_and_holds_uncommented(tmp_path):
    text = re.sub(r"^#(\w+=)", r"\1", generate.env_example(), flags=re.MULTILINE)
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    settings = {variable(path) for path in catalogue.settings()}
    assert set(values) == settings | set(FALLBACKS) | set(NOT_SETTINGS)
    assert len(settings) > 50
    loaded = load(
        Caller({"HOME": str(tmp_path), **{name: value or "" for name, value in values.items()}}, tmp_path)
    )
    assert loaded.settings == Settings()


def test_every_setting_says_what_it_does_and_what_it_may_be():
    for setting in catalogue.settings().values():
        assert setting.description.endswith(".")
        assert setting.allowed


def test_a_stale_file_is_found_and_mended(tmp_path, capsys):
    (tmp_path / "config.yaml").write_text("old")
    assert generate.main(["--check"], tmp_path) == 1
    assert "config.yaml" in capsys.readouterr().err
    assert (tmp_path / "config.yaml").read_text() == "old"
    assert generate.main([], tmp_path) == 0
    assert generate.main(["--check"], tmp_path) == 0


def test_the_schema_takes_the_configuration_file_and_refuses_what_the_loader_refuses():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(yaml.safe_load(generate.config_yaml()))
    assert validator.is_valid(yaml.safe_load(uncommented(generate.config_yaml())))
    for wrong in (
        {"llm": {"modle": "x"}},
        {"lmm": {}},
        {"llm": {"temperature": 3}},
        {"retry": {"jitter": "ful"}},
    ):
        assert not validator.is_valid(wrong)
    json.dumps(schema)


def test_the_variables_a_relay_hands_on():
    assert all(is_read(variable(path)) for path in catalogue.settings())
    assert all(is_read(name) for name in (*FALLBACKS, *NOT_SETTINGS, "ROLECALL_NONSENSE"))
    assert not is_read("HOME")


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import rolecall.settings.variables", "pydantic yaml structlog asyncio dotenv subprocess"),
        ("import rolecall.settings", "pydantic yaml"),
        ("import rolecall_server.config_command", "pydantic yaml structlog asyncio"),
        (LOAD, "yaml dotenv subprocess asyncio structlog pydantic_settings"),
    ],
)
def test_nothing_is_imported_before_it_is_needed(code, unwanted):
    root = generate.ROOT
    program = f"import sys; sys.path[:0] = [{str(root / 'agents')!r}, {str(root / 'server')!r}]\n{code}\n"
    program += f"print([name for name in {unwanted.split()!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
