"""CPU seconds to parse long answers: ours beside markdown-it-py and aider's parsers, and hostile inputs.

Usage: ``python bench/parser.py [ROUNDS]``. Exits 1 where ours needs 1 s or more for 10 MB, over 2.3 times as
long for twice the input, or 2 s or more for a hostile one. aider is measured where it can be imported: here,
or by the interpreter of ``ROLECALL_BENCH_PYTHON``. Each round is a process of its own; the least counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
MEGABYTE = 1_000_000
MOST_S, MOST_GROWTH, MOST_HOSTILE_S = 1.0, 2.3, 2.0
FENCE = "```"
LINE = "    total = total + price(item, quantity={n}, currency='EUR')  # line {n}\n"


def body(size: int) -> str:
    """So many bytes of code, about."""
    lines = [LINE.format(n=n) for n in range(size // len(LINE.format(n=1000)) + 1)]
    return "".join(lines)


def tags(files: int, size: int) -> str:
    """Whole files in the tags that are asked for."""
    text = body(size // files)
    blocks = "".join(f'<file path="src/part{n}/module.py">\n{text}</file>\n' for n in range(files))
    return f'Here it is.\n\n{blocks}<done files="{files}"/>\n'


def fences(files: int, size: int) -> str:
    """Whole files in fences, the name on the line above."""
    text = body(size // files)
    return "".join(f"src/part{n}/module.py\n{FENCE}python\n{text}{FENCE}\n\n" for n in range(files))


def search_replace(files: int, size: int) -> str:
    """Edits between markers."""
    text = body(size // files // 2)
    pair = f"<<<<<<< SEARCH\n{text}=======\n{text}>>>>>>> REPLACE\n"
    return "".join(f"src/part{n}/module.py\n{FENCE}python\n{pair}{FENCE}\n\n" for n in range(files))


FORMATS = {"tags": tags, "fences": fences, "SEARCH/REPLACE": search_replace}
SIZES = ((200, MEGABYTE), (2_000, MEGABYTE), (200, 10 * MEGABYTE), (2_000, 10 * MEGABYTE))
HOSTILE = {
    "a token of 80,000 characters": lambda: "a" * 80_000 + "\n",
    "the same as a fence's path": lambda: f"{FENCE}{'a/' * 40_000}b.py\nx\n{FENCE}\n",
    "100,000 fence lines": lambda: f"{FENCE}\n" * 100_000,
    "100,000 unclosed tags": lambda: '<file path="a.py">\n' * 100_000,
    "a line of 2 MB": lambda: "x" * 2 * MEGABYTE + "\n",
    "a line of 2 MB of spaces": lambda: " " * 2 * MEGABYTE + "x\n",
    "3,000 nested quotes": lambda: "> " * 3_000 + "x\n",
    "3,000 nested quotes, growing": lambda: "".join(f"{'> ' * n}x\n" for n in range(3_000)),
    "100,000 dividers": lambda: "a.py\n<<<<<<< SEARCH\n" + "=======\n" * 100_000,
}


def ours(text: str) -> int:
    from rolecall.answer import AnswerParser

    parser = AnswerParser()
    for at in range(0, len(text), 4_096):
        parser.feed(text[at : at + 4_096])
    return len(parser.finish().blocks)


def markdown_it(text: str) -> int:
    from markdown_it import MarkdownIt

    return sum(token.type == "fence" for token in MarkdownIt().parse(text))


def aider_whole(text: str) -> int:
    from aider.coders.wholefile_coder import WholeFileCoder

    coder = SimpleNamespace(
        get_multi_response_content_in_progress=lambda: text,
        get_inchat_relative_files=list,
        fence=(FENCE, FENCE),
        abs_root_path=lambda path: path,
        io=SimpleNamespace(tool_error=print),
    )
    return len(list(WholeFileCoder.get_edits(coder)))


def aider_edits(text: str) -> int:
    from aider.coders.editblock_coder import find_original_update_blocks

    return len(list(find_original_update_blocks(text, (FENCE, FENCE), [])))


PARSERS: dict[str, tuple[Callable[[str], int], tuple[str, ...]]] = {
    "rolecall": (ours, tuple(FORMATS)),
    "markdown-it-py": (markdown_it, ("fences", "SEARCH/REPLACE")),
    "aider whole": (aider_whole, ("fences",)),
    "aider edits": (aider_edits, ("SEARCH/REPLACE",)),
}


def measure(name: str, file: str) -> None:
    """Print what a parser found in a file, and the CPU seconds it took."""
    text = Path(file).read_text(encoding="utf-8")
    parse = PARSERS[name][0]
    parse("Some prose.\n")
    begin = time.process_time()
    found = parse(text)
    print(found, time.process_time() - begin)


def seconds(name: str, text: str, rounds: int, files: int | None = None) -> float | None:
    """The least CPU seconds of the rounds; None where the parser cannot be imported."""
    peer = os.environ.get("ROLECALL_BENCH_PYTHON") if name.startswith("aider") else None
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "agents")}
    with tempfile.NamedTemporaryFile("w", suffix=".md", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        command = [peer or sys.executable, __file__, "--measure", name, file.name]
        times: list[float] = []
        for _ in range(rounds):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                if name == "rolecall":
                    raise SystemExit(done.stderr)
                return None
            found, cpu = done.stdout.split()[-2:]
            assert files is None or int(found) == files, f"{name} found {found} of {files} files"
            times.append(float(cpu))
    return min(times)


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"CPU seconds, the least of {rounds} rounds")
    print(f"{'format':<16}{'MB':>4}{'files':>7}" + "".join(f"{name:>16}" for name in PARSERS))
    slowest = 0.0
    for kind, make in FORMATS.items():
        for files, size in SIZES:
            text = make(files, size)
            cells: list[str] = []
            for name, (_, formats) in PARSERS.items():
                cpu = seconds(name, text, rounds, files) if kind in formats else None
                cells.append("-" if cpu is None else f"{cpu:.3f}")
                slowest = max(slowest, cpu or 0.0) if name == "rolecall" else slowest
            row = "".join(f"{cell:>16}" for cell in cells)
            print(f"{kind:<16}{size // MEGABYTE:>4}{files:>7}{row}", flush=True)
    growth = max(_growth(make, rounds) for make in FORMATS.values())
    print(f"rolecall: at most {slowest:.3f} s; twice the input takes at most {growth:.2f} times as long")
    worst = 0.0
    for what, make_hostile in HOSTILE.items():
        cpu = seconds("rolecall", make_hostile(), rounds) or 0.0
        worst = max(worst, cpu)
        print(f"  {what:<34}{cpu:>8.3f}", flush=True)
    return 0 if slowest < MOST_S and growth <= MOST_GROWTH and worst < MOST_HOSTILE_S else 1


def _growth(make: Callable[[int, int], str], rounds: int) -> float:
    half = seconds("rolecall", make(1_000, 5 * MEGABYTE), rounds) or 1.0
    return (seconds("rolecall", make(2_000, 10 * MEGABYTE), rounds) or 0.0) / half


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(*sys.argv[2:4])
    else:
        sys.exit(main())
