"""The settings that the VS Code extension offers are the product's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rolecall._version import __version__
from rolecall.caller import Caller
from rolecall.settings.loading import load

EXTENSION = Path(__file__).parents[1] / "editors" / "vscode"
MANIFEST: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text())
SETTINGS: dict[str, dict[str, Any]] = {
    name.removeprefix("rolecall."): setting
    for name, setting in MANIFEST["contributes"]["configuration"]["properties"].items()
    if name.split(".")[1] not in {"server", "ui", "trace"}
}


def sample(setting: dict[str, Any]) -> Any:
    """A value that the extension's user may set."""
    if setting["type"] == "array":
        return ["*.lock"]
    if setting["default"] is None:
        return max(1, setting["minimum"])
    return setting["default"] or ("http://127.0.0.1:9/v1" if setting["type"] == "string" else False)


VALUES = {key: sample(setting) for key, setting in SETTINGS.items()}


def test_the_extension_has_the_version_of_the_server_it_carries():
    assert MANIFEST["version"] == __version__


def test_what_the_user_sets_is_taken_from_the_environment(tmp_path):
    environment = {
        f"ROLECALL_{key.replace('.', '__').upper()}": value if isinstance(value, str) else json.dumps(value)
        for key, value in VALUES.items()
    }
    loaded = load(Caller({"HOME": str(tmp_path), **environment}, tmp_path))
    assert {key for key in VALUES if not loaded.origins[key].startswith("environment")} == set()
    assert loaded.warnings == ()


def test_what_a_workspace_can_set_is_taken_from_the_editors_section(tmp_path):
    section: dict[str, dict[str, Any]] = {}
    for key in (key for key, setting in SETTINGS.items() if setting["scope"] != "machine"):
        group, name = key.split(".")
        section.setdefault(group, {})[name] = VALUES[key]
    loaded = load(Caller({"HOME": str(tmp_path)}, tmp_path), editor=section)
    assert [warning for warning in loaded.warnings if "only your own" in warning] == []


def test_what_only_the_user_can_set_is_a_setting_of_the_machine(tmp_path):
    for key, setting in SETTINGS.items():
        group, name = key.split(".")
        loaded = load(Caller({"HOME": str(tmp_path)}, tmp_path), editor={group: {name: VALUES[key]}})
        refused = any("only your own" in warning for warning in loaded.warnings)
        assert refused == (setting["scope"] == "machine"), key


def test_defaults_shown_by_the_editor_are_the_products_own(tmp_path):
    settings = load(Caller({"HOME": str(tmp_path)}, tmp_path)).settings
    for key, setting in SETTINGS.items():
        group, name = key.split(".")
        if setting["default"] not in (None, ""):
            value = getattr(getattr(settings, group), name)
            assert (list(value) if isinstance(value, tuple | frozenset) else value) == setting["default"], key
