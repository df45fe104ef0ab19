from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from corpus.in_memory import written

FENCE = "``````"
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
PATHS = st.builds(
    lambda parts, name, suffix: "/".join([*parts, name + suffix]),
    st.lists(NAMES.map(lambda name: f"d_{name}"), max_size=2),
    NAMES,
    st.sampled_from([".py", ".txt", ".yaml", ".go", ".test.ts"]),
)
LINES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\ufeff"), max_size=20),
    st.sampled_from(
        [
            "",
            "    x",
            "\ty",
            "```",
            "```py",
            "~~~",
            "=======",
            "@@",
            "*** End Patch",
            "+x",
            "-y",
            "---",
            "# a.py",
        ]
    ),
)
OTHER_GRAMMARS = ("*** Begin", "diff --git", "--- ", "<", ">>>>>")
"""Beginnings of lines that open what goes before a fence, or end what is open."""
BODIES = st.lists(LINES.filter(lambda line: not line.startswith(OTHER_GRAMMARS)), max_size=8).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)
TREES = st.dictionaries(PATHS, BODIES, min_size=1, max_size=5)


def lines(text: str) -> list[str]:
    return text.split("\n")[:-1]


@settings(max_examples=60, deadline=None)
@given(tree=TREES)
def test_any_tree_in_file_tags_parses_back_to_itself(tree):
    assume(not any(body.strip().startswith(("```", "~~~")) for body in tree.values()))  # held: see test_tags
    answer = "".join(f'<file path="{path}">\n{body}</file>\n' for path, body in tree.items())

    assert written(f'Intro.\n\n{answer}<done files="{len(tree)}"/>\n') == tree


@settings(max_examples=60, deadline=None)
@given(tree=TREES)
def test_any_tree_in_a_v4a_envelope_parses_back_to_itself(tree):
    files = "".join(
        f"*** Add File: {path}\n" + "".join(f"+{line}\n" for line in lines(body))
        for path, body in tree.items()
    )

    assert written(f"*** Begin Patch\n{files}*** End Patch\n") == tree


@settings(max_examples=60, deadline=None)
@given(tree=TREES)
def test_any_tree_in_a_diff_parses_back_to_itself(tree):
    files = "".join(
        f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines(body))} @@\n"
        + "".join(f"+{line}\n" for line in lines(body))
        for path, body in tree.items()
    )

    assert written(f"{FENCE}diff\n{files}{FENCE}\n") == tree


@settings(max_examples=60, deadline=None)
@given(tree=TREES)
def test_any_tree_in_named_fences_parses_back_to_itself(tree):
    answer = "".join(f"{path}\n{FENCE}\n{body}{FENCE}\n\n" for path, body in tree.items())

    assert written(answer) == tree


@settings(max_examples=60, deadline=None)
@given(tree=TREES)
def test_any_tree_in_fences_that_name_their_path_parses_back_to_itself(tree):
    answer = "".join(f'{FENCE}text path="{path}"\n{body}{FENCE}\n\n' for path, body in tree.items())

    assert written(answer) == tree


@settings(max_examples=60, deadline=None)
@given(tree=TREES)
def test_any_tree_in_search_replace_blocks_with_empty_searches_parses_back_to_itself(tree):
    assume(not any(line.strip() == "=======" for body in tree.values() for line in lines(body)))
    answer = "".join(
        f"{path}\n<<<<<<< SEARCH\n=======\n{body}>>>>>>> REPLACE\n\n" for path, body in tree.items()
    )

    assert written(answer) == tree
