"""The path policy: what contract section 7 refuses, holds for confirmation and lets pass."""

import os
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.workspace.folder import Workspace
from rolecall.workspace.policy import PathPolicy


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def policy(root):
    return PathPolicy(Workspace((root,)))


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "./",
        "/",
        "/etc/passwd",
        "//host/share/a.py",
        "\\\\host\\share\\a.py",
        "..",
        "../a.py",
        "src/../../a.py",
        "src/../a.py",
        "..\\a.py",
        "a\\b.py",
        "~",
        "~/a.py",
        "~root/a.py",
        "a/~/b.py",
        "C:/a.py",
        "c:a.py",
        "a.py:stream",
        "a\0b.py",
        "a\x07b.py",
        "a\tb.py",
        "a\nb.py",
        "a\x7fb.py",
        "a\x85b.py",
        "a\u200bb.py",
        "a\u202eyp.b",
        "\ufeffa.py",
        "a\u2028b.py",
        "a\udc80b.py",
        "con",
        "con.txt",
        "src/CON.py",
        "nul",
        "NUL.tar.gz",
        "COM1.txt",
        "COM¹",
        "lpt³.md",
        "con .txt",
        "aux/a.py",
        "conin$",
        "a.py.",
        "a.py ",
        "src /a.py",
        "src./a.py",
        "a//b.py",
        "src/",
        "é" * 128 + ".md",
        "a" * 256,
        "/".join(["deep" * 50] * 21),
        ".git",
        ".git/config",
        ".GIT/hooks/post-checkout",
        "vendor/lib/.Git/hooks/x",
        ".git./config",
        ".git /config",
        ".git...",
        "git~1/config",
        "GIT~1/hooks/x",
        ".g\u200cit/config",
        ".git::$INDEX_ALLOCATION/config",
    ],
)
def test_a_path_that_does_not_plainly_name_a_file_below_the_root_is_refused(policy, path):
    verdict = policy.check(path)
    assert verdict.kind == "refused"
    assert verdict.reason
    assert verdict.reason.isprintable()


@pytest.mark.parametrize(
    "path",
    [
        "a.py",
        "src/a..b.py",
        "src/...py",
        "app/[id]/page.tsx",
        "docs/read me.md",
        "src/" + "a" * 252 + ".py",
        ".gitignore",
        ".github/dependabot.yml",
        "src/a.py~",
        "console.py",
        "com10.txt",
        "auxiliary/nulls.py",
        "ünïcödé/файл.py",
        "git/config",
        "x.git/readme",
        "environment.py",
        "Dockerfile",
        "emoji/✔.md",
    ],
)
def test_ordinary_names_are_allowed_and_keep_their_spelling(policy, path):
    verdict = policy.check(path)
    assert (verdict.kind, verdict.path) == ("allowed", path)


def test_a_leading_dot_slash_is_only_another_spelling(policy):
    assert policy.check("./src/./a.py").path == "src/a.py"


@pytest.mark.parametrize(
    "path",
    [
        ".vscode/tasks.json",
        ".VSCode/tasks.json",
        "sub/.idea/x.xml",
        "a.code-workspace",
        ".mcp.json",
        "tools/MCP.JSON",
        ".cursor/rules.md",
        ".claude/settings.json",
        ".codex/config.toml",
        ".roo/rules",
        ".amazonq/mcp.json",
        "AGENTS.md",
        "docs/agents.MD",
        "CLAUDE.md",
        ".env",
        ".Env",
        ".env.local",
        "deploy/.envrc",
        ".github/workflows/ci.yml",
        ".GitHub/Workflows/x.yml",
        "templates/.github/workflows/ci.yml",
        ".gitlab-ci.yml",
        ".husky/pre-commit",
        ".pre-commit-config.yaml",
        "conftest.py",
        "tests/unit/Conftest.py",
        "sitecustomize.py",
        "src/x.pth",
        ".nvim.lua",
        ".exrc",
        ".rolecall.yaml",
        ".v\u017fcode/tasks.json",
    ],
)
def test_names_that_tools_obey_unasked_need_a_confirmation_even_where_they_are_absent(policy, path):
    assert policy.check(path).kind == "needs_confirmation"


@pytest.mark.parametrize(
    ("glob", "path", "kind"),
    [
        ("*.sql", "db/migrations/1.SQL", "needs_confirmation"),
        ("infra/**", "infra/a/b.tf", "needs_confirmation"),
        ("infra/", "infra/main.tf", "needs_confirmation"),
        ("/infra/*.tf", "infra/main.tf", "needs_confirmation"),
        ("infra", "src/infrastructure.py", "allowed"),
        ("db/**/seed.py", "db/a/b/seed.py", "needs_confirmation"),
        ("db/**/seed.py", "db/seed.py", "needs_confirmation"),
        ("db/*/seed.py", "db/a/b/seed.py", "allowed"),
        ("", "a.py", "allowed"),
        ("[", "a.py", "allowed"),
    ],
)
def test_the_users_own_globs_protect_in_any_folder(root, glob, path, kind):
    assert PathPolicy(Workspace((root,)), [glob]).check(path).kind == kind


def test_a_hostile_glob_costs_no_more_than_its_length(root):
    glob = "/".join(["**", "*a*a*a*a*b"] * 60)
    path = "/".join(["a" * 60] * 60)
    assert PathPolicy(Workspace((root,)), [glob]).check(path).kind == "allowed"


@pytest.mark.parametrize("path", ["SRC/a.py", "src/A.py", "Src/new/b.py"])
def test_a_case_variant_of_what_exists_is_refused(policy, root, path):
    (root / "src").mkdir()
    (root / "src/a.py").write_text("x")
    verdict = policy.check(path)
    assert verdict.kind == "refused"
    assert "case" in verdict.reason


def test_another_composition_of_an_existing_name_is_refused(policy, root):
    (root / unicodedata.normalize("NFD", "café.md")).write_text("x")
    assert policy.check(unicodedata.normalize("NFC", "café.md")).kind == "refused"


def test_an_existing_file_is_allowed_whatever_its_siblings_are_called(policy, root):
    (root / "Makefile").write_text("x")
    (root / "makefile").write_text("x")
    assert policy.check("Makefile").kind == "allowed"


@pytest.mark.parametrize(
    ("path", "others", "kind"),
    [
        ("src/A.py", ["src/a.py"], "refused"),
        ("SRC/b.py", ["src/a.py"], "refused"),
        ("src/b.py", ["src/a.py"], "allowed"),
        ("src/a.py", ["./src/a.py"], "allowed"),
        ("e\u0301.md", ["\u00e9.md"], "refused"),
    ],
)
def test_paths_of_one_change_set_may_not_differ_only_in_case_or_composition(policy, path, others, kind):
    assert policy.check(path, others=others).kind == kind


class TestLinks:
    def test_a_link_out_of_the_workspace_is_refused(self, policy, root, tmp_path):
        (tmp_path / "outside").mkdir()
        (root / "link").symlink_to(tmp_path / "outside")
        assert policy.check("link/a.py").kind == "refused"
        assert policy.check("link/a.py", for_write=False).kind == "refused"

    def test_a_folder_whose_name_begins_like_the_root_is_outside(self, policy, root, tmp_path):
        (tmp_path / "project-evil").mkdir()
        (root / "link").symlink_to("../project-evil")
        assert policy.check("link/a.py").kind == "refused"

    def test_a_chain_that_passes_outside_and_comes_back_is_refused(self, policy, root, tmp_path):
        (root / "real").mkdir()
        (tmp_path / "hop").symlink_to(root / "real")
        (root / "link").symlink_to(tmp_path / "hop")
        assert policy.check("link/a.py").kind == "refused"

    def test_a_folder_outside_that_holds_a_link_back_is_refused(self, policy, root, tmp_path):
        (tmp_path / "out").mkdir()
        (tmp_path / "out/back").symlink_to(root)
        (root / "link").symlink_to(tmp_path / "out")
        assert policy.check("link/back/a.py").kind == "refused"

    def test_a_link_that_stays_inside_is_allowed(self, policy, root):
        (root / "real").mkdir()
        (root / "real/a.py").write_text("x")
        (root / "link").symlink_to("real")
        assert policy.check("link/a.py").kind == "allowed"
        assert policy.resolve("link/a.py").parts == ("real", "a.py")

    def test_a_link_to_gits_files_is_refused(self, policy, root):
        (root / ".git/hooks").mkdir(parents=True)
        (root / "hooks").symlink_to(".git/hooks")
        assert policy.check("hooks/pre-commit").kind == "refused"

    def test_a_link_to_a_protected_folder_needs_a_confirmation(self, policy, root):
        (root / ".vscode").mkdir()
        (root / "editor").symlink_to(".vscode")
        assert policy.check("editor/tasks.json").kind == "needs_confirmation"

    def test_dangling_and_circular_links_are_refused(self, policy, root):
        (root / "dangling.py").symlink_to("nowhere.py")
        (root / "a").symlink_to("b")
        (root / "b").symlink_to("a")
        assert policy.check("dangling.py").kind == "refused"
        assert policy.check("a/x.py").kind == "refused"

    def test_a_workspace_reached_through_a_link_is_the_folder_it_leads_to(self, root, tmp_path):
        (tmp_path / "alias").symlink_to(root)
        (root / "src").mkdir()
        (root / "link").symlink_to(tmp_path / "alias" / "src")
        policy = PathPolicy(Workspace((tmp_path / "alias",)))
        assert policy.check("src/a.py").kind == "allowed"
        assert policy.check("link/a.py").kind == "allowed"


def test_what_is_not_a_regular_file_is_refused(policy, root):
    (root / "folder").mkdir()
    (root / "file").write_text("x")
    os.mkfifo(root / "pipe")
    assert policy.check("folder").kind == "refused"
    assert policy.check("file/a.py").kind == "refused"
    assert policy.check("pipe").kind == "refused"


def test_reading_follows_names_that_only_other_systems_cannot_hold(policy, root):
    (root / "aux.c").write_text("x")
    assert policy.check("aux.c", for_write=False).kind == "allowed"
    assert policy.check(".git/config", for_write=False).kind == "refused"
    assert policy.check(".env", for_write=False).kind == "allowed"


def test_without_a_workspace_every_path_is_refused():
    assert PathPolicy(Workspace(())).check("a.py").kind == "refused"


NASTY = st.sampled_from(
    [
        "..",
        ".",
        "",
        "~",
        "/",
        "a",
        "b",
        "link",
        "out",
        ".git",
        "con",
        "C:",
        "\\",
        "\0",
        "a.",
        " ",
        "\u202e",
        "...",
    ]
)


@settings(max_examples=300)
@given(parts=st.lists(NASTY | st.text(max_size=6), max_size=6), separator=st.sampled_from(["/", "//", "\\"]))
def test_no_allowed_path_lies_outside_whatever_it_is_made_of(tmp_path_factory, parts, separator):
    root = tmp_path_factory.getbasetemp() / "any"
    if not root.exists():
        (root / "ws/a/b").mkdir(parents=True)
        (root / "outside").mkdir()
        (root / "ws/link").symlink_to("a/b")
        (root / "ws/out").symlink_to("../outside")
    policy = PathPolicy(Workspace((root / "ws",)))
    verdict = policy.check(separator.join(parts))
    if verdict.kind != "refused":
        real = os.path.realpath(policy.workspace.locate(verdict.path))
        assert os.path.commonpath([real, os.path.realpath(root / "ws")]) == os.path.realpath(root / "ws")
