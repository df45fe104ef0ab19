from __future__ import annotations

from corpus.in_memory import allow_all, document, parse
from rolecall.answer import ChangeSet, propose, repair_request, repaired
from rolecall.workspace.policy import Verdict


def edit(path: str, *pairs: tuple[str, str]) -> str:
    blocks = "".join(f"<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n" for old, new in pairs)
    return f'<edit path="{path}">\n{blocks}</edit>\n'


BEFORE = {"a.py": document("a.py", "1\n2\n3\n"), "b.py": document("b.py", "b\n")}


def joined(first: str, second: str) -> ChangeSet:
    answer = parse(first)
    changes = propose(answer, BEFORE.get, allow_all)
    return propose(repaired(answer, changes, parse(second)), BEFORE.get, allow_all)


def after(changes: ChangeSet) -> dict[str, str | None]:
    return {change.path: change.after for change in changes.changes}


def test_the_request_names_each_failed_block_and_its_reason():
    changes = propose(parse(edit("a.py", ("9", "x")) + edit("b.py", ("b", "c"))), BEFORE.get, allow_all)

    request = repair_request(changes)

    assert request.startswith("- a.py: the SEARCH text at answer line 2 matches nothing in a.py")
    assert "b.py" not in request


def test_an_edit_replaces_the_failed_block_alone():
    first = edit("a.py", ("1", "one")) + edit("a.py", ("9", "three")) + edit("b.py", ("b", "c"))

    changes = joined(first, edit("a.py", ("3", "three")))

    assert changes.blocked is None
    assert after(changes) == {"a.py": "one\n2\nthree\n", "b.py": "c\n"}


def test_a_whole_body_replaces_all_blocks_of_its_file():
    first = edit("a.py", ("1", "one")) + edit("a.py", ("9", "three"))

    assert after(joined(first, '<file path="a.py">\nall\n</file>\n')) == {"a.py": "all\n"}


def test_what_the_repair_leaves_out_stays_failed():
    first = edit("a.py", ("9", "x")) + edit("b.py", ("9", "x"))

    changes = joined(first, edit("a.py", ("1", "x")))

    assert [(c.path, c.state) for c in changes.changes] == [("a.py", "proposed"), ("b.py", "conflict")]


def test_blocks_that_were_not_asked_for_are_dropped():
    first = edit("a.py", ("9", "x")) + edit("b.py", ("b", "c"))

    changes = joined(first, edit("a.py", ("1", "x")) + edit("b.py", ("c", "d")) + '<delete path="c.py"/>\n')

    assert after(changes) == {"a.py": "x\n2\n3\n", "b.py": "c\n"}


def test_a_refused_path_is_not_repairable():
    changes = propose(
        parse('<file path="../a">\nx\n</file>\n'), BEFORE.get, lambda path: Verdict("refused", "no")
    )

    assert repair_request(changes) == ""


def test_a_repair_that_is_cut_off_leaves_the_answer_incomplete():
    changes = joined(edit("a.py", ("9", "x")), edit("a.py", ("1", "x")) + '<done files="2"/>\n')

    assert "cut off" in (changes.blocked or "")
