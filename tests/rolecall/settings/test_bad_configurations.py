"""Forty bad configurations and what a newcomer is told about each, word for word.

Every file in ``bad/`` holds the sources, then the whole message. After a change of wording run this file as a
script (``python tests/rolecall/settings/test_bad_configurations.py``): it writes the messages anew. Read
each difference as somebody would who has never seen Rolecall: is it clear what to change, and where?
"""

import json
import os
import re
import tempfile
from pathlib import Path

import pytest

from rolecall.caller import Caller
from rolecall.errors import ConfigurationInvalid
from rolecall.settings import load

CASES = sorted((Path(__file__).parent / "bad").glob("*.txt"))
HOME = "/home/ann"


def sections(case: Path) -> dict[str, str]:
    parts = re.split(r"^== (.+)\n", case.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def caller(given: dict[str, str], home: Path) -> Caller:
    folder = home / ".config" / "rolecall"
    folder.mkdir(parents=True)
    user_file = folder / "config.yaml"
    for name, text in given.items():
        match name:
            case "user file":
                user_file.write_text(text, "utf-8")
            case "user file, escaped":
                user_file.write_bytes(text.strip().encode().decode("unicode_escape").encode("latin-1"))
            case "user file, a folder":
                user_file.mkdir()
            case "user file, a pipe":
                os.mkfifo(user_file)
            case "user file, repeated":
                user_file.write_text(text * 100_000, "utf-8")
            case "env file":
                (folder / ".env").write_text(text, "utf-8")
    environment = dict(line.split("=", 1) for line in given.get("environment", "").splitlines())
    environment = {name: value.replace(HOME, str(home)) for name, value in environment.items()}
    config = home / given["--config"].strip() if "--config" in given else None
    overrides = json.loads(given.get("command line", "{}"))
    return Caller({"HOME": str(home), **environment}, home, config, overrides)


def message(case: Path, home: Path) -> str:
    given = sections(case)
    with pytest.raises(ConfigurationInvalid) as caught:
        load(caller(given, home))
    return f"{caught.value.message}\n{caught.value.hint}\n".replace(str(home), HOME)


def test_there_are_forty_cases():
    assert len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_a_bad_configuration_is_explained_word_for_word(case, tmp_path):
    assert message(case, tmp_path) == sections(case)["message"]


def write_anew() -> None:
    for case in CASES:
        with tempfile.TemporaryDirectory() as home:
            sources = case.read_text("utf-8").partition("== message\n")[0]
            case.write_text(f"{sources}== message\n{message(case, Path(home))}", "utf-8")


if __name__ == "__main__":
    write_anew()
