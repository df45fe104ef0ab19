"""Pages on a file in another language."""

from __future__ import annotations

from posixpath import basename, join
from typing import TYPE_CHECKING

from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.languages.comments import read_comment
from rolecall.llm.offline.languages.names import names, todos
from rolecall.llm.offline.source.wording import slug

if TYPE_CHECKING:
    from collections.abc import Collection

    from rolecall.context.items import ContextItem
    from rolecall.task import Selection


def page(
    target: ContextItem, selection: Selection | None, paths: Collection[str], folder: str, title: str
) -> Draft:
    """A page on the names of a file, with their comments and what is left to do."""
    draft = Draft()
    found = names(target.path, target.text, selection)
    open_points = todos(target.text)
    if not found and not open_points:
        draft.say(f"No function, class or TODO could be told apart in {target.path}; name a file with code.")
        return draft
    lines = [f"# {title} of `{target.path}`", ""]
    for item in found:
        lines += [
            f"## `{item.name}`",
            "",
            read_comment(item.comment).text or "TODO(rolecall): say what it is for.",
            "",
            f"Source: `{target.path}:{item.line}`",
            "",
        ]
    if open_points:
        lines += [
            "## Open questions",
            "",
            *(f"- `{target.path}:{number}`: {text}" for number, text in open_points),
            "",
        ]
    path = join("docs", folder, f"{slug(basename(target.path))}.md")
    if path in paths:
        draft.say(f"{path} exists already; it was left as it is.")
    elif draft.file(path, "\n".join(lines).rstrip() + "\n"):
        draft.say(
            f"{path} lists {len(found)} names of {target.path} with their comments; in this language only "
            "names and comments were read."
        )
    return draft
