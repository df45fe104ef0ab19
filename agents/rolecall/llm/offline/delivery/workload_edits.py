"""What an existing Deployment lacks: put in line by line, everything else left as it is."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.delivery.project import as_list, as_table
from rolecall.llm.offline.delivery.revision import Revision, block_end, indent_of
from rolecall.llm.offline.delivery.serving import serving
from rolecall.llm.offline.delivery.workload import (
    container_security,
    indented,
    pod_security,
    probes,
    resources,
    user_of,
)

if TYPE_CHECKING:
    from rolecall.llm.offline.delivery.project import Project
    from rolecall.llm.offline.draft import Draft

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def complete(
    draft: Draft, path: str, text: str, data: dict[str, Any], found: list[Project], replicas: int
) -> int:
    """Add the edits, and say what was added; gives the replicas that it has then."""
    edits = _Edits(path, text, data, found)
    before = edits.replicas
    if edits.place is None:
        draft.say(
            f"{path} is written in a way that lines cannot be put into safely; its Deployment "
            "was left as it is."
        )
        return before
    edits.scale(replicas)
    edits.restrict()
    edits.fill_container()
    after = replicas or before
    if edits.said and edits.revision.write(draft, lambda documents: edits.holds(documents, after)):
        draft.say(f"{path}: {'; '.join(edits.said)}. The rest is as it was.")
        return after
    return before


class _Edits:
    def __init__(self, path: str, text: str, data: dict[str, Any], found: list[Project]) -> None:
        self.revision = Revision(path, text)
        self.lines = self.revision.lines
        self.data = data
        self.spec = as_table(data.get("spec"))
        self.pod = as_table(as_table(self.spec.get("template")).get("spec"))
        told = self.spec.get("replicas")
        self.replicas: int = told if isinstance(told, int) else 1
        self.found = found
        self.said: list[str] = []
        self.place = self._line(r"[ ]+containers:\s*(?:#|$)")

    def _line(self, pattern: str) -> int | None:
        """The one line of the Deployment that matches; None where it is not one."""
        first, last = self._document()
        found = [number for number in range(first, last) if re.match(pattern, self.lines[number])]
        return found[0] if len(found) == 1 else None

    def _document(self) -> tuple[int, int]:
        bounds = [
            -1,
            *(number for number, line in enumerate(self.lines) if re.match(r"---(?:\s|$)", line)),
            len(self.lines),
        ]
        for start, end in pairwise(bounds):
            if any(re.match(r"kind:\s*Deployment\b", line) for line in self.lines[start + 1 : end]):
                return start + 1, end
        return 0, 0

    def scale(self, replicas: int) -> None:
        """Set the number of replicas, and update without a gap."""
        place, template = self._line(r"[ ]+replicas:\s*\d+"), self._line(r"[ ]+template:\s*(?:#|$)")
        if template is None:
            return
        blank = " " * indent_of(self.lines[template])
        if replicas and replicas != self.replicas:
            if place is not None:
                self.revision.replace(place, f"{blank}replicas: {replicas}")
            elif "replicas" not in self.spec:
                self.revision.insert(template, [f"{blank}replicas: {replicas}"])
            self.said.append(f"{replicas} replicas")
        if (replicas or self.replicas) > 1 and "strategy" not in self.spec:
            lines = (
                "strategy:\n  type: RollingUpdate\n  rollingUpdate:\n    maxUnavailable: 0\n    maxSurge: 1\n"
            )
            self.revision.insert(template, indented(lines, len(blank)).splitlines())
            self.said.append("a rolling update that takes no pod away first")

    def restrict(self) -> None:
        """The pod's part of the restricted standard, where it has no security context of its own."""
        if self.place is not None and "securityContext" not in self.pod:
            user = user_of(self.found[0]) if self.found else 10001
            depth = indent_of(self.lines[self.place])
            lines = f"securityContext:\n{indented(pod_security(user), 2)}"
            self.revision.insert(self.place, indented(lines, depth).splitlines())
            self.said.append(f"its pods run as the user {user}, not as root")

    def fill_container(self) -> None:
        """Limits, probes and a security context for its one container."""
        containers = as_list(self.pod.get("containers"))
        if self.place is None or len(containers) != 1:
            return
        first = self.place + 1
        if first >= len(self.lines) or not re.match(r"[ ]*- \w+:", self.lines[first]):
            return
        end, depth = block_end(self.lines, first), indent_of(self.lines[first]) + 2
        lines = list(self._missing(as_table(containers[0]), depth))
        if lines:
            self.revision.insert(end, lines)

    def _missing(self, container: dict[str, Any], depth: int) -> list[str]:
        lines: list[str] = []
        if "resources" not in container:
            lines += indented(resources(), depth).splitlines()
            self.said.append("requests and a memory limit, to be measured")
        port = next((as_table(port) for port in as_list(container.get("ports"))), as_table(None))
        if port.get("containerPort") and not any(probe in container for probe in _PROBES):
            serves = serving(self.found[0]) if self.found else None
            target = str(port.get("name") or port["containerPort"])
            made = probes(target, serves.live if serves else "", serves.ready if serves else "", depth)
            lines += made.replace("port: http", f"port: {target}").splitlines()
            self.said.append("three probes")
        if "securityContext" not in container:
            lines += [
                f"{' ' * depth}securityContext:",
                *indented(container_security(), depth + 2).splitlines(),
            ]
            self.said.append(
                "no privileges, and a read-only root file system (mount an emptyDir where it writes)"
            )
        return lines

    def holds(self, documents: list[Any], replicas: int) -> bool:
        """Whether the result is the same Deployment with what was meant to be added."""
        for document in map(as_table, documents):
            if document.get("kind") == "Deployment" and document.get("metadata") == self.data.get("metadata"):
                spec = as_table(document.get("spec"))
                pod = as_table(as_table(spec.get("template")).get("spec"))
                kept = self.spec.keys() <= spec.keys() and self.pod.keys() <= pod.keys()
                return (
                    kept
                    and spec.get("replicas", 1) == replicas
                    and len(pod["containers"]) == len(self.pod["containers"])
                )
        return False
