"""Masking secrets in manifests: files that nobody named, shown because they tell how the project is built.

A key may stand in a script, a compose file or a pipeline. Its name stays, its value does not. References
(``${TOKEN}``, ``${{ secrets.TOKEN }}``, ``/run/secrets/token``) stay: they are what a model has to keep.
The log's redaction masks more than this, whatever follows ``api_key:``; here references would be lost.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "***"

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*+(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
_SHAPES = re.compile(
    # What providers issue, by their own prefixes.
    r"\b(?:(?:sk|pk|rk|gsk|xai|hf|gh[oprsu]|github_pat|glpat|shp(?:at|ss)|dop_v1|xox[abeoprs])[-_]"
    r"(?=[-\w]{0,80}?\d)[-\w]{16,}|sk-[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[-\w]{40,}"
    r"|AIza[-\w]{30,}|(?:AKIA|ASIA)[A-Z0-9]{16}|eyJ[-\w]{10,}\.eyJ[-\w]{10,}\.[-\w]*|SG\.[-\w]{16,}\.[-\w]{16,})"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)[ \t]+(?=[\w.~+/=-]{0,80}?\d)[\w.~+/=-]{12,}")
_IN_URL = re.compile(r"(://[^\s/:@\"'$]{0,80}:)(?!\$)[^\s/@\"']{1,200}(?=@)")
_USER_IN_URL = re.compile(r"(https?://)([^\s/:@\"'$<{]{8,200})(?=(?::[^\s/@\"']{0,200})?@)")
_HEADER = re.compile(
    r"(?i)(\bauthorization\\?[\"']?[ \t]{0,9}[:=][ \t]{0,9}\\?[\"']?"
    r"(?:bearer|basic|token|apikey|digest)[ \t]{1,9})"
    r"(?![$%<{])[^\s\"'\\]{1,400}"
)
_NAME = (
    r"(?:passw(?:or)?d|passphrase|requirepass|(?<=[_-])pass|pwd|secret|token|credentials?"
    r"|(?:api|access|account|auth|secret|private|signing|encryption)[_-]?key)"
    r"(?:[_-](?:base|value|prod|dev|staging|\d{1,3}))?"
)
_NAMED = re.compile(
    rf"(?<![\w-])(?P<name>(?P<flag>--?|ENV[ \t]+)?[\w-]{{0,60}}?{_NAME})"
    # A word, and its value in quotes behind it (Gradle); in a list of arguments, the next of them.
    r"(?P<between>\\?[\"']?[ \t]*(?:=>|:=|\?=|[=:>])[ \t]*"
    r"|(?(flag)(?:[ \t]+|[\"'][ \t]*,[ \t]*(?=[\"']))|[ \t]+(?=[\"'][^\s\"']{1,200}[\"'])))"
    r"(?P<value>\\\"[^\"\\\n]*+\\\"|\"[^\"\n]*+\"|'[^'\n]*+'|[^\s\"'`,;&|<>()\[\]{}\\]++)",
    re.IGNORECASE,
)
_PAIR = re.compile(
    # How Kubernetes, Azure and others list variables: a name, and on the next line its value.
    rf"(?P<name>\bname[\"']?[ \t]{{0,9}}[:=][ \t]{{0,9}}[\"']?[\w.-]{{0,60}}?{_NAME}[\"']?,?"
    r"[ \t]*\n?[ \t]*[\"']?value[\"']?)"
    r"(?P<between>[ \t]{0,9}[:=][ \t]{0,9})(?P<value>\"[^\"\n]*+\"|'[^'\n]*+'|[^\s\"',{}]++)",
    re.IGNORECASE,
)
_SET = re.compile(
    rf"(?P<name>\bset[ \t]{{1,9}}[\w./:-]{{0,80}}?{_NAME})(?P<between>[ \t]{{1,9}})"
    r"(?P<value>\"[^\"\n]*+\"|'[^'\n]*+'|[^\s\"'`;&|]++)",
    re.IGNORECASE,
)
_BLOCK = re.compile(
    rf"^(?P<indent>[ \t]*+)(?P<head>(?:-[ \t]+)?[\"']?[\w-]{{0,60}}?{_NAME}[\"']?:"
    r"[ \t]*[|>][-+\d]{0,3}[ \t]*\n)"
    r"(?:(?P=indent)[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)++",
    re.IGNORECASE | re.MULTILINE,
)
_GIVEN = re.compile(
    # Options that take a password in programs where they do; elsewhere -u and -p are a user, a port, a path.
    r"((?:\bcurl\b[^\n]{0,200}?[ \t](?:-u|--user)[ \t=]{0,3}[\"']?[^\s:\"'$]{1,80}:"
    r"|\b(?:login|sshpass)\b[^\n]{0,120}?[ \t]-p[ \t]{0,3}[\"']?"
    r"|\b(?:mysql|mariadb)\w{0,10}(?:[ \t][^\n]{0,120}?)?[ \t]-p[\"']?"
    r"|\blogin[ \t]+\S{1,80}[ \t]+password[ \t]+))(?![$%<{\s])[^\s\"'\\;&|]{1,200}"
)
_REFERENCE = re.compile(
    r"[\s*-]*$|[$%@<{!?]|.{0,200}?(?:\$\{|\{\{|<[\w -]+>)|(?:\.{0,2}|~)/[\w./-]+$"
    r"|(?:secrets|env|vars?|local|data|module|process|os|self|config|settings)\b[.\[]",
)
_WORD = re.compile(
    r"(?:true|false|yes|no|on|off|null|none|nil|read|write|inherit|required|optional|string|str|bytes|int|integer"
    r"|boolean|bool|any|object|password|token|secret|latest|todo.*)$",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"(?:workspace:|npm:|catalog:)?[\^~<>=!v* ]*\d{0,6}(?:\.[\dx*]+){0,4}(?:[-+][\w.]{0,20})?$"
)


def masked(text: str, *, code: bool = False) -> str:
    """The text with the values that are secrets replaced.

    Args:
        text: of a manifest, or a piece of it.
        code: whether it is a program or a page, in which an unquoted word is a name rather than a value.
    """
    text = _PRIVATE_KEY.sub(MASK, text)
    text = _USER_IN_URL.sub(_user, text)
    text = _IN_URL.sub(rf"\1{MASK}", text)
    text = _HEADER.sub(rf"\1{MASK}", text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    text = _NAMED.sub(lambda match: _assignment(match, code=code), text)
    if not code:
        for listed in (_PAIR, _SET):
            text = listed.sub(lambda match: _assignment(match, code=False), text)
        text = _BLOCK.sub(rf"\g<indent>\g<head>\g<indent>  {MASK}\n", text)
        text = _GIVEN.sub(rf"\1{MASK}", text)
    return _SHAPES.sub(MASK, text)


def _user(match: re.Match[str]) -> str:
    """A token may stand where an address has its user; a user's name is short, and seldom has digits."""
    user = match[2]
    is_token = len(user) >= len("x-access-token-of") or any(map(str.isdigit, user))
    return f"{match[1]}{MASK}" if is_token else match.group()


def _assignment(match: re.Match[str], *, code: bool) -> str:
    name, value = match["name"], match["value"]
    quote = re.match(r"\\?[\"']", value)
    mark = quote.group() if quote else ""
    plain = value.removeprefix(mark).removesuffix(mark) if mark else value
    if _says_nothing(name, plain) or (code and not mark and not _stands_for_itself(name, plain)):
        return match.group()
    return f"{name}{match['between']}{mark}{MASK}{mark}"


def _says_nothing(name: str, value: str) -> bool:
    if _REFERENCE.match(value) or _WORD.match(value):
        return True
    # A dependency may be called jsonwebtoken, a limit max_token; a password may be a number.
    return not re.search("pass|pwd", name, re.IGNORECASE) and _FIGURE.match(value) is not None


def _stands_for_itself(name: str, value: str) -> bool:
    return name.isupper() or (any(map(str.isdigit, value)) and len(value) >= len("hunter22"))
