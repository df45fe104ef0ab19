"""The check that all LSP tests share sees what is wrong with a message."""

from __future__ import annotations

import pytest

from fakes.lsp_model import ModelCheck

ACTION = {"title": "Fix it", "kind": "quickfix.rolecall", "data": {"role": "developer"}}
AT = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}


def problems(message, asked=None):
    check = ModelCheck()
    if asked is not None:
        check.sent({"id": 1, "method": asked})
    check.received({"jsonrpc": "2.0", **message})
    return check.problems


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ({"id": 1, "result": [ACTION, {"title": "x", "command": "c", "arguments": [{}]}]}, "textDocument/codeAction"),
        ({"id": 1, "result": None}, "shutdown"),
        ({"id": None, "error": {"code": -32700, "message": "Not a message."}}, None),
        ({"method": "$/progress", "params": {"token": 1, "value": {"kind": "begin", "title": "x"}}}, None),
        (
            {
                "id": "q",
                "method": "workspace/applyEdit",
                "params": {
                    "edit": {
                        "documentChanges": [
                            {"textDocument": {"uri": "file:///a", "version": None}, "edits": [{"range": AT, "newText": ""}]},
                            {"kind": "create", "uri": "file:///b", "options": {"overwrite": False}},
                        ]
                    }
                },
            },
            None,
        ),
    ],
)  # fmt: skip
def test_a_message_as_the_model_has_it_passes(message, asked):
    assert problems(message, asked) == []


@pytest.mark.parametrize(
    ("message", "asked", "words"),
    [
        ({"id": 1, "result": [{**ACTION, "titel": "x"}]}, "textDocument/codeAction", "result"),
        ({"id": 1, "result": {"capabilities": {"hoverProvider": "yes"}}}, "initialize", "hoverProvider"),
        ({"id": 1, "result": {"capabilities": {"hoverProvider": None}}}, "initialize", "should be absent"),
        ({"id": 1, "result": None}, "initialize", "is not InitializeResult"),
        ({"id": 1}, "shutdown", "neither result nor error"),
        ({"id": 2, "result": None}, "shutdown", "nothing that was asked"),
        ({"id": 1, "error": {"code": "x", "message": "y"}}, "shutdown", "error.code"),
        ({"method": "window/showMessage", "params": {"type": 9, "message": "x"}}, None, "params.type"),
        ({"method": "window/showMassage", "params": {}}, None, "no method of LSP"),
        (
            {"method": "$/progress", "params": {"token": 1, "value": {"kind": "report", "title": "x"}}},
            None,
            "value.title",
        ),
    ],
)
def test_what_the_model_does_not_have_is_named(message, asked, words):
    assert words in "\n".join(problems(message, asked))
