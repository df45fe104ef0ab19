from __future__ import annotations

import pytest

from rolecall.answer.info import fence_info
from rolecall.answer.names import path_on_line


@pytest.mark.parametrize(
    "line",
    """
    src/a.py | src/a.py: | `src/a.py` | `src/a.py`: | **src/a.py** | **`src/a.py`** | **`src/a.py`:** | **src/a.py**:
    # src/a.py | #### **`src/a.py`** | ### `src/a.py` ### | ###src/a.py | - src/a.py | * `src/a.py` | + src/a.py
    1. src/a.py | 2) `src/a.py`: | ### 1. `src/a.py` | [src/a.py] | [src/a.py](src/a.py) | (src/a.py) | <src/a.py>
    "src/a.py" | 'src/a.py' | *src/a.py* | _src/a.py_ | File: src/a.py | file: `src/a.py` | **File: `src/a.py`**
    **File:** `src/a.py` | **File**: src/a.py | Filename: src/a.py | File name: src/a.py | Path: `src/a.py`
    [FILE: src/a.py] | ## File: src/a.py | src/a.py (new) | `src/a.py` (updated) | **src/a.py** (new): | ./src/a.py
    src/a.py (new file) | src/a.py (modified)
    """.replace("\n", "|").split("|"),
)
def test_what_surrounds_a_path_on_its_line_is_stripped(line):
    if line.strip():
        assert path_on_line(line.strip()) == "src/a.py"


@pytest.mark.parametrize(
    "path",
    [
        "__init__.py",
        "src/__init__.py",
        "Dockerfile",
        "Dockerfile.prod",
        "Makefile",
        "LICENSE",
        ".gitignore",
        ".github/workflows/ci.yml",
        "app/[id]/page.tsx",
        "[id].tsx",
        "app/(auth)/page.tsx",
        "+page.svelte",
        "@scope/x/a.ts",
        "docs/größe.md",
        "a-b_c.d.e",
        "bin/run",
        "../a.py",
        "~/a.py",
        "/etc/passwd",
        "C:\\x\\a.py",
        "src\\a.py",
    ],
)
def test_a_path_has_a_slash_an_extension_or_a_known_name(path):
    assert path_on_line(f"`{path}`:") == path


@pytest.mark.parametrize(
    "line",
    [
        "Output",
        "Version 2.0",
        "v1.2.3",
        "2.0",
        "e.g.",
        "Done.",
        "Node.js",
        "### ASP.NET",
        "CI/CD",
        "and/or",
        "3/4",
        "src/",
        "...",
        "src/...",
        "https://x.y/a.py",
        "foo.bar()",
        "python main.py",
        "`python main.py`",
        "$ cat a.py",
        "/users/{id}",
        "/users",
        "GET /users",
        "Authorization: Bearer abc",
        'version: "3"',
        "user@example.com",
        "src/a.py:10",
        "tests/test_a.py::test_x",
        "a.py and b.py",
        "`a.py` and `b.py`",
        "React.Component",
        "self.value:",
        "os.path",
        "application/json",
        "File:",
        "see src/a.py",
        "x" * 500 + ".py",
        "",
    ],
)
def test_what_is_not_plainly_a_path_is_none(line):
    assert path_on_line(line) is None


def test_a_quoted_name_behind_a_label_may_have_spaces():
    assert path_on_line("File: `docs/my notes.md`") == "docs/my notes.md"


@pytest.mark.parametrize(
    "info",
    [
        "python path=src/a.py",
        "python file=src/a.py",
        "python filename='src/a.py'",
        'python title="src/a.py"',
        'python {title="src/a.py"}',
        '{.python title="src/a.py"}',
        "python  path = src/a.py",
        "path=src/a.py",
        "python:src/a.py",
        "python src/a.py",
        "python\tsrc/a.py",
        "python [src/a.py]",
        "src/a.py",
        "python src/a.py {1,3}",
        "python src/a.py title=Example",
        "python path=src/a.py title=other.py",
        "c++:./src/a.py",
    ],
)
def test_the_opening_line_of_a_fence_names_its_file_in_several_ways(info):
    assert fence_info(info).path == "src/a.py"


@pytest.mark.parametrize(
    "info",
    [
        "",
        "python",
        "c++",
        "c#",
        "objective-c",
        "asp.net",
        "python3.11",
        "Dockerfile",
        "dockerfile",
        "text/x-python",
        "lang md",
        "filename",
        'python title="An example"',
        'python title="Example: a/b"',
        'python linenums="1"',
        "python {1,3-5}",
        "12:15:src/a.py",
        "python src/a.py:10-20",
        "python src/a.py (lines 3 to 9)",
        "python # src/a.py",
    ],
)
def test_an_opening_line_that_names_no_file_gives_none(info):
    assert fence_info(info).path is None


def test_a_quoted_path_of_an_opening_line_may_have_spaces():
    assert fence_info('md title="my docs/read me.md"').path == "my docs/read me.md"


@pytest.mark.parametrize("path", ["../a.py", "/etc/passwd", "~/x", "a/../../b"])
def test_an_explicit_path_that_leaves_the_workspace_is_left_to_the_policy(path):
    assert fence_info(f"python path={path}").path == path
