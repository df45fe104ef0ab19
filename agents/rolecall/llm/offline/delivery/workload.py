"""The texts of a workload's manifests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rolecall.llm.offline.delivery.project import Project, Recipe
    from rolecall.llm.offline.delivery.serving import Serving

_NUMBERS = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|DSN|CREDENTIAL|DATABASE_URL|_URI$")
_MOST_REPLICAS = 100


def wanted_replicas(instruction: str) -> int:
    """How many replicas the instruction asks for; 0 where it does not."""
    found = re.search(
        r"\b(\d{1,3}|" + "|".join(_NUMBERS) + r")\s+(?:\w+\s+)?(?:replicas|pods|instances)\b",
        instruction,
        re.IGNORECASE,
    )
    if found is None:
        return 0
    word = found.group(1).lower()
    return min(_NUMBERS.get(word) or int(word), _MOST_REPLICAS)


def user_of(project: Project) -> int:
    """The numeric user of the project's image."""
    told = re.findall(
        r"^[ \t]*USER[ \t]+([1-9]\d*)", project.text("Dockerfile"), re.MULTILINE | re.IGNORECASE
    )
    if told:
        return int(told[-1])
    return 65532 if project.language in {"go", "rust"} else 10001


def deployment(project: Project, made: Recipe, serves: Serving, replicas: int) -> str:
    """A Deployment for an image that no registry has been named for."""
    name = made.name
    image = f"{name}:{made.version}" if made.version else f"{name}:set-at-release"
    checks = probes(serves.port, serves.live, serves.ready, 10)
    port = (
        f"          ports:\n            - name: http\n              containerPort: {serves.port}\n"
        if serves.port
        else ""
    )
    return f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: {name}
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
    spec:
      automountServiceAccountToken: false
      securityContext:
{indented(pod_security(user_of(project)), 8)}      containers:
        - name: {name}
          image: {image} # TODO(rolecall): registry and version; never latest.
{port}{_environment(name, serves)}{indented(resources(), 10)}{checks}          securityContext:
{indented(container_security(), 12)}          volumeMounts:
            - name: tmp
              mountPath: /tmp
      volumes:
        - name: tmp
          emptyDir: {{}}
"""


def _environment(name: str, serves: Serving) -> str:
    lines: list[str] = []
    for variable in serves.environment:
        secret = _SECRET.search(variable) is not None
        kept = f"{name}-{'secret' if secret else 'config'}"
        lines += [
            f"- name: {variable}",
            "  valueFrom:",
            f"    {'secretKeyRef' if secret else 'configMapKeyRef'}:",
            f"      name: {kept} # TODO(rolecall): where its value is kept.",
            f"      key: {variable}",
            # The code may have a default for what is no secret; without a secret nothing should start.
            *([] if secret else ["      optional: true"]),
        ]
    return "          env:\n" + indented("\n".join(lines), 12) if lines else ""


def pod_security(user: int) -> str:
    """The pod's part of the restricted standard."""
    return f"runAsNonRoot: true\nrunAsUser: {user}\nseccompProfile:\n  type: RuntimeDefault\n"


def container_security() -> str:
    """The container's part of it."""
    return "allowPrivilegeEscalation: false\nreadOnlyRootFilesystem: true\ncapabilities:\n  drop: [ALL]\n"


def resources() -> str:
    """Requests and a memory limit; CPU has none, since throttling hurts more than it helps."""
    return (
        "resources:\n  # TODO(rolecall): nobody measured these.\n  requests:\n    cpu: 100m\n"
        "    memory: 128Mi\n"
        "  limits:\n    memory: 256Mi\n"
    )


def probes(port: str, live: str, ready: str, depth: int) -> str:
    """Three probes: of the endpoints that the code has, else of the open port."""
    if not port:
        return indented(
            "# TODO(rolecall): three probes; no file names a port or a command that tells.", depth
        )
    told = port if not port.isdigit() else "http"
    marks: list[str] = []
    for kind, path, rest in (
        ("startup", live, "  periodSeconds: 2\n  failureThreshold: 30\n"),
        ("readiness", ready or live, "  periodSeconds: 5\n  failureThreshold: 2\n"),
        ("liveness", live, "  periodSeconds: 10\n  failureThreshold: 3\n"),
    ):
        check = (
            f"  httpGet:\n    path: {path}\n    port: {told}\n"
            if path
            else f"  tcpSocket:\n    port: {told}\n"
        )
        why = " # Of the process alone: no dependency is asked." if kind == "liveness" else ""
        marks.append(f"{kind}Probe:{why}\n{check}{rest}")
    return indented("".join(marks), depth)


def service(name: str, labels: Mapping[str, str], port: str, namespace: object = None) -> str:
    """A Service in front of the pods with these labels."""
    target = port if not port.isdigit() else int(port)
    return (
        f"apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n"
        f"{_namespace(namespace)}spec:\n  selector:\n"
        f"{_labels(labels, 4)}  ports:\n    - name: http\n      port: 80\n      targetPort: {target}\n"
    )


def budget(name: str, labels: Mapping[str, str], namespace: object = None) -> str:
    """A PodDisruptionBudget: the drain of a node takes one pod at a time."""
    return (
        f"apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: {name}\n"
        f"{_namespace(namespace)}spec:\n"
        f"  maxUnavailable: 1\n  selector:\n    matchLabels:\n{_labels(labels, 6)}"
    )


def _namespace(namespace: object) -> str:
    return f"  namespace: {namespace}\n" if isinstance(namespace, str) else ""


def _labels(labels: Mapping[str, str], depth: int) -> str:
    blank = " " * depth
    return "".join(
        f"{blank}{key}: {value if re.fullmatch(r'[A-Za-z][A-Za-z_.-]*', value) else f'{value!r}'}\n"
        for key, value in labels.items()
    )


def indented(text: str, depth: int) -> str:
    """The lines, each after so many blanks."""
    return "".join(f"{' ' * depth}{line}\n" for line in text.splitlines())
