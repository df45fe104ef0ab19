"""Mending weak places by rule, where the rule keeps what the code promises; the rest is named."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.hardening.commands import arguments
from rolecall.llm.offline.hardening.queries import bound, imported, style
from rolecall.llm.offline.hardening.texts import parts
from rolecall.llm.offline.hardening.weaknesses import weaknesses
from rolecall.llm.offline.patches import split_lines, to_edits
from rolecall.llm.offline.rewriting import Rewriting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.source.reading import FunctionDef
    from rolecall.llm.offline.study import Study

_MOST_TOLD = 7
_SHORTEST_SECRET = 4
_CLIENTS = frozenset({"requests", "httpx"})
_SENDS = frozenset({"get", "post", "put", "delete", "patch", "head", "request", "urlopen"})
_TAG = re.compile(r"<\w+")
_CODE_PLACE = re.compile(
    r"<(?:script|style)\b[^<]*$|\s(?:on\w+|href|src|style)\s*=\s*[\"']?$|=$", re.IGNORECASE
)


def harden(study: Study) -> Draft:
    """Bind queries, take shells away, confine paths, escape markup, end waits; name the rest."""
    draft = Draft()
    lines = split_lines(study.target.text)
    mender = _Mender(study, lines)
    mender.walk()
    edits = to_edits(lines, mender.rewriting.patches()) if mender.told else None
    written = bool(edits) and draft.edit(study.target.path, edits or [])
    if written:
        for said in list(dict.fromkeys(mender.told))[:_MOST_TOLD]:
            draft.say(said)
    left = [item for item in weaknesses(study.module.tree) if not (written and item[0] in mender.lines)]
    if study.selection is not None:
        left = [item for item in left if study.selection.start_line <= item[0] <= study.selection.end_line]
    left += [item for item in mender.left if item[0] not in {line for line, _, _ in left}]
    if left:
        head = (
            "Left as they are, since each remedy needs a decision"
            if written
            else "Places to look at, each left as it is"
        )
        draft.say(f"{head} ({len(left)} in {study.target.path}, by OWASP Top 10:2025):")
    for line, category, remedy in sorted(left)[: max(2, _MOST_TOLD - len(mender.told))]:
        draft.say(f"Line {line}, {category}: {remedy}")
    if not left and not written:
        draft.say(
            f"None of the patterns this check knows stands in {study.target.path}. That is no proof of "
            "safety."
        )
    if written:
        draft.say(
            f"Nothing was run. Check with: python -m pytest, and python -m py_compile {study.target.path}"
        )
    return draft


class _Mender:
    """Walks a module and gathers what can be mended."""

    def __init__(self, study: Study, lines: list[str]) -> None:
        self._study = study
        self._tree = study.module.tree
        self.rewriting = Rewriting(lines)
        self.told: list[str] = []
        self.lines: set[int] = set()
        self.left: list[tuple[int, str, str]] = []
        self._mark = style(self._tree)
        self._modules = imported(self._tree)
        self._needed: list[str] = []
        self._dropped = 0

    def walk(self) -> None:
        """Look at every function, then at the module's own statements."""
        functions = [
            node for node in ast.walk(self._tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        ]
        for node in functions:
            texts = frozenset(_texts(node))
            self._confine(node)
            for child in _own(node):
                self._look(child, texts, node)
        inside = {id(child) for node in functions for child in ast.walk(node)}
        for child in ast.walk(self._tree):
            if id(child) not in inside:
                self._look(child, frozenset(), None)
        self._import()

    def _look(self, node: ast.AST, texts: frozenset[str], function: FunctionDef | None) -> None:
        if not self._is_selected(node):
            return
        match node:
            case ast.Call():
                self._call(node, texts)
            case ast.Compare(
                left=ast.Call() as call, ops=[ast.Eq() | ast.NotEq()], comparators=[ast.Constant(value=0)]
            ):
                self._system(call, node)
            case ast.Expr(value=ast.Call() as call):
                self._system(call, None)
            case ast.Return(value=ast.JoinedStr() as text):
                self._markup(text, texts)
            case ast.Assign(value=ast.JoinedStr() as text):
                self._markup(text, texts)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))) if (
                function is None
            ):
                self._secret(node, name, text)
            case _:
                return

    def _is_selected(self, node: ast.AST) -> bool:
        chosen = self._study.selection
        line = getattr(node, "lineno", 0)
        return chosen is None or chosen.start_line <= line <= chosen.end_line

    def _mended(self, node: ast.expr | ast.stmt, text: str, said: str) -> bool:
        if not self.rewriting.replace(node, text):
            return False
        self.told.append(f"Line {node.lineno}, {said}")
        self.lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        return True

    def _call(self, node: ast.Call, texts: frozenset[str]) -> None:
        name = ast.unparse(node.func)
        given = {item.arg: item for item in node.keywords if item.arg}
        if name.endswith((".execute", ".executemany")) and len(node.args) == 1 and not given and self._mark:
            query = bound(node.args[0], self._mark, texts)
            if query is not None:
                self._mended(
                    node.args[0],
                    query,
                    "A05 injection: the query's values are bound, and no longer part of its text.",
                )
        elif name == "yaml.load" and node.args and self._loads_anything(node):
            self._mended(
                node,
                f"yaml.safe_load({ast.unparse(node.args[0])})",
                "A08 integrity: yaml.safe_load builds no objects.",
            )
        elif name.startswith("subprocess.") and _says(given.get("shell"), "True") and node.args:
            listed = arguments(node.args[0])
            if listed is not None:
                rest = [ast.unparse(item) for item in node.keywords if item.arg != "shell"]
                self._mended(
                    node,
                    f"{name}({', '.join([listed, *rest])})",
                    "A05 injection: a list of arguments, and no shell.",
                )
        elif _says(given.get("verify"), "False"):
            kept = [
                ast.unparse(item)
                for item in (*node.args, *(item for item in node.keywords if item.arg != "verify"))
            ]
            self._mended(
                node,
                f"{name}({', '.join(kept)})",
                "A04 cryptographic failures: certificates are checked again.",
            )
        elif self._waits_forever(name, given):
            self._bound_wait(node, name)

    def _loads_anything(self, node: ast.Call) -> bool:
        loader = next(
            (item.value for item in node.keywords if item.arg == "Loader"),
            node.args[1] if len(node.args) > 1 else None,
        )
        return loader is None or "Safe" not in ast.unparse(loader)

    def _waits_forever(self, name: str, given: dict[str, ast.keyword]) -> bool:
        module, _, function = name.rpartition(".")
        return (
            module in _CLIENTS and module in self._modules and function in _SENDS and "timeout" not in given
        )

    def _bound_wait(self, node: ast.Call, name: str) -> None:
        kept = [ast.unparse(item) for item in (*node.args, *node.keywords)]
        text = f"{name}({', '.join([*kept, 'timeout=10'])})"
        if self._mended(
            node, text, "A10 mishandled exceptions: the wait ends after 10 s, which is yours to choose."
        ):
            self._note(node.lineno, "10 s is a guess; how long may the server take?")

    def _note(self, line: int, text: str) -> None:
        self.rewriting.insert(line, [f"{self.rewriting.indent(line)}# TODO(rolecall): {text}"])

    def _system(self, call: ast.Call, compared: ast.Compare | None) -> None:
        if ast.unparse(call.func) != "os.system" or len(call.args) != 1 or call.lineno in self.lines:
            return
        listed = arguments(call.args[0])
        if listed is None:
            self.left.append(
                (
                    call.lineno,
                    "A05 Injection",
                    "os.system gives this text to a shell; list its words for subprocess.run.",
                )
            )
            return
        run = f"subprocess.run({listed}, check=False, timeout=60)"
        node: ast.expr = compared or call
        if compared is not None:
            sign = "==" if isinstance(compared.ops[0], ast.Eq) else "!="
            run = f"{run}.returncode {sign} 0"
        if self._mended(
            node,
            run,
            "A05 injection: a list of arguments and no shell. A program that is missing, or takes 60 s, now "
            "raises.",
        ):
            self._note(node.lineno, "60 s is a guess; how long may the program take?")
            self._needed.append("subprocess")
            self._dropped += 1

    def _markup(self, node: ast.JoinedStr, texts: frozenset[str]) -> None:
        found = parts(node) or []
        before = ""
        if not any(isinstance(part, str) and _TAG.search(part) for part in found):
            return
        values = [item for item in node.values if isinstance(item, ast.FormattedValue)]
        for part in found:
            if isinstance(part, str):
                before += part
                continue
            value = values.pop(0)
            plain = isinstance(part.node, ast.Name) and part.node.id in texts
            if plain and not part.spec and not _CODE_PLACE.search(before):
                if self._mended(
                    value.value,
                    f"escape({part.source})",
                    "A05 injection (XSS): text from outside is escaped before it becomes markup.",
                ):
                    self._needed.append("escape")
            elif plain:
                self.left.append(
                    (
                        node.lineno,
                        "A05 Injection (XSS)",
                        f"{part.source} gets into a script, style or address: escaping is not enough.",
                    )
                )
            before += "x"

    def _secret(self, node: ast.Assign, name: str, text: str) -> None:
        if (
            not name.isupper()
            or len(text) < _SHORTEST_SECRET
            or not re.search(r"PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY", name)
        ):
            return
        if re.search(r"^[<{]|example|change|placeholder|your|TODO|://", text, re.IGNORECASE):
            return
        said = f"A07 authentication failures: {name} comes from the environment; replace the old value."
        if self._mended(node.value, f'os.environ["{name}"]', said):
            self._needed.append("os")

    def _confine(self, node: FunctionDef) -> None:
        """``path = folder / name`` of parameters, before the file is touched."""
        names = {item.arg for item in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
        texts = set(_texts(node))
        for index, statement in enumerate(node.body):
            match statement:
                case ast.Assign(
                    targets=[ast.Name(id=path)],
                    value=ast.BinOp(
                        left=ast.Name() | ast.Attribute() as base, op=ast.Div(), right=ast.Name(id=given)
                    ),
                ) if given in names and given in texts and self._is_selected(statement):
                    if f"{path}.is_relative_to" not in ast.unparse(node):
                        self._confined(node, index, path, ast.unparse(base))
                case _:
                    continue

    def _confined(self, node: FunctionDef, index: int, path: str, base: str) -> None:
        statement = node.body[index]
        if not isinstance(statement, ast.Assign):
            return
        check = f"not {path}.is_relative_to({base}.resolve())"
        said = (
            "A01 broken access control (path traversal): a name that leads outside of the folder is refused"
        )
        following = node.body[index + 1] if index + 1 < len(node.body) else None
        resolved = f"({ast.unparse(statement.value)}).resolve()"
        if (
            isinstance(following, ast.If)
            and following.body
            and isinstance(following.body[-1], ast.Raise)
            and _asks_for(following.test, path)
        ):
            if self._mended(statement.value, resolved, f"{said}, as one that does not exist."):
                self.rewriting.replace(following.test, f"{check} or {ast.unparse(following.test)}")
            return
        if self._mended(statement.value, resolved, f"{said} with ValueError.") and following is not None:
            indent = self.rewriting.indent(following.lineno)
            self.rewriting.insert(
                following.lineno,
                [f"{indent}if {check}:", f'{indent}    raise ValueError("the path leads out of its folder")'],
            )

    def _import(self) -> None:
        wanted = {"subprocess": "import subprocess", "os": "import os", "escape": "from html import escape"}
        body = self._tree.body
        bound_names = {
            alias.asname or alias.name
            for node in body
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        }
        self._drop_os()
        lines = sorted({wanted[name] for name in self._needed if name not in bound_names})
        if not lines:
            return
        imports = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
        plain = [
            node for node in imports if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")
        ]
        if plain:
            self.rewriting.insert(plain[0].lineno, lines)
            return
        start = 1 if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) else 0
        place = body[len(imports) + start] if len(body) > len(imports) + start else None
        if place is not None:
            decorated = getattr(place, "decorator_list", [])
            self.rewriting.insert(min([place.lineno, *(item.lineno for item in decorated)]), [*lines, ""])

    def _drop_os(self) -> None:
        """``import os`` goes where nothing uses it any more."""
        used = [node for node in ast.walk(self._tree) if isinstance(node, ast.Name) and node.id == "os"]
        if not self._dropped or len(used) > self._dropped or "os" in self._needed:
            return
        for node in self._tree.body:
            if isinstance(node, ast.Import) and [alias.name for alias in node.names] == ["os"]:
                self.rewriting.replace(node, "import subprocess")
                self._needed = [name for name in self._needed if name != "subprocess"]
                return


def _texts(node: FunctionDef) -> Iterator[str]:
    """Parameters that hold text: annotated so, or not at all."""
    for item in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        if item.arg not in {"self", "cls"} and (
            item.annotation is None or ast.unparse(item.annotation) in {"str", "str | None"}
        ):
            yield item.arg


def _own(node: FunctionDef) -> Iterator[ast.AST]:
    from rolecall.llm.offline.source.raises import own_nodes  # noqa: PLC0415 - one caller

    return iter(
        sorted(own_nodes(node), key=lambda item: (getattr(item, "lineno", 0), isinstance(item, ast.Call)))
    )


def _says(item: ast.keyword | None, value: str) -> bool:
    return item is not None and ast.unparse(item.value) == value


def _asks_for(test: ast.expr, path: str) -> bool:
    return (
        re.search(rf"\bnot {re.escape(path)}\.(?:is_file|exists|is_dir)\(\)", ast.unparse(test)) is not None
    )
