from __future__ import annotations

import pytest

from rolecall.errors import ConfigurationInvalid
from rolecall_server.mcp.arguments import LONGEST_S, Arguments

KNOWN = ("instruction", "files", "wait_s", "confirm")


def arguments(**given):
    return Arguments("developer", given, KNOWN)


def test_an_unknown_argument_is_named_with_the_nearest_and_all_allowed():
    with pytest.raises(ConfigurationInvalid) as raised:
        arguments(instructions="x")
    assert raised.value.message == 'developer has no argument "instructions".'
    assert raised.value.hint == "Did you mean 'instruction'? It takes: instruction, files, wait_s, confirm."


def test_a_missing_required_argument_is_named():
    with pytest.raises(ConfigurationInvalid, match="developer needs the argument 'instruction'"):
        arguments().required("instruction")


def test_null_counts_as_left_out():
    given = arguments(instruction=None, files=None, wait_s=None, confirm=None)
    assert (
        given.text("instruction"),
        given.texts("files"),
        given.seconds("wait_s"),
        given.flag("confirm"),
    ) == (
        "",
        None,
        0.0,
        False,
    )


@pytest.mark.parametrize("value", [7, True, ["a"], {"a": 1}])
def test_a_text_of_another_type_is_shown_with_what_is_allowed(value):
    with pytest.raises(ConfigurationInvalid) as raised:
        arguments(instruction=value).required("instruction")
    assert "'instruction'" in raised.value.message
    assert raised.value.hint == "It must be a string."


@pytest.mark.parametrize("value", ["src/a.py", [1], [""], ["a", None], {"a": 1}, 5])
def test_files_must_be_a_list_of_non_empty_strings(value):
    with pytest.raises(ConfigurationInvalid, match="'files'"):
        arguments(files=value).texts("files")


@pytest.mark.parametrize("value", [-1, "5", True, float("nan"), float("inf"), []])
def test_seconds_must_be_a_number_that_is_not_negative(value):
    with pytest.raises(ConfigurationInvalid, match="'wait_s'"):
        arguments(wait_s=value).seconds("wait_s")


@pytest.mark.parametrize("value", [1, 0, "true", []])
def test_a_flag_must_be_a_boolean(value):
    with pytest.raises(ConfigurationInvalid, match="'confirm'"):
        arguments(confirm=value).flag("confirm")


def test_a_long_wrong_value_is_cut_in_the_message():
    with pytest.raises(ConfigurationInvalid) as raised:
        arguments(files="x" * 10_000).texts("files")
    assert len(raised.value.message) < 200


def test_seconds_beyond_any_float_are_a_very_long_wait():
    assert arguments(wait_s=10**400).seconds("wait_s") == LONGEST_S


def test_paths_to_pick_are_shown_without_lines():
    with pytest.raises(ConfigurationInvalid) as raised:
        arguments(files="a.py").picked("files")
    assert raised.value.hint == 'It must be a list of non-empty strings, such as ["src/app.py"].'
