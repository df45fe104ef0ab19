"""What stands out in a file of another language: long functions, weak calls, reported lines."""

from __future__ import annotations

import re
from posixpath import splitext
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.languages.declarations import MAX_CHARACTERS, Source, is_readable, read
from rolecall.llm.offline.languages.masking import SCRIPT_SUFFIXES
from rolecall.llm.offline.languages.typings import split_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.context.items import ContextItem
    from rolecall.task import Selection, TaskRequest

_LONG = 40
_MANY = 6
_DEEP = 4
_MAX = 7


def refactor(target: ContextItem, selection: Selection | None) -> Draft:
    """Smells with their lines. Code of these languages is not moved without a model."""
    draft = Draft()
    if not is_readable(target.path):
        draft.say(
            f"Functions of this language cannot be told apart without a model; {target.path} was left as it "
            "is."
        )
        return draft
    source = read(target.path, target.text, selection)
    found = list(_smells(source))
    if not found:
        draft.say(
            f"No smell: no function of {target.path} is long, wide or deeply nested. Nothing to change."
        )
        return draft
    draft.say(
        f"Smells in {target.path}. Nothing was changed: in this language a change needs a person or a model."
    )
    for smell in found[:_MAX]:
        draft.say(smell)
    return draft


def _smells(source: Source) -> Iterator[str]:
    for item in source.declarations:
        where = f"{item.qualified} (line {item.line})"
        code = source.code[item.body[0] : item.body[1]] if item.body else ""
        length = code.count("\n") + 1
        if length > _LONG:
            yield f"{where}: long function, {length} lines. Single responsibility: split it at its comments."
        count = len(split_list(item.parameters))
        if count >= _MANY:
            yield f"{where}: {count} parameters. Group those that travel together in one type."
        if (depth := _depth(code)) > _DEEP:
            yield f"{where}: blocks nest {depth} deep. Return early, or move the inner block out."


def _depth(code: str) -> int:
    depth = deepest = 0
    for letter in re.findall(r"[{}]", code[1:]):
        depth += 1 if letter == "{" else -1
        deepest = max(deepest, depth)
    return deepest


_EVERY = (
    (
        r"(?i)\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b[^\n]*(?:[\"'`]\s*\+|\$\{|\"\s*\.\s*\$|%[sv])",
        "A05 Injection",
        "the query is built from text; bind its values as parameters.",
    ),
    (
        r"(?i)\b(?:password|passwd|secret|api_?key|token)\w*\s*(?::\s*\w+\s*)?:?=\s*[\"'][^\"'\s]{4,}[\"']",
        "A07 Authentication failures",
        "a secret is written in the code; take it from the environment.",
    ),
    (
        r"(?i)\bmd5\b|\bsha-?1\b",
        "A04 Cryptographic failures",
        "MD5 and SHA-1 are broken; use SHA-256, for passwords a slow hash such as scrypt.",
    ),
)
_OWN: dict[tuple[str, ...], tuple[tuple[str, str, str], ...]] = {
    SCRIPT_SUFFIXES: (
        (
            r"\beval\s*\(|\bnew\s+Function\s*\(",
            "A05 Injection",
            "it runs whatever text it gets; parse the text instead.",
        ),
        (
            r"\b(?:exec|execSync)\s*\(\s*(?:`|[\"'][^\n]*\+|\w+\s*[,)])",
            "A05 Injection",
            "a shell gets the text; use execFile with a list of arguments.",
        ),
        (
            r"\.(?:innerHTML|outerHTML)\s*\+?=|\bdocument\.write\s*\(|dangerouslySetInnerHTML",
            "A05 Injection (XSS)",
            "markup from text; set textContent, or escape it.",
        ),
        (
            r"\bMath\.random\s*\(",
            "A04 Cryptographic failures",
            "it can be predicted; use crypto.randomUUID or randomBytes where it makes a token.",
        ),
        (
            r"\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}",
            "A10 Mishandled exceptions",
            "an empty catch hides every failure; handle it, or let it pass.",
        ),
        (
            r"rejectUnauthorized\s*:\s*false",
            "A04 Cryptographic failures",
            "any certificate is accepted; leave the check on.",
        ),
        (
            r"\bsend(?:File)?\s*\(\s*(?:`|[\"'][^\n]*\+)\s*[^\n]*req\.",
            "A01 Broken access control",
            "a path or a page is made from the request; confine the path, escape the text.",
        ),
    ),
    (".go",): (
        (
            r"exec\.Command(?:Context)?\(\s*(?:ctx\s*,\s*)?\"(?:ba|z)?sh\"",
            "A05 Injection",
            "a shell gets the text; name the program, and give its arguments one by one.",
        ),
        (
            r"InsecureSkipVerify\s*:\s*true",
            "A04 Cryptographic failures",
            "any certificate is accepted; leave the check on.",
        ),
        (
            r"http\.(?:Get|Post|Head)\(|http\.DefaultClient",
            "A10 Mishandled exceptions",
            "no timeout: a silent server holds this call for ever.",
        ),
        (
            r"\"math/rand\"",
            "A04 Cryptographic failures",
            "it can be predicted; use crypto/rand where it makes a token.",
        ),
        (
            r"^\s*_\s*=\s*\w[\w.]*\(|,\s*_\s*:?=\s*\w[\w.]*\(",
            "A10 Mishandled exceptions",
            "a result, perhaps an error, is dropped; handle it.",
        ),
        (
            r"http\.ListenAndServe\(",
            "A10 Mishandled exceptions",
            "a server without timeouts; use http.Server with ReadHeaderTimeout.",
        ),
    ),
    (".java", ".kt"): (
        (
            r"Runtime\.getRuntime\(\)\.exec\(",
            "A05 Injection",
            "one text for a command; use ProcessBuilder with a list.",
        ),
        (
            r"\bnew\s+ObjectInputStream\(",
            "A08 Integrity failures",
            "it builds any object; read a data format such as JSON.",
        ),
        (
            r"\bcatch\s*\([^)]*\)\s*\{\s*\}",
            "A10 Mishandled exceptions",
            "an empty catch hides every failure; handle it, or let it pass.",
        ),
        (
            r"\bnew\s+Random\(",
            "A04 Cryptographic failures",
            "it can be predicted; use SecureRandom where it makes a token.",
        ),
    ),
    (".cs",): (
        (r"\bBinaryFormatter\b", "A08 Integrity failures", "it builds any object; use System.Text.Json."),
        (
            r"\bcatch\s*(?:\([^)]*\))?\s*\{\s*\}",
            "A10 Mishandled exceptions",
            "an empty catch hides every failure; handle it, or let it pass.",
        ),
        (
            r"\bnew\s+Random\(",
            "A04 Cryptographic failures",
            "it can be predicted; use RandomNumberGenerator where it makes a token.",
        ),
        (
            r"Process\.Start\([^)\n]*\+",
            "A05 Injection",
            "arguments are joined to one text; use ArgumentList.",
        ),
    ),
    (".rs",): (
        (
            r"\bunsafe\s*\{",
            "A08 Integrity failures",
            "nothing checks this block; say in a SAFETY comment why it holds.",
        ),
        (
            r"\.unwrap\(\)|\.expect\(",
            "A10 Mishandled exceptions",
            "it ends the program; give the error back with `?`.",
        ),
        (
            r"Command::new\(\s*\"(?:ba)?sh\"",
            "A05 Injection",
            "a shell gets the text; name the program, and give its arguments one by one.",
        ),
    ),
    (".php",): (
        (
            r"\becho\s+\$_(?:GET|POST|REQUEST)",
            "A05 Injection (XSS)",
            "input is printed as markup; use htmlspecialchars.",
        ),
        (
            r"\b(?:shell_exec|system|passthru|eval|unserialize)\s*\(",
            "A05 Injection",
            "it runs or builds whatever it gets.",
        ),
    ),
}


def harden(target: ContextItem, selection: Selection | None) -> Draft:
    """Weak places by category of the OWASP Top 10:2025, with line and remedy."""
    draft = Draft()
    found = list(_weak(target, selection))
    if not found:
        draft.say(
            f"None of the patterns this check knows stands in {target.path}. That is no proof of safety."
        )
        return draft
    draft.say(
        f"Places to look at in {target.path}: {len(found)}. Nothing was changed: in this language a change "
        "needs a person or a model."
    )
    for line, category, remedy in found[:_MAX]:
        draft.say(f"Line {line}, {category}: {remedy}")
    return draft


def _weak(target: ContextItem, selection: Selection | None) -> Iterator[tuple[int, str, str]]:
    suffix = splitext(target.path)[1].lower()
    own = next((rules for suffixes, rules in _OWN.items() if suffix in suffixes), ())
    rules = [(re.compile(pattern), category, remedy) for pattern, category, remedy in (*_EVERY, *own)]
    for number, line in enumerate(target.text[:MAX_CHARACTERS].split("\n"), 1):
        if selection and not selection.start_line <= number <= selection.end_line:
            continue
        if re.match(r"\s*(?://|\*|/\*|#(?!\[))", line):
            continue
        for pattern, category, remedy in rules:
            if pattern.search(line[:400]):
                yield number, category, remedy


def fix(target: ContextItem, request: TaskRequest) -> Draft:
    """Every diagnostic with the line it is about."""
    draft = Draft()
    lines = target.text.split("\n")
    if not request.diagnostics:
        draft.say(
            f"No diagnostic was given for {target.path}; run the linter or compiler, and ask on the line it "
            "reports."
        )
        return draft
    draft.say("Nothing was changed: in this language the cause needs a person or a model. Reported:")
    for item in request.diagnostics[:_MAX]:
        text = lines[item.line - 1].strip() if 0 < item.line <= len(lines) else ""
        draft.say(f"Line {item.line} ({item.code or item.severity}): {item.message} In: {text[:80]}")
    return draft
