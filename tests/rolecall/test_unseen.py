"""Whole texts for files that the model has not seen: nothing is lost of which it could not know."""

from __future__ import annotations

import pytest

from fakes.endpoint import FakeEndpoint, answer
from rolecall.caller import Caller
from rolecall.runtime import Runtime
from rolecall.session import Session
from rolecall.task import FileRef, TaskRequest
from rolecall.workspace.disk import DiskApplier

ASK = TaskRequest("developer", instruction="do it", apply="auto")
WHOLE = '<file path="notes.md">\nfrom the model\n</file>\n<done files="1"/>\n'


@pytest.fixture
async def asked(tmp_path, project):
    runtime = Runtime()

    async def run(reply, request=ASK, **settings):
        async with FakeEndpoint(default=reply) as endpoint:
            environment = {
                "HOME": str(tmp_path),
                "ROLECALL_LLM__PROVIDER": "openai",
                "ROLECALL_LLM__BASE_URL": endpoint.base_url,
                "ROLECALL_LLM__MODEL": "fake-model",
                **settings,
            }
            session = Session(Caller(environment, project))
            task, _ = runtime.tasks.start(session, request, DiskApplier(session))
            return await task.wait()

    yield run
    await runtime.aclose()


def while_asked(file, text, reply=WHOLE):
    """An endpoint during whose answer somebody saves a file."""

    def save(_):
        file.write_text(text)
        return answer(reply)

    return save


async def test_a_file_made_while_the_model_wrote_is_not_overwritten(asked, project):
    result = await asked(while_asked(project / "notes.md", "mine\n"))
    assert (project / "notes.md").read_text() == "mine\n"
    (file,) = result.files
    assert (file.state, result.error.code) == ("conflict", "edit_conflict")
    assert "notes.md" in result.error.message
    assert "came to exist" in file.reason
    assert result.attempts == 1


async def test_an_unseen_file_changed_while_the_model_wrote_is_not_overwritten(asked, project):
    (project / "notes.md").write_text("old\n")
    result = await asked(while_asked(project / "notes.md", "mine\n"))
    assert (project / "notes.md").read_text() == "mine\n"
    assert result.error.code == "edit_conflict"


async def test_an_unseen_file_made_while_the_model_wrote_is_not_deleted(asked, project):
    result = await asked(while_asked(project / "notes.md", "mine\n", '<delete path="notes.md"/>\n'))
    assert (project / "notes.md").read_text() == "mine\n"
    assert result.error.code == "edit_conflict"


async def test_an_edit_that_fits_a_file_made_meanwhile_is_applied(asked, project):
    edit = '<edit path="notes.md">\n<<<<<<< SEARCH\nmine\n=======\nours\n>>>>>>> REPLACE\n</edit>\n'
    result = await asked(while_asked(project / "notes.md", "mine\n", edit))
    assert result.applied
    assert (project / "notes.md").read_text() == "ours\n"


async def test_an_empty_file_made_meanwhile_may_be_filled(asked, project):
    assert (await asked(while_asked(project / "notes.md", ""))).applied


async def test_a_file_that_stood_there_before_is_written_as_asked(asked, project):
    (project / "notes.md").write_text("old\n")
    result = await asked(answer(WHOLE))
    assert result.applied
    assert (project / "notes.md").read_text() == "from the model\n"


async def test_a_file_of_which_the_model_saw_a_part_needs_a_confirmation_to_be_replaced(asked, project):
    old = "".join(f"line {n} of the notes\n" for n in range(4_000))
    (project / "notes.md").write_text(old)
    request = TaskRequest("developer", instruction="do it", target=FileRef("notes.md"), apply="auto")
    result = await asked(answer(WHOLE), request, ROLECALL_CONTEXT__MAX_TOTAL_TOKENS="6000")
    assert [omitted.path for omitted in result.omitted_context].count("notes.md") == 1
    assert (project / "notes.md").read_text() == old
    assert (result.files[0].state, result.error.code) == ("needs_confirmation", "path_refused")
    assert "did not get to see all" in result.files[0].reason


async def test_a_file_that_the_model_saw_whole_is_replaced(asked, project):
    (project / "notes.md").write_text("old\n")
    request = TaskRequest("developer", instruction="do it", target=FileRef("notes.md"), apply="auto")
    assert (await asked(answer(WHOLE), request)).applied
