"""What pipelines, Kubernetes manifests and Terraform must be to be taken by their tools."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

API_OF = {
    "Deployment": "apps/v1",
    "Service": "v1",
    "ConfigMap": "v1",
    "PodDisruptionBudget": "policy/v1",
    "Ingress": "networking.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "CronJob": "batch/v1",
    "ServiceAccount": "v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
}


def problems(written: Mapping[str, str]) -> list[str]:
    """What is wrong with the pipelines among the written files; says so where there is none."""
    found: list[str] = []
    pipelines = 0
    for path, text in written.items():
        if not path.endswith((".yml", ".yaml")):
            continue
        try:
            data: Any = yaml.safe_load(text)
        except yaml.YAMLError as error:
            return [f"{path}: {error}"]
        if ".github/workflows/" in path:
            pipelines += 1
            found += _workflow(data)
        elif "gitlab-ci" in path:
            pipelines += 1
            found += _gitlab(data)
    return found if pipelines else ["no pipeline"]


def _workflow(data: dict[Any, Any]) -> Iterator[str]:
    # YAML 1.1 reads the key `on` as true.
    if "on" not in data and True not in data:
        yield "no trigger"
    for name, job in (data.get("jobs") or {"": {}}).items():
        if "uses" in job:
            continue
        if "runs-on" not in job:
            yield f"job {name} has no runs-on"
        for step in job.get("steps") or [{}]:
            if ("uses" in step) == ("run" in step):
                yield f"job {name}: a step needs either uses or run"
        for needed in [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", []):
            if needed not in data["jobs"]:
                yield f"job {name} needs {needed}, which is not there"


def _gitlab(data: dict[str, Any]) -> Iterator[str]:
    jobs = {
        name: job
        for name, job in data.items()
        if isinstance(job, dict)
        and not name.startswith(".")
        and name not in {"default", "variables", "workflow", "cache"}
    }
    if not jobs:
        yield "no job"
    for name, job in jobs.items():
        if not {"script", "trigger", "extends"} & job.keys():
            yield f"job {name} has no script"
        if job.get("stage") and job["stage"] not in data.get("stages", ["build", "test", "deploy"]):
            yield f"job {name}: no stage {job['stage']}"


def manifest_problems(written: Mapping[str, str], kinds: list[str]) -> list[str]:
    """What a cluster would refuse; and the kinds that are missing."""
    documents: list[dict[str, Any]] = []
    for path, text in written.items():
        if path.endswith((".yml", ".yaml")):
            try:
                documents += [part for part in yaml.safe_load_all(text) if part]
            except yaml.YAMLError as error:
                return [f"{path}: {error}"]
    found = [f"no {kind}" for kind in kinds if kind not in {d.get("kind") for d in documents}]
    for document in documents:
        found += _manifest(document)
    return found + _services(documents)


def _manifest(document: dict[str, Any]) -> Iterator[str]:
    kind = str(document.get("kind"))
    if document.get("apiVersion") != API_OF.get(kind, document.get("apiVersion")):
        yield f"{kind}: {document.get('apiVersion')}"
    if not document.get("metadata", {}).get("name"):
        yield f"{kind} has no name"
    if kind == "Deployment":
        spec = document["spec"]
        wanted = spec.get("selector", {}).get("matchLabels") or {"": ""}
        labels = spec["template"].get("metadata", {}).get("labels", {})
        if not wanted.items() <= labels.items():
            yield "the selector matches no pod"


def _services(documents: list[dict[str, Any]]) -> list[str]:
    labels = [
        document["spec"]["template"]["metadata"].get("labels", {})
        for document in documents
        if document.get("kind") == "Deployment"
    ]
    return [
        "the service selects no pod"
        for document in documents
        if document.get("kind") == "Service"
        and not any(document["spec"].get("selector", {}).items() <= given.items() for given in labels)
    ]


def terraform_problems(files: Mapping[str, str]) -> list[str]:
    """Unclosed blocks, and names that are used and not declared."""
    text = "\n".join(content for path, content in files.items() if path.endswith(".tf"))
    bare = re.sub(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*|//[^\n]*', "", text)
    found = [] if bare.count("{") == bare.count("}") and text.strip() else ["blocks are not closed"]
    declared = set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
    found += [
        f"var.{name} is not declared" for name in re.findall(r"\bvar\.(\w+)", text) if name not in declared
    ]
    resources = set(re.findall(r'^resource "(\w+)" "(\w+)"', text, re.MULTILINE))
    used = set(re.findall(r"(?<![\w.])((?:aws|google|azurerm)_\w+)\.(\w+)", text))
    found += [f"{kind}.{name} is not declared" for kind, name in used - resources]
    return found
