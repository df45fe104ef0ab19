"""Where the daemon's socket is, and whose it must be."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from rolecall_server.daemon import runtime_folder
from rolecall_server.daemon.runtime_folder import Unusable, candidates, check, check_socket, first_usable

UID = os.getuid()


def folders(**environment):
    return candidates({"HOME": "/home/ada", **environment}, 1000)


def test_without_any_variable_the_systems_folder_comes_first_and_the_cache_last():
    assert folders() == ["/run/user/1000/rolecall", "/home/ada/.cache/rolecall/run"]


def test_the_sessions_folder_comes_between():
    found = folders(XDG_RUNTIME_DIR="/somewhere/else", XDG_CACHE_HOME="/var/ada")
    assert found == ["/run/user/1000/rolecall", "/somewhere/else/rolecall", "/var/ada/rolecall/run"]


@pytest.mark.parametrize("snap", ["/run/user/1000/snap.code", "/run/user/1000/snap.code/"])
def test_a_snaps_own_folder_is_its_users(snap):
    assert folders(XDG_RUNTIME_DIR=snap)[0] == "/run/user/1000/rolecall"
    assert len(folders(XDG_RUNTIME_DIR=snap)) == 2


def test_relative_folders_are_ignored_as_the_xdg_specification_says():
    assert folders(XDG_RUNTIME_DIR="run", XDG_CACHE_HOME="cache") == folders()


def test_a_named_folder_is_the_only_one():
    assert folders(ROLECALL_RUNTIME_DIR="/srv/r", XDG_RUNTIME_DIR="/x") == ["/srv/r"]


def test_a_long_path_gets_a_short_folder_of_the_users_own(tmp_path):
    named = "/srv/" + "d" * 90
    (short,) = folders(ROLECALL_RUNTIME_DIR=named, TMPDIR="/var/tmp")
    (other,) = folders(ROLECALL_RUNTIME_DIR=f"{named}e", TMPDIR="/var/tmp")
    assert short.startswith("/var/tmp/rolecall-1000-")
    assert short != other
    assert len(f"{short}/daemon-0123456789abcdef-4194304.sock") <= 100
    (shorter,) = folders(ROLECALL_RUNTIME_DIR=named, TMPDIR="/" + "t" * 90)
    assert shorter.startswith("/tmp/rolecall-1000-")


def test_a_socket_path_is_at_most_100_bytes_whatever_the_letters():
    for length in range(1, 60):
        (folder,) = folders(ROLECALL_RUNTIME_DIR="/srv/" + "ä" * length)
        assert len(os.fsencode(f"{folder}/daemon-0123456789abcdef-4194304.sock")) <= 100


def test_a_missing_folder_is_made_for_its_user_alone(tmp_path):
    named = tmp_path / "a" / "run"
    made = first_usable({"ROLECALL_RUNTIME_DIR": str(named), "TMPDIR": str(tmp_path)}, UID)
    assert Path(made).stat().st_mode & 0o777 == 0o700


def test_a_missing_runtime_folder_of_the_system_is_not_made(tmp_path, monkeypatch):
    missing, cache = tmp_path / "s", tmp_path / "c"
    monkeypatch.setattr(runtime_folder, "candidates", lambda *_: [str(missing / "rolecall"), str(cache)])
    assert first_usable({"XDG_RUNTIME_DIR": str(missing)}, UID) == str(cache)
    assert not missing.exists()


def test_a_folder_open_to_others_is_refused_with_the_remedy(tmp_path):
    tmp_path.chmod(0o750)
    with pytest.raises(Unusable, match=r"mode 750.*chmod 700"):
        check(str(tmp_path), UID)


def test_a_link_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(Unusable, match="is not a folder"):
        check(str(tmp_path / "link"), UID)


def test_another_users_folder_is_refused(tmp_path):
    with pytest.raises(Unusable, match=f"belongs to user {UID}, not to you"):
        check(str(tmp_path), UID + 1)


def test_a_file_in_place_of_the_socket_is_refused(tmp_path):
    (tmp_path / "s").touch()
    with pytest.raises(Unusable, match="is not a socket"):
        check_socket(str(tmp_path / "s"), UID)


def test_a_socket_open_to_others_is_refused(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # a path of few bytes
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        Path("s").chmod(0o666)
        with pytest.raises(Unusable, match="chmod 600"):
            check_socket("s", UID)
        Path("s").chmod(0o600)
        check_socket("s", UID)


def test_the_next_folder_is_taken_where_the_first_cannot_be(tmp_path, monkeypatch):
    bad, good = tmp_path / "bad", tmp_path / "good"
    bad.mkdir(mode=0o755)
    monkeypatch.setattr(runtime_folder, "candidates", lambda *_: [str(bad), str(good)])
    bad.chmod(0o755)
    assert first_usable({"ROLECALL_RUNTIME_DIR": "x"}, UID) == str(good)
    good.chmod(0o777)
    with pytest.raises(Unusable, match=r"bad is open to others.*good is open to others"):
        first_usable({"ROLECALL_RUNTIME_DIR": "x"}, UID)


def test_a_read_only_folder_is_refused_with_the_remedy(monkeypatch):
    # Not pytest's folder: what is above that is closed to other users.
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="rolecall-"))
    folder.chmod(0o500)
    uid = UID or 65534
    os.chown(folder, uid, -1)
    if UID == 0:
        os.setresuid(uid, uid, 0)  # root may write anywhere
    try:
        with pytest.raises(Unusable, match="cannot be written to; set ROLECALL_RUNTIME_DIR"):
            first_usable({"ROLECALL_RUNTIME_DIR": str(folder)}, uid)
    finally:
        if UID == 0:
            os.setresuid(0, 0, 0)
        folder.chmod(0o700)
        folder.rmdir()
