from __future__ import annotations

from corpus.in_memory import allow_all, document, parse
from rolecall.answer import ChangeSet, propose, repair_request, repaired
from rolecall.answer.repairing import repairable
from rolecall.workspace.policy import Verdict


def edit(path: str, *pairs: tuple[str, str]) -> str:
    blocks = "".join(f"<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n" for old, new in pairs)
    return f'<edit path="{path}">\n{blocks}</edit>\n'


BEFORE = {
    "a.py": document("a.py", "1\n2\n3\n"),
    "b.py": document("b.py", "b\n"),
    "c.py": document("c.py", "import os\n\n\ndef f():\n    return 1\n\n\ndef g():\n    return 2\n"),
}


def joined(first: str, second: str) -> ChangeSet:
    answer = parse(first)
    changes = propose(answer, BEFORE.get, allow_all)
    return propose(repaired(answer, repairable(changes), parse(second)), BEFORE.get, allow_all)


def after(changes: ChangeSet) -> dict[str, str | None]:
    return {change.path: change.after for change in changes.changes}


def test_the_request_names_each_failed_block_and_its_reason():
    changes = propose(parse(edit("a.py", ("9", "x")) + edit("b.py", ("b", "c"))), BEFORE.get, allow_all)

    request = repair_request(repairable(changes))

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

    assert repair_request(repairable(changes)) == ""


def test_a_repair_that_is_cut_off_in_a_file_repairs_nothing_of_it():
    changes = joined(edit("a.py", ("9", "x")), edit("a.py", ("1", "x")) + edit("a.py", ("2", "y"))[:-8])

    assert [(c.path, c.state) for c in changes.changes] == [("a.py", "conflict")]


def test_a_repair_may_count_the_blocks_of_the_whole_answer():
    changes = joined(edit("a.py", ("9", "x")), edit("a.py", ("1", "x")) + '<done files="7"/>\n')

    assert (changes.blocked, after(changes)) == (None, {"a.py": "x\n2\n3\n"})


IMPORT = ("import os\n", "import os\nimport re\n")
FIRST = edit("c.py", IMPORT, ("    return one", "    return re.X"), ("    return two", "    return os.X"))
BOTH = "import os\nimport re\n\n\ndef f():\n    return re.X\n\n\ndef g():\n    return os.X\n"


def test_all_that_failed_in_a_file_is_told_at_once():
    first = FIRST + edit("c.py", ("    return three", "    return 3"))

    request = repair_request(repairable(propose(parse(first), BEFORE.get, allow_all)))

    assert request.count("- c.py: ") == 2
    assert all(text in request for text in ("'return one'", "'return two'", "'return three'"))


def test_pairs_that_had_a_place_are_kept_where_the_repair_gives_only_the_others():
    second = edit("c.py", ("    return 1", "    return re.X"), ("    return 2", "    return os.X"))

    assert after(joined(FIRST, second)) == {"c.py": BOTH}


def test_pairs_that_had_a_place_are_not_applied_twice_where_the_repair_gives_them_again():
    second = edit("c.py", IMPORT, ("    return 1", "    return re.X"), ("    return 2", "    return os.X"))

    assert after(joined(FIRST, second)) == {"c.py": BOTH}


def test_a_repair_of_only_a_part_of_what_failed_in_a_file_is_not_taken():
    changes = joined(FIRST, edit("c.py", ("    return 1", "    return re.X")))

    assert changes.blocked is not None
    assert after(changes) == {"c.py": None}


def test_a_repair_does_not_delete_what_was_to_be_edited():
    changes = joined(edit("a.py", ("9", "x")), '<delete path="a.py"/>\n')

    assert [(c.action, c.state) for c in changes.changes] == [("modify", "conflict")]


def test_a_move_stays_a_move_when_the_edit_that_goes_with_it_is_repaired():
    first = "*** Begin Patch\n*** Update File: a.py\n*** Move to: d.py\n@@\n-9\n+x\n*** End Patch\n"

    (change,) = joined(first, edit("a.py", ("3", "x"))).changes

    assert (change.action, change.new_path, change.after) == ("rename", "d.py", "1\n2\nx\n")


def test_a_body_that_leaves_code_out_is_repaired_by_a_whole_one():
    first = '<file path="c.py">\nimport os\n# ... existing code ...\n</file>\n'

    assert after(joined(first, '<file path="c.py">\nimport os\n</file>\n')) == {"c.py": "import os\n"}
