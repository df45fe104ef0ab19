"""Fixtures: an editor with the server as a real process, and a model endpoint at the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fakes.endpoint import FakeEndpoint
from fakes.lsp_clauses import is_shown, shown_by
from fakes.lsp_editor import Editor
from fakes.lsp_profiles import VSCODE
from fakes.lsp_wire import Wire


@pytest.fixture
async def endpoint() -> AsyncIterator[FakeEndpoint]:
    async with FakeEndpoint() as fake:
        yield fake


@pytest.fixture
async def edit_with(served, project, endpoint, request) -> AsyncIterator[Callable[..., Any]]:
    """Starts an editor: ``await edit_with(NEOVIM, options={...})``. The model is the fake endpoint.

    ``params`` are further members of ``initialize``, ``folder`` is another workspace than the project.
    """
    served.use(endpoint.base_url)
    editors: list[Editor] = []

    async def start(
        profile: dict[str, Any] = VSCODE, *, options: Any = None, folder: Path = project, **traits: Any
    ) -> Editor:
        params = traits.pop("params", {})
        editor = Editor(served, folder, profile, **traits)
        editors.append(editor)
        return await editor.start(options=options, **params)

    yield start
    for editor in editors:
        server = editor.client._server
        if server is not None and server.returncode is None:
            with suppress(Exception):
                await asyncio.wait_for(editor.stop(), 10)
            if server.returncode is None:
                server.kill()
                await server.wait()
        assert editor.model.problems == []
    if clauses := shown_by(request.node.name):
        wire = whole_wire(editors, endpoint)
        for clause in clauses:
            assert is_shown(clause, wire), f"the test did not show the clause {clause}"
            assert not is_shown(clause, wire.unanswered()), f"{clause} asks nothing of the server"


def whole_wire(editors: list[Editor], endpoint: FakeEndpoint) -> Wire:
    """What was said, as the editor heard it that the test is about: of several the last."""
    *others, last = (editor.wire for editor in editors)
    last.others, last.upstream = others, endpoint.completions
    return last
