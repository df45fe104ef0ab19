"""Fixtures: an editor with the server as a real process, and a model endpoint at the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest

from fakes.endpoint import FakeEndpoint
from fakes.lsp_clauses import CLAUSES, shown_by
from fakes.lsp_editor import Editor
from fakes.lsp_profiles import VSCODE


@pytest.fixture
async def endpoint() -> AsyncIterator[FakeEndpoint]:
    async with FakeEndpoint() as fake:
        yield fake


@pytest.fixture
async def edit_with(served, project, endpoint, request) -> AsyncIterator[Callable[..., Any]]:
    """Starts an editor: ``await edit_with(NEOVIM, options={...})``. The model is the fake endpoint."""
    served.use(endpoint.base_url)
    editors: list[Editor] = []

    async def start(profile: dict[str, Any] = VSCODE, *, options: Any = None, **traits: Any) -> Editor:
        editor = Editor(served, project, profile, **traits)
        editors.append(editor)
        return await editor.start(options=options)

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
    for clause in shown_by(request.function.__name__):
        # Of several editors the last is the one that the test is about.
        assert CLAUSES[clause].shows(editors[-1].wire), f"the test did not show the clause {clause}"
