"""The one way to write: policy, present text and consent are checked at the moment of writing."""

from __future__ import annotations

from pathlib import Path

import pytest

from rolecall import applying
from rolecall.caller import Caller
from rolecall.errors import EditConflict, EditError, PathRefused
from rolecall.proposal import Proposal
from rolecall.session import Session
from rolecall.workspace.disk import DiskApplier

EDIT = '<edit path="{path}">\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n</edit>\n'
FILE = '<file path="{path}">\n{body}\n</file>\n'


@pytest.fixture
def session(tmp_path: Path, project: Path) -> Session:
    return Session(Caller({"HOME": str(tmp_path), "ROLECALL_LLM__PROVIDER": "offline"}, project))


def proposal_of(session: Session, *blocks: str) -> Proposal:
    proposal = Proposal(session)
    proposal.feed("".join(blocks) + f'<done files="{len(blocks)}"/>\n')
    proposal.close()
    return proposal


def edit(old: str, new: str, path: str = "src/pricing.py") -> str:
    return EDIT.format(path=path, old=old, new=new)


async def write(session: Session, proposal: Proposal, *, confirmed: bool = False, **options) -> bool:
    applier = DiskApplier(session, confirmed=confirmed)
    consent = applying.Consent(explicit=True)
    return await applying.apply(session, proposal.changes, applier, consent, task_id="t", **options)


def text(project: Path, path: str = "src/pricing.py") -> str:
    return (project / path).read_text()


async def test_an_edit_moves_with_text_that_was_inserted_above_it(session, project):
    proposal = proposal_of(session, edit("LIMIT = 100", "LIMIT = 200"))
    (project / "src/pricing.py").write_text("# new first line\n" + text(project))
    assert await write(session, proposal)
    assert text(project).startswith("# new first line\n")
    assert "LIMIT = 200" in text(project)


async def test_an_edit_of_lines_that_changed_meanwhile_is_a_conflict(session, project):
    proposal = proposal_of(session, FILE.format(path="new.py", body="x"), edit("LIMIT = 100", "LIMIT = 200"))
    changed = text(project).replace("LIMIT = 100", "LIMIT = 150")
    (project / "src/pricing.py").write_text(changed)
    with pytest.raises(EditConflict, match=r"src/pricing\.py"):
        await write(session, proposal)
    assert text(project) == changed
    assert not (project / "new.py").exists()
    assert proposal.changes.changes[1].state == "conflict"


async def test_a_new_file_that_came_to_exist_meanwhile_is_a_conflict(session, project):
    proposal = proposal_of(session, FILE.format(path="new.py", body="x"))
    (project / "new.py").write_text("mine\n")
    with pytest.raises(EditConflict):
        await write(session, proposal)
    assert text(project, "new.py") == "mine\n"


async def test_a_file_deleted_meanwhile_is_a_conflict(session, project):
    proposal = proposal_of(session, edit("LIMIT = 100", "LIMIT = 200"))
    (project / "src/pricing.py").unlink()
    with pytest.raises(EditConflict):
        await write(session, proposal)
    assert not (project / "src/pricing.py").exists()


async def test_a_link_planted_meanwhile_is_refused(session, project, tmp_path):
    proposal = proposal_of(session, FILE.format(path="docs/a.md", body="x"))
    (tmp_path / "elsewhere").mkdir()
    (project / "docs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EditError):
        await write(session, proposal)
    assert not list((tmp_path / "elsewhere").iterdir())


async def test_picked_paths_are_applied_and_the_others_stay(session, project):
    proposal = proposal_of(session, FILE.format(path="a.py", body="a"), FILE.format(path="b.py", body="b"))
    assert await write(session, proposal, paths=["b.py"])
    assert [change.state for change in proposal.changes.changes] == ["proposed", "applied"]
    assert not (project / "a.py").exists()


async def test_a_path_the_answer_does_not_have_is_named(session):
    proposal = proposal_of(session, FILE.format(path="a.py", body="a"))
    with pytest.raises(PathRefused, match=r"nope\.py"):
        await write(session, proposal, paths=["nope.py"])


async def test_a_refused_path_refuses_the_set_but_not_the_picked_rest(session, project):
    proposal = proposal_of(session, FILE.format(path="a.py", body="a"), FILE.format(path="../b.py", body="b"))
    with pytest.raises(PathRefused):
        await write(session, proposal)
    assert not (project / "a.py").exists()
    assert await write(session, proposal, paths=["a.py"])
    assert text(project, "a.py") == "a\n"


async def test_applying_twice_writes_once(session, project):
    proposal = proposal_of(session, edit("LIMIT = 100", "LIMIT = 200"))
    assert await write(session, proposal)
    before = (project / "src/pricing.py").stat().st_mtime_ns
    await write(session, proposal)
    assert (project / "src/pricing.py").stat().st_mtime_ns == before


async def test_a_protected_name_needs_the_confirmation(session, project):
    proposal = proposal_of(session, FILE.format(path=".vscode/tasks.json", body="{}"))
    with pytest.raises(PathRefused, match="confirmation"):
        await write(session, proposal)
    assert proposal.changes.changes[0].state == "needs_confirmation"
    assert await write(session, proposal, confirmed=True)
    assert (project / ".vscode/tasks.json").exists()


class Interrupted(DiskApplier):
    """Another program saves the file just before it is written, once for each of ``saves``."""

    def __init__(self, session, saves):
        super().__init__(session)
        object.__setattr__(self, "saves", saves)

    async def write(self, changes, task_id):
        if self.saves:
            path = self.session.workspace.locate("src/pricing.py")
            path.write_text(self.saves.pop(0)(path.read_text()))
        await DiskApplier.write(self, changes, task_id)


async def apply_interrupted(session, proposal, *saves):
    applier, consent = Interrupted(session, list(saves)), applying.Consent(explicit=True)
    return await applying.apply(session, proposal.changes, applier, consent, task_id="t")


async def test_an_edit_is_brought_onto_what_others_save_at_the_last_moment(session, project):
    proposal = proposal_of(session, edit("LIMIT = 100", "LIMIT = 200"))
    saves = [lambda text: "# one\n" + text, lambda text: "# two\n" + text]
    assert await apply_interrupted(session, proposal, *saves)
    assert text(project).startswith("# two\n# one\n")
    assert "LIMIT = 200" in text(project)
    assert proposal.changes.changes[0].state == "applied"


async def test_a_last_moment_save_of_the_same_lines_is_a_conflict(session, project):
    proposal = proposal_of(session, edit("LIMIT = 100", "LIMIT = 200"))
    with pytest.raises(EditConflict):
        await apply_interrupted(session, proposal, lambda text: text.replace("100", "150"))
    assert "LIMIT = 150" in text(project)
    assert proposal.changes.changes[0].state == "conflict"


async def test_a_cut_block_of_several_roots_belongs_to_the_root_of_the_target(tmp_path, project):
    (tmp_path / "other").mkdir()
    caller = Caller({"HOME": str(tmp_path), "ROLECALL_LLM__PROVIDER": "offline"}, project)
    session = Session(caller, roots=(tmp_path / "other", project))
    proposal = Proposal(session, "project/src/pricing.py")
    proposal.feed('<file path="src/pricing.py">\nLIMIT')
    proposal.close()
    (change,) = proposal.changes.changes
    assert (change.path, change.action, change.state) == ("project/src/pricing.py", "modify", "incomplete")


async def test_two_spellings_of_one_path_are_one_file(session, project):
    proposal = proposal_of(
        session, edit("LIMIT = 100", "LIMIT = 150", "./src/pricing.py"), edit("LIMIT = 150", "LIMIT = 200")
    )
    assert await write(session, proposal)
    assert "LIMIT = 200" in text(project)


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        (b"\xef\xbb\xbfa\r\nb\r\n", "b", "c", b"\xef\xbb\xbfa\r\nc\r\n"),
        (b"a\rb\rc", "b", "x\ny", b"a\rx\ry\rc"),
        (b"a\r\nb\nc\r\n", "b", "x", b"a\r\nx\nc\r\n"),
        (b"a\nb", "b", "c", b"a\nc"),
    ],
    ids=["mark and CRLF", "CR alone", "mixed", "no final newline"],
)
async def test_a_file_keeps_its_own_form_on_disk(session, project, before, old, new, after):
    (project / "x.txt").write_bytes(before)
    assert await write(session, proposal_of(session, edit(old, new, "x.txt")))
    assert (project / "x.txt").read_bytes() == after


async def test_moves_onto_a_name_that_another_move_leaves_are_a_conflict_and_change_nothing(session, project):
    (project / "a.txt").write_text("a\n")
    (project / "b.txt").write_text("b\n")
    moves = ("a.txt", "tmp.txt"), ("b.txt", "a.txt"), ("tmp.txt", "b.txt")
    proposal = proposal_of(session, *(f'<move from="{old}" to="{new}"/>\n' for old, new in moves))
    with pytest.raises(EditConflict, match="exists already"):
        await write(session, proposal)
    assert ((project / "a.txt").read_text(), (project / "b.txt").read_text()) == ("a\n", "b\n")
    assert not (project / "tmp.txt").exists()


async def test_a_rename_that_changes_the_case_alone_is_refused_and_changes_nothing(session, project):
    (project / "Readme.md").write_text("x\n")
    proposal = proposal_of(session, '<move from="Readme.md" to="README.md"/>\n')
    with pytest.raises(PathRefused, match="case"):
        await write(session, proposal)
    assert (project / "Readme.md").read_text() == "x\n"
