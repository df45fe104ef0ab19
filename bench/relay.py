"""What a relay costs: latency added to a message, and bytes a second; beside the same without a relay.

Usage: ``python bench/relay.py [MESSAGES]``. Exits 1 where a limit is broken.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / part) for part in ("tests", "agents", "server")]

from rolecall_server.daemon.handshake import DATA, HEADER

RELAY = """
import os, socket, sys
from rolecall_server.daemon.joining import Daemon
from rolecall_server.daemon.relay import Pump
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
sys.exit(Pump(Daemon(connection, 0), os.getppid()).run())
"""
MESSAGE = b"x" * 200
BLOCK = b"x" * (1 << 16)
BYTES = 256 << 20
LATENCY_LIMIT_MS, RATE_LIMIT = 1.0, 50.0


def serve(listening: socket.socket, direct: socket.socket) -> None:
    """The daemon's side: echoes messages, then swallows and sends bytes."""
    for connection in (direct, listening.accept()[0]):
        threading.Thread(target=echo, args=(connection,), daemon=True).start()


def echo(connection: socket.socket) -> None:
    swallowed = 0
    while data := connection.recv(1 << 17):
        if len(data) == len(MESSAGE):
            connection.sendall(HEADER.pack(DATA, len(data)) + data)
            continue
        swallowed += len(data)
        if swallowed >= BYTES:
            frame = HEADER.pack(DATA, len(BLOCK)) + BLOCK
            for _ in range(BYTES // len(BLOCK)):
                connection.sendall(frame)
            swallowed = 0


def main() -> int:
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with tempfile.TemporaryDirectory(prefix="rolecall-") as folder:
        path = f"{folder}/s"
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(path)
        listening.listen()
        ours, theirs = socket.socketpair()
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path[1:3])}
        relay = subprocess.Popen(
            [sys.executable, "-c", RELAY, path],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        serve(listening, theirs)
        assert relay.stdin is not None
        assert relay.stdout is not None
        into, out = relay.stdin.fileno(), relay.stdout.fileno()
        direct, relayed = round_trips(messages, ours, into, out)
        up, down = rates(into, out)
        relay.stdin.close()
        relay.kill()
        relay.wait()
    return report(direct, relayed, up, down)


def round_trips(messages: int, ours: socket.socket, into: int, out: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each round trip, without and with the relay, in turn."""
    direct: list[float] = []
    relayed: list[float] = []
    for _ in range(messages):
        started = time.perf_counter()
        ours.sendall(MESSAGE)
        size = len(MESSAGE) + HEADER.size
        while size:
            size -= len(ours.recv(size))
        direct.append((time.perf_counter() - started) * 1000)
        started = time.perf_counter()
        os.write(into, MESSAGE)
        size = len(MESSAGE)
        while size:
            size -= len(os.read(out, size))
        relayed.append((time.perf_counter() - started) * 1000)
    return direct, relayed


def rates(into: int, out: int) -> tuple[float, float]:
    """MB a second from the client to the daemon, and back."""
    started = time.perf_counter()
    left = BYTES
    while left > 0:
        left -= os.write(into, BLOCK)
    first = os.read(out, 1 << 17)
    up = BYTES / 1e6 / (time.perf_counter() - started)
    started = time.perf_counter()
    left = BYTES - len(first)
    while left > 0:
        left -= len(os.read(out, 1 << 17))
    return up, BYTES / 1e6 / (time.perf_counter() - started)


def report(direct: list[float], relayed: list[float], up: float, down: float) -> int:
    """Print the table; 1 where a limit is broken."""
    # A round trip is two messages; both kinds of trip were made in turn, on the same busy or idle machine.
    added = {q: (percentile(relayed, q) - percentile(direct, q)) / 2 for q in (50, 99)}
    rows = [
        ("latency added to a message, p50, ms", added[50], LATENCY_LIMIT_MS, added[50] < LATENCY_LIMIT_MS),
        ("latency added to a message, p99, ms", added[99], LATENCY_LIMIT_MS, added[99] < LATENCY_LIMIT_MS),
        ("client to daemon, MB/s", up, RATE_LIMIT, up >= RATE_LIMIT),
        ("daemon to client, MB/s", down, RATE_LIMIT, down >= RATE_LIMIT),
    ]
    print(f"{'':38} {'measured':>9} {'limit':>7}")
    for name, value, limit, holds in rows:
        print(f"{name:38} {value:9.3f} {limit:7.1f}{'' if holds else '  BROKEN'}")
    return 0 if all(holds for *_, holds in rows) else 1


def percentile(values: list[float], q: int) -> float:
    return statistics.quantiles(values, n=100)[q - 1]


if __name__ == "__main__":
    sys.exit(main())
