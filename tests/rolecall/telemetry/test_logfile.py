"""The log file: rotated by size, shared by processes."""

from rolecall.telemetry.logfile import RotatingFile


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_it_is_rotated_by_size_and_the_oldest_is_dropped(tmp_path):
    file = RotatingFile(tmp_path / "a.log", max_bytes=20, kept=2)
    for number in range(9):
        file.write(f"line {number} xxx\n".encode())
    file.close()
    assert names(tmp_path) == ["a.log", "a.log.1", "a.log.2"]
    kept = [(tmp_path / name).read_text().split("\n")[0] for name in reversed(names(tmp_path))]
    assert kept == ["line 4 xxx", "line 6 xxx", "line 8 xxx"]


def test_two_writers_share_it_across_a_rotation(tmp_path):
    path = tmp_path / "a.log"
    one, two = RotatingFile(path, max_bytes=100, kept=9), RotatingFile(path, max_bytes=100, kept=9)
    for number in range(20):
        one.write(f"one {number}\n".encode())
        two.write(f"two {number}\n".encode())
    one.close()
    two.close()
    written = [line for name in names(tmp_path) for line in (tmp_path / name).read_text().splitlines()]
    assert sorted(written) == sorted(f"{who} {number}" for who in ("one", "two") for number in range(20))


def test_a_file_that_was_deleted_is_made_again(tmp_path):
    file = RotatingFile(tmp_path / "a.log")
    file.write(b"one\n")
    (tmp_path / "a.log").unlink()
    file.write(b"two\n")
    file.close()
    assert (tmp_path / "a.log").read_bytes() == b"two\n"


def test_a_line_that_cannot_be_written_is_lost_and_nothing_else(tmp_path):
    folder = tmp_path / "logs"
    file = RotatingFile(folder / "a.log")
    (folder / "a.log").unlink()
    folder.rmdir()
    file.write(b"lost\n")
    folder.mkdir()
    file.write(b"kept\n")
    file.close()
    assert (folder / "a.log").read_bytes() == b"kept\n"
