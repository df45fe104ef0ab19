"""Reading: an open buffer first, else the disk; never a pipe, never too much, never a secret."""

import os

import pytest

from rolecall.errors import PathRefused
from rolecall.workspace.documents import MAX_EDIT_BYTES, Document, Documents, digest
from rolecall.workspace.folder import Workspace
from rolecall.workspace.policy import PathPolicy
from rolecall.workspace.secret_names import is_secret


class OpenFiles:
    def __init__(self, **texts):
        self.documents = {
            path: Document(path, text, digest(text), version=7, source="buffer")
            for path, text in texts.items()
        }

    def get(self, path):
        return self.documents.get(path)

    def paths(self):
        return list(self.documents)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def documents_of(root, **options):
    workspace = Workspace((root,))
    return Documents(workspace, PathPolicy(workspace), **options)


def write(root, path, data=b"x\n"):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(data)


def test_text_is_read_with_its_own_line_endings(root):
    write(root, "a.txt", b"one\r\ntwo\rthree\n")
    document = documents_of(root).read("./a.txt")
    assert document == Document("a.txt", "one\r\ntwo\rthree\n", digest("one\r\ntwo\rthree\n"))


def test_a_byte_order_mark_is_kept_as_a_flag(root):
    write(root, "a.txt", b"\xef\xbb\xbfhi")
    document = documents_of(root).read("a.txt")
    assert (document.text, document.bom) == ("hi", True)


def test_an_absent_file_reads_as_none(root):
    write(root, "file")
    assert documents_of(root).read("a.txt") is None
    assert documents_of(root).read("no/such/folder/a.txt") is None


def test_an_open_buffer_wins_over_the_disk(root):
    write(root, "a.txt", b"disk")
    documents = documents_of(root, buffers=OpenFiles(**{"a.txt": "buffer", "new.txt": ""}))
    assert documents.read("./a.txt").text == "buffer"
    assert documents.exists("new.txt")


@pytest.mark.parametrize("data", [b"a\0b", b"\xff\xfea\0", b"caf\xe9", b"\xed\xa0\x80"])
def test_what_is_not_utf8_text_is_refused(root, data):
    write(root, "a.bin", data)
    with pytest.raises(PathRefused, match=r"a\.bin cannot be read") as refused:
        documents_of(root).read("a.bin")
    assert refused.value.hint


def test_folders_pipes_and_unreadable_places_are_refused_without_waiting(root):
    os.mkfifo(root / "pipe")
    (root / "folder").mkdir()
    for path in ("pipe", "folder"):
        with pytest.raises(PathRefused):
            documents_of(root).read(path)
        assert not documents_of(root).exists(path)


def test_a_file_too_large_is_refused_before_it_is_read(root):
    write(root, "big.txt")
    os.truncate(root / "big.txt", MAX_EDIT_BYTES + 1)
    with pytest.raises(PathRefused, match="larger than"):
        documents_of(root).read("big.txt")


def test_context_has_a_limit_of_its_own(root):
    write(root, "a.txt", b"x" * 101)
    documents = documents_of(root, max_bytes=100, buffers=OpenFiles(**{"b.txt": "y" * 101}))
    assert documents.read("a.txt").text == "x" * 101
    for path in ("a.txt", "b.txt"):
        with pytest.raises(PathRefused, match="larger than"):
            documents.read_for_context(path)


def test_nothing_outside_is_read(root, tmp_path):
    write(tmp_path, "secret.txt", b"secret")
    (root / "link.txt").symlink_to("../secret.txt")
    (root / "up").symlink_to("..")
    for path in ("link.txt", "up/secret.txt", "../secret.txt", str(tmp_path / "secret.txt")):
        with pytest.raises(PathRefused):
            documents_of(root).read(path)
        assert not documents_of(root).exists(path)


SECRET_PATHS = [
    ".env",
    ".env.example",
    "deploy/.ENV.local",
    ".envrc",
    "prod.env",
    "tls/server.key",
    "cert.pem",
    "id_rsa",
    "keys/id_ed25519.pub",
    ".ssh/config",
    ".aws/credentials",
    "credentials.json",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    "secrets.yaml",
    "terraform.tfvars",
]


@pytest.mark.parametrize("path", SECRET_PATHS)
def test_secrets_never_reach_the_context(root, path):
    write(root, path)
    assert is_secret(path)
    with pytest.raises(PathRefused, match="secrets"):
        documents_of(root).read_for_context(path)
    with pytest.raises(PathRefused, match="secrets"):
        documents_of(root, buffers=OpenFiles(**{path: "x"})).read_for_context(path)


def test_a_secret_under_an_innocent_name_is_still_one(root):
    write(root, ".env")
    (root / "notes.txt").symlink_to(".env")
    with pytest.raises(PathRefused, match="secrets"):
        documents_of(root).read_for_context("notes.txt")


def test_excluded_files_never_reach_the_context(root):
    write(root, "vendor/a.py")
    with pytest.raises(PathRefused, match="vendor"):
        documents_of(root, exclude=["vendor/**"]).read_for_context("vendor/a.py")


class TestTheOutline:
    def test_it_is_in_a_fixed_order_shallow_files_first(self, root):
        for path in ("b.py", "a.py", "src/z.py", "src/deep/y.py", "docs/x.md"):
            write(root, path)
        assert documents_of(root).list() == ["a.py", "b.py", "docs/x.md", "src/z.py", "src/deep/y.py"]
        assert documents_of(root).list(2) == ["a.py", "b.py"]

    def test_it_leaves_out_what_tools_made_and_secrets(self, root, tmp_path):
        for path in (
            ".git/config",
            "node_modules/x.js",
            ".venv/a.py",
            "p/__pycache__/a.pyc",
            ".env",
            "a.py",
            "skip/b",
        ):
            write(root, path)
        write(tmp_path, "outside/c.py")
        (root / "link").symlink_to("../outside")
        os.mkfifo(root / "pipe")
        assert documents_of(root, exclude=["skip"]).list() == ["a.py"]

    def test_it_reads_gitignore(self, root):
        write(root, ".gitignore", b"# build\n/build/\n*.log\n!keep.log\nsub/only\n\n!\n")
        write(root, "pkg/.gitignore", b"local.py\n")
        for path in (
            "build/a.py",
            "pkg/build/b.py",
            "x.log",
            "keep.log",
            "sub/only",
            "pkg/local.py",
            "local.py",
        ):
            write(root, path)
        assert documents_of(root).list() == [
            ".gitignore",
            "keep.log",
            "local.py",
            "pkg/.gitignore",
            "pkg/build/b.py",
        ]

    def test_it_names_the_roots_of_several(self, tmp_path):
        for path in ("one/a.py", "two/b.py", "one/inner/c.py"):
            write(tmp_path, path)
        workspace = Workspace([tmp_path / "one", tmp_path / "two", tmp_path / "one/inner"])
        assert Documents(workspace, PathPolicy(workspace)).list() == ["one/a.py", "two/b.py", "inner/c.py"]
