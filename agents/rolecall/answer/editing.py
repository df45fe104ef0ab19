"""Applies the hunks of a block to the lines of a file, in order, or says why not."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from rolecall.answer.linediff import changed_ranges
from rolecall.answer.matching import FileLines, Match, Mismatch, Piece, Place, explain, locate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.answer.blocks import Block, Hunk


def edit(file: FileLines, block: Block) -> list[tuple[Hunk, Mismatch]]:
    """Applies the hunks of a block; returns those that have no place, and why.

    The hunks of a diff speak of the file before the diff; they are placed there first. Where that fails,
    and for SEARCH/REPLACE always, each is placed in what the one before it left.
    """
    failed: list[tuple[Hunk, Mismatch]] = []
    if block.hunks and block.hunks[0].kept is not None and len(block.hunks) > 1:
        pieces = _placed_at_once(file, block)
        if pieces is not None:
            file.splice_all(pieces)
            return failed
    for hunk in block.hunks:
        piece = _piece(file, hunk, block.path)
        if isinstance(piece, Mismatch):
            failed.append((hunk, piece))
        else:
            file.splice(piece)
    return failed


def _piece(file: FileLines, hunk: Hunk, path: str) -> Piece | Mismatch:
    """What a hunk puts where."""
    if not any(hunk.old) and not any(file.contents):
        return Piece(0, len(file.contents), hunk.new, [file.usual_ending] * len(hunk.new))
    placed = _place(file, hunk, path)
    return placed if isinstance(placed, Mismatch) else _replacement(file, *placed, path)


def _placed_at_once(file: FileLines, block: Block) -> list[Piece] | None:
    """All hunks of a diff against the file before it; None where one has no place or two overlap."""
    file.index()
    pieces: list[Piece] = []
    for hunk in block.hunks:
        place = _place(file, hunk, block.path)
        piece = place if isinstance(place, Mismatch) else _replacement(file, *_core(*place), block.path)
        if isinstance(piece, Mismatch):
            return None
        pieces.append(piece)
    pieces.sort(key=lambda piece: (piece.start, piece.end))
    apart = all(one.end <= other.start for one, other in pairwise(pieces))
    return pieces if apart else None


def _core(hunk: Hunk, match: Match) -> tuple[Hunk, Match]:
    """A hunk without the context around its changes, since the contexts of two hunks may overlap."""
    kept, old, new = hunk.kept or (), len(hunk.old), len(hunk.new)
    head = 0
    while head < len(kept) and kept[head] == (head, head):
        head += 1
    tail = 0
    while tail < len(kept) - head and kept[-1 - tail] == (old - 1 - tail, new - 1 - tail):
        tail += 1
    inner = tuple((i - head, j - head) for i, j in kept[head : len(kept) - tail])
    core = replace(hunk, old=hunk.old[head : old - tail], new=hunk.new[head : new - tail], kept=inner)
    return core, replace(match, start=match.start + head)


def _place(file: FileLines, hunk: Hunk, path: str) -> tuple[Hunk, Match] | Mismatch:
    """The place of a hunk, and the hunk without trailing blank lines that were only layout."""
    what = "the SEARCH text" if hunk.kept is None else "the hunk"
    if not hunk.old:
        return _place_insertion(file, hunk, path)
    missing = Place(file, hunk).missing_anchor()
    if missing is not None:
        return Mismatch(
            f"the hunk at answer line {hunk.line} has no place in {path}: "
            f"no line of the file reads {missing!r}."
        )
    tried: list[int] = []
    for shortened in _without_loose_tail(hunk):
        found = locate(file, shortened.old, Place(file, shortened).narrow) if shortened.old else []
        if isinstance(found, Match):
            return shortened, found
        tried = tried or found
        if found:
            break
    return explain(path, file, hunk, tried, what)


def _without_loose_tail(hunk: Hunk) -> list[Hunk]:
    if not hunk.loose_tail:
        return [hunk]
    old, new = hunk.old[: -hunk.loose_tail], hunk.new[: -hunk.loose_tail]
    kept = tuple(pair for pair in hunk.kept or () if pair[0] < len(old))
    return [hunk, replace(hunk, old=old, new=new, kept=kept, loose_tail=0)]


def _place_insertion(file: FileLines, hunk: Hunk, path: str) -> tuple[Hunk, Match] | Mismatch:
    if hunk.at_end:
        return hunk, Match(len(file.contents))
    what = "an empty SEARCH creates a file, and" if hunk.kept is None else "the hunk has no line to find, and"
    return Mismatch(
        f"{what} {path} is not empty (answer line {hunk.line}). "
        "Give the lines next to which the new ones belong."
    )


def _replacement(file: FileLines, hunk: Hunk, match: Match, path: str) -> Piece | Mismatch:
    """The new lines of a hunk for its place; lines that it keeps stay as the file has them."""
    new = list(hunk.new)
    if match.shift is not None:
        moved = [match.shift.apply(line) for line in new]
        if None in moved:
            return Mismatch(
                f"the SEARCH text at answer line {hunk.line} stands in {path} at line {match.start + 1} "
                "with less indentation, and its REPLACE text cannot be shifted likewise. "
                "Copy the lines exactly as they stand."
            )
        new = [line for line in moved if line is not None]
    end = match.start + len(hunk.old)
    kept = dict(_kept_pairs(hunk))
    endings = _endings(file.endings[match.start : end], len(new), kept, file.usual_ending)
    for index, old_index in kept.items():
        new[index] = file.contents[match.start + old_index]
    return Piece(match.start, end, new, endings)


def _endings(old: Sequence[str], count: int, kept: dict[int, int], usual: str) -> list[str]:
    """The endings of new lines: of the line that each one keeps or replaces."""
    stays = set(kept.values())
    endings: list[str] = []
    at = 0
    for index in range(count):
        if index in kept:
            at = kept[index]
            endings.append(old[at])
            at += 1
        else:
            endings.append(old[min(at, len(old) - 1)] or usual if old else usual)
            at += at not in stays
    return endings


def _kept_pairs(hunk: Hunk) -> list[tuple[int, int]]:
    """Pairs (index in new, index in old) of the lines that a hunk leaves as they are."""
    if hunk.kept is not None:
        return [(new, old) for old, new in hunk.kept]
    return kept_lines(hunk.old, hunk.new)


def kept_lines(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs (index in new, index in old) of lines that are equal in both, in order."""
    pairs: list[tuple[int, int]] = []
    at_old = at_new = 0
    for change in [*changed_ranges(old, new), None]:
        old_end = change.before_start if change else len(old)
        pairs.extend((at_new + step, at_old + step) for step in range(old_end - at_old))
        if change:
            at_old, at_new = change.before_end, change.after_end
    return pairs
