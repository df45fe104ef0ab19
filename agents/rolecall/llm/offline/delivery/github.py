"""What an existing GitHub workflow lacks: permissions, timeouts, and the project's own checks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.delivery.gitlab import calls
from rolecall.llm.offline.delivery.project import as_table
from rolecall.llm.offline.delivery.recipes import recipe
from rolecall.llm.offline.delivery.revision import Revision, block_end, indent_of, read_documents

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rolecall.llm.offline.delivery.project import Project
    from rolecall.llm.offline.draft import Draft

_DEPLOYS = re.compile(
    r"publish|deploy|release|upload|docker/(?:build-push|login)|git push|gh-pages|\bgh \w", re.IGNORECASE
)


def mend(draft: Draft, paths: Sequence[str], texts: Mapping[str, str], found: list[Project]) -> None:
    """Put into each workflow what it lacks; a step that checks goes into the job that tests."""
    whole = "\n".join(texts.get(path, "") for path in paths)
    lacking = [
        (project, label, command)
        for project in found
        for label, command in recipe(project).commands
        if label not in {"Install", "Format"} and not calls(whole, label)
    ]
    for path in paths:
        documents = read_documents(texts.get(path, ""))
        if documents and as_table(documents[0]).get("jobs"):
            lacking = _Workflow(path, texts[path], as_table(documents[0])).mended(draft, lacking)
    if not draft.blocks:
        draft.say(
            f"{paths[0]} is this project's pipeline already; nothing was found that it lacks, "
            "so it was left as it is."
        )
    if lacking:
        draft.say(f"No job could be told to call {', '.join(f'`{command}`' for _, _, command in lacking)}.")


class _Workflow:
    def __init__(self, path: str, text: str, data: dict[str, Any]) -> None:
        self.path = path
        self.data = data
        self.jobs = as_table(data.get("jobs"))
        self.revision = Revision(path, text)
        self.lines = self.revision.lines
        self.deploys = _DEPLOYS.search(text) is not None
        self.said: list[str] = []

    def mended(self, draft: Draft, lacking: list[tuple[Project, str, str]]) -> list[tuple[Project, str, str]]:
        """Add the edits; gives the commands that found no place."""
        self._head()
        for name in self.jobs:
            self._timeout(str(name))
        left = self._steps(lacking)
        wanted = set(map(str, self.jobs))
        if self.said and self.revision.write(
            draft, lambda documents: set(map(str, as_table(documents[0])["jobs"])) == wanted
        ):
            draft.say(f"{self.path}: {'; '.join(self.said)}. The rest is as it was.")
            return left
        return lacking

    def _head(self) -> None:
        start = next(
            (number for number, line in enumerate(self.lines) if re.match(r"jobs:\s*(?:#|$)", line)), None
        )
        if start is None or self.deploys:
            # What deploys needs rights that no file names, and must not be cancelled half-way.
            return
        if "permissions" not in self.data and not any(
            "permissions" in as_table(job) for job in self.jobs.values()
        ):
            self.revision.insert(start, ("permissions:", "  contents: read"))
            self.said.append("its token may read only")
        if "concurrency" not in self.data:
            self.revision.insert(
                start,
                (
                    "concurrency:",
                    "  group: ${{ github.workflow }}-${{ github.ref }}",
                    "  cancel-in-progress: true",
                ),
            )
            self.said.append("a newer run cancels the older")

    def _timeout(self, name: str) -> None:
        place = self._line_of(name)
        if (
            place is None
            or "timeout-minutes" in as_table(self.jobs[name])
            or "uses" in as_table(self.jobs[name])
        ):
            return
        for number in range(place + 1, block_end(self.lines, place)):
            if re.match(r"[ ]+runs-on:[ \t]*\S", self.lines[number]):
                self.revision.insert(
                    number + 1, (f"{' ' * indent_of(self.lines[number])}timeout-minutes: 15",)
                )
                self.said.append(f"the job {name} ends after 15 minutes")
                return

    def _steps(self, lacking: list[tuple[Project, str, str]]) -> list[tuple[Project, str, str]]:
        left: list[tuple[Project, str, str]] = []
        for project, label, command in lacking:
            name = next((name for name in self.jobs if self._serves(str(name), project)), None)
            place = self._line_of(str(name)) if name is not None else None
            if place is None:
                left.append((project, label, command))
                continue
            end = block_end(self.lines, place)
            items = [line for line in self.lines[place:end] if re.match(r"[ ]+- (?:uses|run|name):", line)]
            if not items:
                left.append((project, label, command))
                continue
            blanks = " " * indent_of(items[-1])
            self.revision.insert(end, (f"{blanks}- name: {label}", f"{blanks}  run: {command}"))
            self.said.append(f"the job {name} calls `{command}`")
        return left

    def _serves(self, name: str, project: Project) -> bool:
        job = as_table(self.jobs[name])
        folder = as_table(as_table(job.get("defaults")).get("run")).get("working-directory", "")
        text = str(job.get("steps"))
        return str(folder).strip("./") == project.folder and calls(text, "Test")

    def _line_of(self, name: str) -> int | None:
        found = [
            number
            for number, line in enumerate(self.lines)
            if re.match(rf"[ ]+{re.escape(name)}:\s*(?:#|$)", line)
        ]
        return found[0] if len(found) == 1 else None
