"""The process that runs generated code: started once, forks for every run, has no network and little else.

Run as ``python -P sandbox_host.py FOLDER``: jobs come as JSON lines on standard input, results leave on standard
output. Everything is done once, before the first job: a namespace without network, where the kernel allows it
all file systems but FOLDER read-only, and where it does not, sockets that refuse to connect. Each run is a fork
with limits of its own (``setrlimit(2)``), so that no run sees another's modules.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import json
import os
import resource
import runpy
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
SYS_MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, RDONLY = 442, -100, 0x8000, 1

LIMITS = {
    resource.RLIMIT_AS: 1 << 30,
    resource.RLIMIT_CPU: 20,
    resource.RLIMIT_FSIZE: 16 << 20,
    resource.RLIMIT_NOFILE: 256,
    resource.RLIMIT_CORE: 0,
}
PROCESSES = 64
"""Processes of one run; counted per user, so that the limit is set only inside a namespace."""


def isolate(folder: str, *, namespaces: bool) -> dict[str, str]:
    """Leave the network, and write access outside of ``folder``; says what the kernel allowed."""
    if not namespaces or not _tried(folder):
        _refuse_connections()
        return {"network": "sockets refuse", "files": "not protected"}
    return {"network": "namespace", "files": "read-only" if _leave(folder) else "not protected"}


def _tried(folder: str) -> bool:
    """Whether namespaces work here, tried in a process that can be thrown away: there is no way back."""
    child = os.fork()
    if child == 0:
        works = False
        try:
            _leave(folder)
            (Path(folder) / "tried").write_text("", encoding="utf-8")
            works = True
        finally:
            os._exit(not works)
    return os.waitpid(child, 0)[1] == 0


def _leave(folder: str) -> bool:
    """Enter namespaces without network; True where all but the folder is read-only. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.getuid(), os.getgid()
    unshare = getattr(libc, "unshare", None)
    if unshare is None or unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0:
        raise OSError("no namespaces here")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", encoding="ascii")
    return _read_only(libc, folder)


def _read_only(libc: Any, folder: str) -> bool:
    here = os.fsencode(folder)
    setting = (ctypes.c_uint64 * 4)(RDONLY, 0, 0, 0)
    clearing = (ctypes.c_uint64 * 4)(0, RDONLY, 0, 0)
    steps = (
        lambda: libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None),
        lambda: libc.mount(here, here, None, MS_BIND, None),
        lambda: libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, setting, 32),
        lambda: libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, here, 0, clearing, 32),
    )
    return all(step() == 0 for step in steps)


def _refuse_connections() -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network here")

    for name in ("connect", "connect_ex", "bind", "sendto"):
        setattr(socket.socket, name, refuse)


def run(job: dict[str, Any], *, namespace: bool) -> dict[str, Any]:
    """Fork, do the job within its limits, and give its result."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(job, writing, namespace=namespace)
    os.close(writing)
    data, ended = _collected(reading, job["seconds"])
    if not ended:
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(reading)
    result: dict[str, Any] = json.loads(data) if data and ended else {"exit": -1}
    if not ended:
        result["exit"], result["output"] = -1, "timed out"
    elif not data:
        result["output"] = f"ended with status {status}"
    return result


def _collected(descriptor: int, seconds: float) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if select.select([descriptor], [], [], left)[0]:
            part = os.read(descriptor, 65_536)
            if not part:
                return b"".join(parts), True
            parts.append(part)
    return b"".join(parts), False


def _child(job: dict[str, Any], writing: int, *, namespace: bool) -> None:
    code = 70
    try:
        os.setpgid(0, 0)
        os.chdir(job["folder"])
        output = os.open(job["output"], os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        for limit, value in LIMITS.items():
            with contextlib.suppress(ValueError, OSError):  # some systems know a limit and refuse to set it
                resource.setrlimit(limit, (value, value))
        if namespace:
            resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))
        sys.path.insert(0, job["folder"])
        result = _tests(job["arguments"]) if job["kind"] == "tests" else _script(job["arguments"])
        sys.stdout.flush()
        result["output"] = Path(job["output"]).read_text(encoding="utf-8", errors="replace")[-4_000:]
        os.write(writing, json.dumps(result).encode()[:60_000])
        code = 0
    finally:
        os._exit(code)


def _tests(arguments: list[str]) -> dict[str, Any]:
    import pytest

    class Counting:
        def __init__(self) -> None:
            self.counts: dict[str, int] = {}

        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.when == "call" or report.outcome != "passed":
                outcome = (
                    "xfailed"
                    if report.outcome == "skipped" and hasattr(report, "wasxfail")
                    else report.outcome
                )
                self.counts[outcome] = self.counts.get(outcome, 0) + 1

    counting = Counting()
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--rootdir", "."]
    code = pytest.main([*options, *arguments], plugins=[counting])
    return {"exit": int(code), **counting.counts}


def _script(arguments: list[str]) -> dict[str, Any]:
    sys.argv = arguments
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as ended:
        return {"exit": ended.code if isinstance(ended.code, int) else int(ended.code is not None)}
    except BaseException:  # noqa: BLE001 - whatever it is, it is the script's
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]  # there is one
        return {"exit": 1}
    return {"exit": 0}


def _warm_up(folder: str) -> None:
    """Import what pytest needs once, here, so that every fork has it."""
    sample = Path(folder) / "test_nothing.py"
    sample.write_text("def test_nothing():\n    assert True\n", encoding="utf-8")
    with contextlib.redirect_stdout(io.StringIO()):
        _tests([str(sample)])
    sample.unlink()
    sys.modules.pop("test_nothing", None)
    gc.freeze()


def main() -> None:
    """Answer jobs until standard input ends."""
    sys.dont_write_bytecode = True
    _warm_up(sys.argv[1])
    state = isolate(sys.argv[1], namespaces="--plain" not in sys.argv)
    _say(state)
    for line in sys.stdin:
        _say(run(json.loads(line), namespace=state["network"] == "namespace"))


def _say(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
