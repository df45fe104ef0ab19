"""What configuration must hold to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from grading.answers import Graded, grader


def _dockerfiles(answer: Graded) -> list[str]:
    return [text for path, text in answer.after.items() if "Dockerfile" in path]


def _last_stage(text: str) -> str:
    return re.split(r"^FROM ", text, flags=re.MULTILINE)[-1]


def _documents(answer: Graded) -> Iterator[dict[str, Any]]:
    for text in answer.written(".yml", ".yaml"):
        yield from (document for document in yaml.safe_load_all(text) if isinstance(document, dict))


def _containers(answer: Graded) -> Iterator[dict[str, Any]]:
    for document in _documents(answer):
        if document.get("kind") == "Deployment":
            yield from document["spec"]["template"]["spec"]["containers"]


def _jobs(answer: Graded) -> Iterator[dict[str, Any]]:
    for document in _documents(answer):
        yield from document.get("jobs", {}).values()


@grader
def image_is_multi_stage(answer: Graded) -> bool:
    """Build tools stay behind."""
    return all(len(re.findall(r"^FROM ", text, re.MULTILINE)) > 1 for text in _dockerfiles(answer))


@grader
def image_is_pinned(answer: Graded) -> bool:
    """Every base image has a version that is not ``latest``."""
    stages = {name for text in _dockerfiles(answer) for name in re.findall(r" AS (\w+)", text)}
    images = [
        image for text in _dockerfiles(answer) for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    ]
    return all(image in stages or (":" in image and not image.endswith(":latest")) for image in images)


@grader
def image_runs_as_nobody(answer: Graded) -> bool:
    """The last stage sets a numeric user that is not root."""
    return all(re.search(r"^USER [1-9]\d*", _last_stage(text), re.MULTILINE) for text in _dockerfiles(answer))


@grader
def commands_are_exec_form(answer: Graded) -> bool:
    """The process gets its signals."""
    return all(
        command.startswith("[")
        for text in _dockerfiles(answer)
        for command in re.findall(r"^(?:CMD|ENTRYPOINT) (.+)$", text, re.MULTILINE)
    )


@grader
def lock_file_comes_first(answer: Graded) -> bool:
    """The source is copied after the dependencies are installed."""
    for text in _dockerfiles(answer):
        whole, install = (
            text.find("COPY . "),
            re.search(
                r"^RUN (?!.*install\b.*\b(?:uv|poetry|pnpm|pdm)$).*\b(?:install|sync|ci|download)\b",
                text,
                re.MULTILINE,
            ),
        )
        if install and 0 <= whole < install.start():
            return False
    return True


@grader
def no_secret_in_the_image(answer: Graded) -> bool:
    """No ARG or ENV bears a secret."""
    return not any(
        re.search(r"^(?:ARG|ENV) \w*(?:TOKEN|SECRET|PASSWORD|KEY)\w*", text, re.MULTILINE)
        for text in _dockerfiles(answer)
    )


@grader
def port_is_given(answer: Graded) -> bool:
    """An exposed port stands in the context."""
    return all(
        port in answer.given
        for text in _dockerfiles(answer)
        for port in re.findall(r"^EXPOSE (\d+)", text, re.MULTILINE)
    )


@grader
def pipeline_reads_only(answer: Graded) -> bool:
    """Permissions are declared, and nothing is granted to all jobs."""
    return all(
        document.get("permissions") in ({"contents": "read"}, {})
        for document in _documents(answer)
        if "jobs" in document
    )


@grader
def pipeline_ends(answer: Graded) -> bool:
    """Every job has a timeout."""
    return all("timeout-minutes" in job for job in _jobs(answer))


@grader
def pipeline_trusts_no_title(answer: Graded) -> bool:
    """No untrusted expression stands in a command, no privileged trigger is used."""
    text = "\n".join(answer.written(".yml", ".yaml"))
    runs = [str(step.get("run", "")) for job in _jobs(answer) for step in job.get("steps", [])]
    return "pull_request_target" not in text and not any("${{ github.event" in run for run in runs)


@grader
def pods_are_limited(answer: Graded) -> bool:
    """Requests for CPU and memory, and a memory limit."""
    return all(
        {"cpu", "memory"} <= container.get("resources", {}).get("requests", {}).keys()
        and "memory" in container["resources"].get("limits", {})
        for container in _containers(answer)
    )


@grader
def pods_have_three_probes(answer: Graded) -> bool:
    """Startup, readiness and liveness, the last apart from readiness."""
    return all(
        {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()
        and container["livenessProbe"] != container["readinessProbe"]
        for container in _containers(answer)
    )


@grader
def pods_are_restricted(answer: Graded) -> bool:
    """The restricted Pod Security Standard."""
    for document in _documents(answer):
        if document.get("kind") != "Deployment":
            continue
        pod = document["spec"]["template"]["spec"]
        for container in pod["containers"]:
            context = {**pod.get("securityContext", {}), **container.get("securityContext", {})}
            if not (
                context.get("runAsNonRoot") is True
                and context.get("allowPrivilegeEscalation") is False
                and context.get("capabilities", {}).get("drop") == ["ALL"]
                and context.get("seccompProfile", {}).get("type") == "RuntimeDefault"
            ):
                return False
    return True


@grader
def apis_are_current(answer: Graded) -> bool:
    """No API group that clusters no longer serve."""
    return not any(
        re.search(
            r"extensions/v1beta1|apps/v1beta|policy/v1beta1|autoscaling/v2beta",
            str(document.get("apiVersion")),
        )
        for document in _documents(answer)
    )


@grader
def nothing_is_wild(answer: Graded) -> bool:
    """No wildcard grants, and no door open to the internet."""
    return not any(re.search(r"\"\*\"|0\.0\.0\.0/0|:\*\"", text) for text in answer.written(".tf"))


@grader
def state_is_remote(answer: Graded) -> bool:
    """Terraform keeps its state elsewhere, encrypted."""
    texts = answer.written(".tf")
    return not texts or bool(re.search(r"backend \"\w+\" \{", "\n".join(texts)))


@grader
def slo_is_whole(answer: Graded) -> bool:
    """An SLO has indicator, target and window; an alert has a runbook."""
    text = "\n".join(answer.written(".md", ".yml", ".yaml"))
    whole = all(word in text.lower() for word in ("indicator", "target", "window"))
    return ("SLO" not in text or whole) and ("alert:" not in text or "runbook" in text.lower())


@grader
def way_back_is_told(answer: Graded) -> bool:
    """The prose says how to roll back."""
    return bool(re.search(r"roll(?:ing)?[ -]?back|revert|undo", answer.prose, re.IGNORECASE))


@grader
def logs_go_to_stdout(answer: Graded) -> bool:
    """No log file is configured."""
    return not any(
        re.search(r"FileHandler|/var/log/|--(?:access|error)-logfile [^-]", text) for text in answer.written()
    )
