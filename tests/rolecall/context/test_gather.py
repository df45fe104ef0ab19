"""Gathering: what gets in, what stays out and is listed, and what makes a request fail."""

import pytest

from rolecall.errors import PathRefused, RolecallError
from rolecall.task import Diagnostic, FileRef, Selection, TaskRequest


def request(target=None, *files, **more):
    return TaskRequest(
        "developer",
        "implement",
        target=FileRef(target) if isinstance(target, str) else target,
        files=tuple(FileRef(file) if isinstance(file, str) else file for file in files),
        **more,
    )


def kinds(gathered):
    return {item.path: item.kind for item in gathered.items}


@pytest.mark.parametrize("text", ["a = 1\r\nb = 2", "\n\n a\t\n", "", "x = 'é 漢字 🎉'\r\r\n"])
def test_the_target_is_whole_and_byte_exact(place, text):
    gathered = place({"a.py": text}).gather(request("a.py"))

    assert gathered.target is not None
    assert gathered.target.text == text


def test_around_the_target_come_its_tests_and_what_it_imports(place):
    here = place(
        {
            "src/demo/__init__.py": "",
            "src/demo/core.py": "from demo.names import NAMES\nfrom . import texts\nimport json\n",
            "src/demo/names.py": "NAMES = ()\n",
            "src/demo/texts.py": "",
            "src/demo/other.py": "",
            "tests/test_core.py": "def test(): ...\n",
        }
    )

    gathered = here.gather(request("src/demo/core.py"))

    assert kinds(gathered) == {
        "src/demo/core.py": "target",
        "tests/test_core.py": "counterpart",
        "src/demo/names.py": "import",
        "src/demo/__init__.py": "import",
        "src/demo/texts.py": "import",
    }
    assert gathered.omitted == ()


def test_a_file_that_is_asked_for_is_not_repeated_as_an_import(place):
    here = place({"a.py": "import b\n", "b.py": ""})

    assert kinds(here.gather(request("a.py", "b.py", "b.py"))) == {"a.py": "target", "b.py": "file"}


def test_ranges_of_one_file_are_joined_in_order_and_kept_within_it(place):
    here = place({"a.py": "1\n2\n3\n4\n", "b.py": ""})
    ranges = [Selection(3, 99), Selection(1, 1), Selection(50, 60), Selection(3, 99)]

    gathered = here.gather(request("b.py", *(FileRef("a.py", selection) for selection in ranges)))

    assert gathered.of("file")[0].selections == (Selection(1, 1), Selection(3, 4))


def test_a_range_of_the_target_among_the_files_joins_its_selection(place):
    here = place({"a.py": "1\n2\n3\n4\n"})
    target = FileRef("a.py", Selection(4, 4))

    gathered = here.gather(request(target, FileRef("a.py", Selection(1, 2)), "a.py"))

    assert kinds(gathered) == {"a.py": "target"}
    assert gathered.target.selections == (Selection(1, 2), Selection(4, 4))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("gone.py", "gone.py does not exist in the workspace"),
        ("folder", "folder"),
        ("picture.png", "picture.png"),
        ("large.py", "large.py"),
        (".env", ".env"),
        ("keys/id_rsa", "id_rsa"),
        ("../outside.py", "outside"),
        ("link.py", "link.py"),
    ],
)
def test_a_target_that_cannot_be_read_fails_the_request_and_is_named(place, tmp_path, path, said):
    (tmp_path / "outside.py").write_text("SECRET")
    here = place(
        {
            "folder/a.py": "",
            "picture.png": b"\x89PNG\r\n\x00\xff",
            "large.py": "x" * 5_000,
            ".env": "TOKEN=SECRET",
            "keys/id_rsa": "SECRET",
        },
        max_file_bytes=4_096,
    )
    (here.root / "link.py").symlink_to(tmp_path / "outside.py")

    with pytest.raises(RolecallError) as caught:
        here.gather(request(path))

    assert said in caught.value.message
    assert caught.value.hint
    assert "SECRET" not in caught.value.message


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("gone.py", "no such file"),
        ("folder", "folder"),
        ("picture.png", "picture.png"),
        ("large.py", "large.py"),
        (".env", "secrets"),
        ("../outside.py", "outside"),
    ],
)
def test_another_file_that_cannot_be_read_is_listed_with_the_reason(place, path, said):
    here = place(
        {
            "a.py": "",
            "folder/b.py": "",
            "picture.png": b"\x89PNG\r\n\x00\xff",
            "large.py": "x" * 5_000,
            ".env": "TOKEN=SECRET",
        },
        max_file_bytes=4_096,
    )

    gathered = here.gather(request("a.py", path))

    assert kinds(gathered) == {"a.py": "target"}
    assert [omitted.path for omitted in gathered.omitted] == [path]
    assert said in gathered.omitted[0].reason


def test_an_import_that_the_settings_exclude_is_left_out_and_listed(place):
    here = place({"a.py": "import vault.b\n", "vault/b.py": "SECRET"}, exclude=["vault"])

    gathered = here.gather(request("a.py", "vault/b.py"))

    assert "SECRET" not in repr(gathered)
    assert [omitted.path for omitted in gathered.omitted] == ["vault/b.py"]


def test_diagnostics_stay_out_where_the_settings_say_so(place):
    found = (Diagnostic(1, "broken"),)

    assert place({"a.py": ""}).gather(request("a.py", diagnostics=found)).diagnostics == found


def test_diagnostics_get_in_by_default(place):
    here = place({"a.py": ""}, diagnostics=False)

    assert here.gather(request("a.py", diagnostics=(Diagnostic(1, "broken"),))).diagnostics == ()


def test_open_files_get_in_only_where_the_settings_say_so(place):
    here = place({"a.py": "", "b.py": ""})

    assert kinds(here.gather(request("a.py"), open_paths=["b.py"])) == {"a.py": "target"}


def test_open_files_get_in_once_and_after_everything_else(place):
    here = place({"a.py": "import b\n", "b.py": "", "c.py": ""}, open_files=True)

    gathered = here.gather(request("a.py"), open_paths=["a.py", "b.py", "c.py", "gone.py"])

    assert kinds(gathered) == {"a.py": "target", "b.py": "import", "c.py": "open"}


def test_without_a_target_there_are_the_facts_and_the_files_asked_for(place):
    here = place({"pyproject.toml": "[project]\nname = 'demo'\n", "a.py": ""})

    gathered = here.gather(request(None, "a.py"))

    assert gathered.target is None
    assert kinds(gathered) == {"a.py": "file"}
    assert gathered.facts.name == "demo"


def test_the_refusal_of_a_secret_names_the_rule(place):
    with pytest.raises(PathRefused, match="secrets"):
        place({"config/.env.production": "TOKEN=SECRET"}).gather(request("config/.env.production"))
