"""What every answer must hold to, whatever the role."""

from __future__ import annotations

import re

from grading.answers import Graded, grader

_ELISION = re.compile(
    r"^\s*(?:#|//|--|<!--|/\*)?\s*(?:\.\.\.|…)?\s*(?:rest|remaining|existing|unchanged).{0,40}(?:unchanged|here|code|\.\.\.|…)",
    re.IGNORECASE | re.MULTILINE,
)
_INVENTABLE = re.compile(
    r"https?://[^\s)\"'>\]]+|(?<![\d.])\d+\.\d+\.\d+(?!\.?\d)|\bsha256:[0-9a-f]{16,}|@[0-9a-f]{40}\b"
)
# The version of the format itself, one's own machine, and names that RFC 2606 keeps for examples.
_KNOWN = re.compile(
    r"^openapi: .*$|https?://(?:localhost|127\.0\.0\.1|\[::1\]|(?:[\w-]+\.)*(?:example(?:\.(?:com|org|net))?|invalid|test))\b[^\s)\"'>\]]*",
    re.MULTILINE,
)


@grader
def applies(answer: Graded) -> bool:
    """The answer parses, is complete, and every block finds its place."""
    return answer.incomplete is None and all(c.state == "proposed" for c in answer.changes.changes)


@grader
def counts_blocks(answer: Graded) -> bool:
    """The last line says how many blocks there are."""
    done = re.search(r'<done files="(\d+)"/>\s*\Z', answer.text)
    blocks = re.findall(r"^<(?:file|edit|delete|move) ", answer.text, re.MULTILINE)
    return done is not None and int(done.group(1)) == len(blocks)


@grader
def bare_tags(answer: Graded) -> bool:
    """No tag is indented, shares its line, or stands in a fence."""
    tags = re.findall(r"^.*</?(?:file|edit)(?: path=\"[^\"]*\")?>.*$", answer.text, re.MULTILINE)
    fenced = re.search(r"^```.*\n<(?:file|edit) ", answer.text, re.MULTILINE)
    return not fenced and all(re.fullmatch(r"</?(?:file|edit)(?: path=\"[^\"]*\")?>", tag) for tag in tags)


@grader
def short_prose(answer: Graded) -> bool:
    """At most ten lines come before the blocks, and none after."""
    tail = re.split(r"^<done .*$", answer.text, maxsplit=1, flags=re.MULTILINE)[-1]
    lines = [line for line in answer.prose.splitlines() if line.strip()]
    return len(lines) <= 10 and (not tail.strip() or "<done" not in answer.text)


@grader
def nothing_elided(answer: Graded) -> bool:
    """Every line is written out."""
    bodies = re.findall(r"^<(?:file|edit) [^>]*>\n(.*?)^</", answer.text, re.MULTILINE | re.DOTALL)
    return not any(_ELISION.search(body) for body in bodies)


@grader
def in_scope(answer: Graded) -> bool:
    """Only files that were asked for are written."""
    return all(change.path.startswith(answer.allowed or ("",)) for change in answer.changes.changes)


@grader
def few_lines_changed(answer: Graded) -> bool:
    """An existing file keeps at least half of its lines."""
    for path, text in answer.after.items():
        old = [line for line in answer.before.get(path, "").splitlines() if line.strip()]
        if old and sum(line in text.splitlines() for line in old) * 2 < len(old):
            return False
    return True


@grader
def nothing_invented(answer: Graded) -> bool:
    """Links, full versions and digests come from the context."""
    return all(
        found in answer.given
        for text in answer.written()
        for found in _INVENTABLE.findall(_KNOWN.sub("", text))
    )


@grader
def says_not_run(answer: Graded) -> bool:
    """The prose says that nothing was run, and gives a command."""
    untried = r"not(?:hing was)? (?:run|built|applied|planned|executed)|did not run|untested"
    command = r"`|check with:? \S"
    return all(re.search(pattern, answer.prose, re.IGNORECASE) for pattern in (untried, command))


@grader
def assumptions_are_few(answer: Graded) -> bool:
    """At most five assumptions are listed."""
    listed = re.search(r"Assumptions:?\n((?:- .*\n?)+)", answer.prose)
    return listed is None or len(listed.group(1).strip().splitlines()) <= 5


@grader
def todo_is_visible(answer: Graded) -> bool:
    """What is open is marked the one way a reader can search for."""
    marks = [
        mark for text in answer.written() for mark in re.findall(r"\b(?:TODO|TBD|FIXME|XXX)\b.{0,12}", text)
    ]
    given = answer.given
    return all(mark.startswith("TODO(rolecall):") or mark in given for mark in marks)


@grader
def asks_instead_of_writing(answer: Graded) -> bool:
    """Where the target is absent, nothing is written and something is asked."""
    if answer.before:
        return True
    return not answer.changes.changes and bool(answer.prose) and 'files="0"' in answer.text
