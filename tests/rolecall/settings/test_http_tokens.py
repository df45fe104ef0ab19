"""What is wrong with which entry of `mcp.http_tokens` is said, and never what stands in it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from rolecall.caller import Caller
from rolecall.errors import ConfigurationInvalid
from rolecall.settings import load

HASH = hashlib.sha256(b"hunter2").hexdigest()
FORMS = '"TOKEN", "name=TOKEN" or "name=sha256:HEX"'


def read(folder: Path, tokens: object):
    environment = {"HOME": str(folder), "ROLECALL_MCP__HTTP_TOKENS": json.dumps(tokens)}
    return load(Caller(environment, folder)).settings.mcp.http_tokens


def refused(folder: Path, tokens: object) -> str:
    with pytest.raises(ConfigurationInvalid) as caught:
        read(folder, tokens)
    return caught.value.message


@pytest.mark.parametrize(
    ("tokens", "parts"),
    [
        (["hunter2", ""], ["entry 2: it is empty"]),
        (["hunter2", "  "], ["entry 2: it is empty"]),
        (["hunter 2"], ["entry 1: it holds a space"]),
        (["ann='hunter2'"], ["entry 1: it has quotation marks"]),
        (["ann=hunter2", "b/c+=hunter2"], ["entry 2: before = stands a name", "needs a name, name=TOKEN"]),
        ([f"ann=sha256:{HASH[:-1]}"], ["entry 1: sha256: must be followed by 64 hex", "(63 characters"]),
        ([f"ann=sha256:{HASH[:-1]}x"], ["entry 1: sha256: must be followed by 64 hex"]),
        ([f"sha256:{HASH}"], ["entry 1: a hash needs a name before it"]),
        (["ann=hunter2", "ben=x", "ann=hunter3"], ["entries 1 and 3 have the same name"]),
        (["hunter2", 7], ["entry 2 is of another type"]),
        ([{"ann": "hunter2"}], ["entry 1 is of another type"]),
        (["", "hunter2", "hunter 2"], ["entry 1: it is empty", "entry 3: it holds a space"]),
    ],
)
def test_each_wrong_entry_is_named_by_its_number_with_the_right_forms(tmp_path, tokens, parts) -> None:
    message = refused(tmp_path, tokens)
    for part in ["mcp.http_tokens", FORMS, *parts]:
        assert part in message
    for secret in ("hunter", HASH[:20], "b/c", "ann"):
        assert secret not in message


@pytest.mark.parametrize(
    "token", ["hunter2", "ann=hunter2", f"ann=sha256:{HASH}", f"ann=sha256:{HASH.upper()}", "aHVudGVyMg=="]
)
def test_the_forms_of_the_page_are_taken(tmp_path, token) -> None:
    assert [one.get_secret_value() for one in read(tmp_path, [token])] == [token]
