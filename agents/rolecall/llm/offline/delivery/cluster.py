"""Kubernetes manifests: a first set, or what an existing Deployment lacks."""

from __future__ import annotations

import re
from posixpath import dirname, join
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.delivery.project import as_table
from rolecall.llm.offline.delivery.recipes import recipe
from rolecall.llm.offline.delivery.revision import read_documents
from rolecall.llm.offline.delivery.serving import serving
from rolecall.llm.offline.delivery.workload import budget, deployment, service, wanted_replicas
from rolecall.llm.offline.delivery.workload_edits import complete
from rolecall.llm.offline.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from rolecall.llm.offline.delivery.project import Project

_FOLDERS = re.compile(r"^((?:[^/]+/)*(?:k8s|kubernetes|manifests))/")


def kubernetes(
    found: list[Project], paths: Collection[str], texts: Mapping[str, str], instruction: str
) -> Draft:
    """Manifests under the restricted Pod Security Standard; those that exist are completed, not doubled."""
    draft = Draft()
    present = list(_present(texts))
    if any(kind == "Deployment" for _, kind, _ in present):
        _extend(draft, present, found, texts, instruction)
    else:
        _create(draft, found, paths, instruction)
    return draft


def _present(texts: Mapping[str, str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Resources that are described already: path, kind, content."""
    for path in sorted(texts):
        if path.endswith((".yml", ".yaml")) and "apiVersion:" in texts[path]:
            for document in read_documents(texts[path]) or ():
                data = as_table(document)
                yield path, str(data.get("kind")), data


def _create(draft: Draft, found: list[Project], paths: Collection[str], instruction: str) -> None:
    runnable = [
        project
        for project in found
        if project.has("Dockerfile", "Containerfile") or recipe(project).dockerfile
    ]
    if not runnable:
        draft.say(
            "No manifest or Dockerfile tells of a program to start, so there is no workload "
            "to describe. Name one."
        )
        return
    project = runnable[0]
    made, serves = recipe(project), serving(project)
    folder = next(
        (match.group(1) for path in sorted(paths) if (match := _FOLDERS.match(path))), "deploy/kubernetes"
    )
    replicas = wanted_replicas(instruction) or 2
    files = {"deployment.yaml": deployment(project, made, serves, replicas)}
    if serves.port:
        files["service.yaml"] = service(made.name, {"app.kubernetes.io/name": made.name}, "http")
    if replicas > 1:
        files["pod-disruption-budget.yaml"] = budget(made.name, {"app.kubernetes.io/name": made.name})
    taken = [join(folder, name) for name in files if join(folder, name) in paths]
    if taken:
        draft.say(f"{taken[0]} exists already; nothing was written over it.")
        return
    for name, text in files.items():
        draft.file(join(folder, name), text)
    draft.say(f"Manifests for {made.name} in {folder}, under the restricted Pod Security Standard.")
    if not serves.port:
        draft.say("No file names a port: there is no Service, and the probes are left to a person.")
    elif not serves.live:
        draft.say(
            f"No file names a health endpoint, so the probes open port {serves.port}; replace "
            "them once there is one."
        )
    draft.say("Registry, figures nobody measured and what else no file tells are marked TODO(rolecall).")
    _farewell(draft, folder, made.name)


def _extend(
    draft: Draft,
    present: list[tuple[str, str, dict[str, Any]]],
    found: list[Project],
    texts: Mapping[str, str],
    instruction: str,
) -> None:
    path, _, data = next(entry for entry in present if entry[1] == "Deployment")
    named = str(as_table(data.get("metadata")).get("name") or "app")
    folder = dirname(path)
    replicas = complete(draft, path, texts[path], data, found, wanted_replicas(instruction))
    labels = {
        str(k): str(v)
        for k, v in as_table(as_table(as_table(data.get("spec")).get("selector")).get("matchLabels")).items()
    }
    namespace = as_table(data.get("metadata")).get("namespace")
    if labels and replicas > 1 and not _selected(present, "PodDisruptionBudget", labels):
        _add(draft, join(folder, "pod-disruption-budget.yaml"), budget(named, labels, namespace), texts)
    port = _container_port(data)
    if labels and port and not _selected(present, "Service", labels):
        _add(draft, join(folder, "service.yaml"), service(named, labels, port, namespace), texts)
    if draft.blocks:
        draft.say("Names, namespace, labels, ports and the image are those of the existing manifests.")
        _farewell(draft, folder, named)
    else:
        draft.say(
            f"{path} describes the workload already; nothing was found that it lacks, so it "
            "was left as it is."
        )


def _farewell(draft: Draft, folder: str, name: str) -> None:
    draft.say(f"Nothing was applied. Check with: `kubectl apply --dry-run=server -f {folder or '.'}`")
    draft.say(f"Roll back with: `kubectl rollout undo deployment/{name}`")


def _add(draft: Draft, path: str, text: str, texts: Mapping[str, str]) -> None:
    if path not in texts:
        draft.file(path, text)


def _selected(present: list[tuple[str, str, dict[str, Any]]], kind: str, labels: dict[str, str]) -> bool:
    for _, other, data in present:
        if other == kind:
            selector = as_table(as_table(data.get("spec")).get("selector"))
            chosen = as_table(selector.get("matchLabels")) or selector
            if chosen and chosen.items() <= labels.items():
                return True
    return False


def _container_port(data: dict[str, Any]) -> str:
    spec = as_table(as_table(as_table(data.get("spec")).get("template")).get("spec"))
    for container in spec.get("containers") or ():
        for port in as_table(container).get("ports") or ():
            return str(as_table(port).get("name") or as_table(port).get("containerPort") or "")
    return ""
