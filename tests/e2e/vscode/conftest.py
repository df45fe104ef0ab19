"""A window of VS Code on a small project, and a model that says what a test wants it to say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.vscode.house import House
from e2e.vscode.shop import Model, machine, project_in
from e2e.vscode.workbench import Workbench
from fakes.endpoint import FakeEndpoint, endpoint_in_thread

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
SIZE = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[FakeEndpoint]:
    with endpoint_in_thread() as fake:
        yield fake


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    found = [path for path in CHROMIUM if Path(path).exists()]
    assert found, "there is no Chromium: `make e2e` installs it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found[0])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def house(endpoint: FakeEndpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with House(tmp_path_factory.mktemp("vscode"), machine(endpoint)) as started:
        yield started


@pytest.fixture
def model(endpoint: FakeEndpoint) -> Iterator[Model]:
    asked = Model(endpoint)
    yield asked
    asked.forget()


@pytest.fixture
def look_into(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens windows; what was last on their screens is kept beside what else a test leaves."""
    windows: list[Workbench] = []

    def look(house: Any, project: Path | None = None) -> Workbench:
        project = project or project_in(tmp_path / "shop")
        page = browser.new_context(viewport=SIZE).new_page()
        windows.append(Workbench(page, project))
        page.goto(house.address(project))
        return windows[-1]

    yield look
    for number, window in enumerate(windows):
        window.screenshot(tmp_path / f"last-{number}.png")
        window.page.context.close()


@pytest.fixture
def window(look_into: Callable[..., Any], house: Any, model: Model) -> Any:
    """A window on the project, the server running."""
    opened = look_into(house)
    opened.await_server()
    return opened
