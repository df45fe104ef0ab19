"""What every editor is put before: a file with a character beyond the BMP, and a model that writes to a script."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fakes.endpoint import DONE, FakeEndpoint, Reply, Until, chunk, stream, usage_event

TARGET = "src/pricing.py"
BEFORE = """\
LIMIT = 100  # 𝛑𝛑 🦆 per cent


def discounted(price: int, percent: int) -> int:
    return price - price * percent // LIMIT


print("🦆", discounted(200, 10))  # 🦆 end
"""
AFTER = BEFORE.replace("= 100", "= 250").replace("🦆 end", "🦆🦆 end")
OTHER = "pyproject.toml"
OTHER_BEFORE = '[project]\nname = "pricing"\nversion = "1"\n'

FIRST_WORDS = "I raise the limit"
EDIT = f"""\
 and mark the end.

<edit path="{TARGET}">
<<<<<<< SEARCH
LIMIT = 100  # 𝛑𝛑 🦆 per cent
=======
LIMIT = 250  # 𝛑𝛑 🦆 per cent
>>>>>>> REPLACE
<<<<<<< SEARCH
print("🦆", discounted(200, 10))  # 🦆 end
=======
print("🦆", discounted(200, 10))  # 🦆🦆 end
>>>>>>> REPLACE
</edit>
<done files="1"/>
"""
EDIT_OF_ANOTHER = f"""\
 in the next version.

<edit path="{OTHER}">
<<<<<<< SEARCH
version = "1"
=======
version = "2"
>>>>>>> REPLACE
</edit>
<done files="1"/>
"""
NEW_FILE = """\
 and test it.

<file path="tests/test_pricing.py">
def test_limit():
    assert True  # 🦆
</file>
<done files="1"/>
"""
PROSE = ": nothing has to change. 🦆\n"


class Model:
    """The scripted model: it says its first words, and the rest when it is let.

    Attributes:
        endpoint: what it is reached by.
    """

    def __init__(self, endpoint: FakeEndpoint, loop: asyncio.AbstractEventLoop) -> None:
        self.endpoint, self._loop = endpoint, loop
        self._going_on: list[asyncio.Event] = []

    def will_say(self, rest: str) -> None:
        """Script the next answer; :meth:`go_on` lets it past its first words."""
        event = asyncio.Event()
        self._going_on.append(event)
        self.endpoint.replies.append(_script(rest, event))

    def go_on(self) -> None:
        """Let all answers be finished."""
        for event in self._going_on:
            self._loop.call_soon_threadsafe(event.set)

    @property
    def asked(self) -> int:
        """How often it was asked."""
        return len(self.endpoint.completions)

    @property
    def was_hung_up_on(self) -> bool:
        """Whether the last request was cancelled."""
        return self.endpoint.completions[-1].disconnected.is_set()


def _script(rest: str, event: asyncio.Event) -> Reply:
    words = [chunk(word) for word in rest.splitlines(keepends=True)]
    return stream(chunk(FIRST_WORDS), Until(event), *words, chunk(finish="stop"), usage_event(), DONE)


@contextmanager
def scripted_model() -> Iterator[Model]:
    """A model on a loop of its own."""
    started = threading.Event()
    box: dict[str, Any] = {}

    async def serve() -> None:
        async with FakeEndpoint() as endpoint:
            box.update(model=Model(endpoint, asyncio.get_running_loop()), stop=asyncio.Event())
            started.set()
            await box["stop"].wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    model: Model = box["model"]
    try:
        yield model
    finally:
        model._loop.call_soon_threadsafe(box["stop"].set)
        thread.join(10)


def write_project(folder: Path) -> None:
    """The project the editors work in."""
    (folder / "src").mkdir(parents=True)
    (folder / TARGET).write_text(BEFORE)
    (folder / OTHER).write_text(OTHER_BEFORE)
