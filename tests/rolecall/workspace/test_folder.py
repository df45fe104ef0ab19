"""Workspace paths: labels of several roots, and what a user names."""

from pathlib import Path

import pytest

from rolecall.errors import ConfigurationInvalid, PathRefused
from rolecall.workspace.folder import Workspace


@pytest.fixture
def root(tmp_path):
    (tmp_path / "project/src").mkdir(parents=True)
    (tmp_path / "project/src/a.py").write_text("x")
    return tmp_path / "project"


@pytest.fixture
def workspace(root):
    return Workspace((root,))


class TestOneRoot:
    def test_paths_are_plain(self, workspace, root):
        assert workspace.locate("src/a.py") == root / "src/a.py"
        assert workspace.normal("./src/a.py") == "src/a.py"

    @pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x"])
    def test_a_path_that_climbs_is_never_located(self, workspace, path):
        with pytest.raises(PathRefused):
            workspace.locate(path)

    def test_the_same_folder_by_another_spelling_is_the_same_workspace(self, root, tmp_path):
        (tmp_path / "alias").symlink_to(root)
        assert Workspace((tmp_path / "alias",)).key == Workspace((root, root / "src/..")).key


class TestSeveralRoots:
    @pytest.fixture
    def several(self, tmp_path):
        for folder in ("one/app", "two/app", "lib", "three/App"):
            (tmp_path / folder).mkdir(parents=True)
        return Workspace(
            [tmp_path / "one/app", tmp_path / "two/app", tmp_path / "lib", tmp_path / "three/App"]
        )

    def test_equal_names_are_numbered(self, several):
        assert several.labels == ("app", "app-2", "lib", "App-3")

    def test_a_number_never_collides_with_a_folder_of_that_name(self, tmp_path):
        folders = [tmp_path / "x/app-2", tmp_path / "y/app", tmp_path / "z/app"]
        assert Workspace(folders).labels == ("app-2", "app", "app-3")

    def test_a_path_begins_with_the_roots_label(self, several, tmp_path):
        assert several.locate("app-2/src/a.py") == tmp_path / "two/app/src/a.py"
        assert several.relative(str(tmp_path / "lib/b.py"), tmp_path) == "lib/b.py"

    def test_a_path_that_names_no_root_belongs_to_the_targets_root(self, several, tmp_path):
        assert several.locate("src/a.py", home="lib/x.py") == tmp_path / "lib/src/a.py"
        assert several.normal("src/a.py", home="app-2/x.py") == "app-2/src/a.py"
        assert several.locate("src/a.py") == tmp_path / "one/app/src/a.py"

    def test_a_file_in_nested_roots_has_one_name(self, tmp_path):
        workspace = Workspace([tmp_path / "mono", tmp_path / "mono/pkg"])
        assert workspace.normal("mono/pkg/a.py") == "pkg/a.py"
        assert workspace.relative(str(tmp_path / "mono/pkg/a.py"), tmp_path) == "pkg/a.py"


class TestWhatTheUserNames:
    @pytest.mark.parametrize(
        ("named", "cwd"),
        [
            ("{root}/src/a.py", "/"),
            ("file://{root}/src/a.py", "/"),
            ("file:{root}/src/a.py", "/"),
            ("FILE://localhost{root}/src/%61.py", "/"),
            ("src/a.py", "{root}"),
            ("./src/a.py", "{root}"),
            ("a.py", "{root}/src"),
            ("../src/a.py", "{root}/src"),
            ("src/../src/a.py", "{root}"),
            ("src/a.py", "/"),
            ("src/a.py", "{root}/src"),
        ],
    )
    def test_every_spelling_becomes_the_workspace_path(self, workspace, root, named, cwd):
        assert workspace.relative(named.format(root=root), Path(cwd.format(root=root))) == "src/a.py"

    def test_percent_encoding_is_decoded_once(self, workspace, root):
        assert workspace.relative(f"file://{root}/src/%C3%A9%20%2525.py", root) == "src/é %25.py"

    @pytest.mark.parametrize(
        "named",
        [
            "/etc/passwd",
            "../outside.py",
            "src/../../outside.py",
            "{root}-evil/a.py",
            "file://{root}/../outside.py",
            "file://{root}/%2e%2e/outside.py",
            "file://server/share/a.py",
            "file://{root}/%ff.py",
            "untitled://a.py/b",
            "untitled:Untitled-1",
            "https://example.org/a.py",
            "",
            "a\0b",
            ".",
            "{root}",
            "out/a.py",
        ],
    )
    def test_what_is_outside_or_no_file_is_refused_with_a_hint(self, workspace, root, named):
        (root.parent / "outside").mkdir()
        (root.parent / "outside.py").write_text("x")
        (root / "out").symlink_to(root.parent / "outside")
        with pytest.raises(PathRefused) as refused:
            workspace.relative(named.format(root=root), root)
        assert refused.value.hint

    def test_a_file_outside_does_not_pass_for_one_inside_of_the_same_name(self, workspace, tmp_path):
        (tmp_path / "notes.txt").write_text("x")
        with pytest.raises(PathRefused):
            workspace.relative("notes.txt", tmp_path)

    def test_a_workspace_reached_through_a_link_holds_its_files_by_both_names(self, root, tmp_path):
        (tmp_path / "alias").symlink_to(root)
        workspace = Workspace((tmp_path / "alias",))
        assert workspace.relative(str(tmp_path / "alias/src/a.py"), tmp_path) == "src/a.py"
        assert workspace.relative(str(root / "src/a.py"), tmp_path) == "src/a.py"
        assert workspace.relative("a.py", tmp_path / "alias/src") == "src/a.py"

    def test_a_link_elsewhere_into_the_workspace_names_the_real_file(self, workspace, root, tmp_path):
        (tmp_path / "shortcut").symlink_to(root / "src")
        assert workspace.relative(str(tmp_path / "shortcut/a.py"), tmp_path) == "src/a.py"

    def test_a_link_inside_keeps_the_name_the_user_gave(self, workspace, root):
        (root / "link.py").symlink_to("src/a.py")
        assert workspace.relative("link.py", root) == "link.py"

    def test_a_file_that_does_not_exist_yet_has_a_path(self, workspace, root):
        assert workspace.relative("new/b.py", root) == "new/b.py"


class TestTheDefault:
    def test_it_is_the_current_folder(self, root, tmp_path):
        assert Workspace.default(root, tmp_path).roots == (root,)

    def test_the_file_systems_root_and_the_home_folder_count_as_none(self, tmp_path):
        for cwd in (Path("/"), tmp_path, tmp_path / "."):
            workspace = Workspace.default(cwd, tmp_path)
            assert workspace.roots == ()
            with pytest.raises(PathRefused) as refused:
                workspace.relative("a.py", cwd)
            assert "--workspace" in refused.value.hint

    def test_a_named_workspace_must_be_a_folder(self, root):
        assert Workspace.named(root).roots == (root,)
        with pytest.raises(ConfigurationInvalid):
            Workspace.named(root / "src/a.py")
