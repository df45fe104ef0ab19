"""The extension's own checks, and what its package holds."""

from __future__ import annotations

import zipfile

import pytest

from e2e.vscode.house import VSIX
from e2e.vscode.install import EXTENSION, npm

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.mark.parametrize("check", ["lint", "test"])
def test_the_extensions_own_checks_pass(check):
    npm(EXTENSION, "run", check)


def test_the_package_holds_what_its_users_need_and_nothing_else():
    with zipfile.ZipFile(VSIX) as package:
        names = {name.removeprefix("extension/") for name in package.namelist()}
    assert {"LICENSE.txt", "readme.md", "changelog.md", "images/icon.png", "out/extension.js"} <= names
    assert [name for name in names if name.endswith(".whl")]
    assert not [name for name in names if name.startswith(("src/", "test/", "scripts/", "node_modules/"))]


def test_no_address_of_an_index_is_recorded_in_the_lock():
    assert '"resolved"' not in (EXTENSION / "package-lock.json").read_text()
