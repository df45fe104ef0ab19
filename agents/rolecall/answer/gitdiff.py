"""A change as a unified diff in git's extended format, which ``git apply`` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rolecall.answer.linediff import changed_ranges

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rolecall.answer.linediff import Range

_CONTEXT: Final = 3
_NO_NEWLINE: Final = "\\ No newline at end of file\n"
_ESCAPES: Final = {
    "\a": "a",
    "\b": "b",
    "\t": "t",
    "\n": "n",
    "\v": "v",
    "\f": "f",
    "\r": "r",
    '"': '"',
    "\\": "\\",
}


def git_diff(
    path: str,
    before: str | None,
    after: str | None,
    new_path: str | None = None,
    *,
    executable: bool = False,
    ranges: Sequence[Range] | None = None,
) -> str:
    """The diff between two texts of a file.

    Args:
        path: workspace path.
        before: the text as it is on disk, byte order mark included; None where the file is created.
        after: likewise afterwards; None where it is deleted.
        new_path: where the file moves, None where it stays.
        executable: whether a created file can be run.
        ranges: what :func:`changed` says of the two texts, where it is known.
    """
    target = new_path or path
    old_lines, new_lines = _lines(before or ""), _lines(after or "")
    head = [f"diff --git {_name('a/', path)} {_name('b/', target)}\n"]
    if before is None:
        head.append(f"new file mode {'100755' if executable else '100644'}\n")
    elif after is None:
        head.append("deleted file mode 100644\n")
    if ranges is None:
        ranges = changed(before, after)
    if new_path is not None:
        head.append(f"similarity index {_similarity(old_lines, ranges)}%\n")
        head.append(f"rename from {_name('', path)}\nrename to {_name('', new_path)}\n")
    if not ranges:
        return "".join(head) if len(head) > 1 else ""
    head.append("--- /dev/null\n" if before is None else f"--- {_name('a/', path, tab=True)}\n")
    head.append("+++ /dev/null\n" if after is None else f"+++ {_name('b/', target, tab=True)}\n")
    for group in _groups(ranges):
        head.extend(_hunk(group, old_lines, new_lines))
    return "".join(head)


def changed(before: str | None, after: str | None) -> tuple[Range, ...]:
    """The lines that differ between two texts, None standing for no file."""
    return tuple(changed_ranges(_lines(before or ""), _lines(after or "")))


def counts(ranges: Sequence[Range]) -> tuple[int, int]:
    """How many lines a diff with these ranges adds and removes."""
    added = sum(r.after_end - r.after_start for r in ranges)
    return added, sum(r.before_end - r.before_start for r in ranges)


def _lines(text: str) -> list[str]:
    """Lines with their endings as git sees them: only a line feed ends one."""
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def _name(prefix: str, path: str, *, tab: bool = False) -> str:
    """A path as git writes it: quoted where it has control characters, quotes or backslashes."""
    name = prefix + path
    if not any(c in _ESCAPES or c < " " or c == "\x7f" for c in name):
        return f"{name}\t" if tab and " " in name else name  # the tab tells git where a name with spaces ends
    return '"' + "".join(_escaped(c) for c in name) + '"'


def _escaped(sign: str) -> str:
    if sign in _ESCAPES:
        return "\\" + _ESCAPES[sign]
    return f"\\{ord(sign):03o}" if sign < " " or sign == "\x7f" else sign


def _similarity(old_lines: Sequence[str], ranges: Sequence[Range]) -> int:
    if not ranges:
        return 100
    removed = sum(r.before_end - r.before_start for r in ranges)
    return min(99, 100 * (len(old_lines) - removed) // max(1, len(old_lines)))


def _groups(ranges: Sequence[Range]) -> Iterator[list[Range]]:
    """Changes whose contexts touch share a hunk."""
    group: list[Range] = []
    for change in ranges:
        if group and change.before_start - group[-1].before_end > 2 * _CONTEXT:
            yield group
            group = []
        group.append(change)
    if group:
        yield group


def _hunk(group: Sequence[Range], old_lines: Sequence[str], new_lines: Sequence[str]) -> Iterator[str]:
    first, last = group[0], group[-1]
    head = min(_CONTEXT, first.before_start)
    old_start, new_start = first.before_start - head, first.after_start - head
    tail = min(_CONTEXT, len(old_lines) - last.before_end)
    old_end, new_end = last.before_end + tail, last.after_end + tail
    yield f"@@ -{_span(old_start, old_end)} +{_span(new_start, new_end)} @@\n"
    at = old_start
    for change in group:
        yield from _signed(" ", old_lines[at : change.before_start])
        yield from _signed("-", old_lines[change.before_start : change.before_end])
        yield from _signed("+", new_lines[change.after_start : change.after_end])
        at = change.before_end
    yield from _signed(" ", old_lines[at:old_end])


def _span(start: int, end: int) -> str:
    if end - start == 1:
        return str(start + 1)
    return f"{start + (end > start)},{end - start}"  # an empty span is numbered by the line before it


def _signed(sign: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n{_NO_NEWLINE}"
