"""Kubernetes manifests, alerts and infrastructure."""

from __future__ import annotations

from posixpath import join
from typing import TYPE_CHECKING

from rolecall.llm.offline.delivery.container import image_name
from rolecall.llm.offline.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Collection

    from rolecall.llm.offline.facts import ProjectFacts


def kubernetes(facts: ProjectFacts, paths: Collection[str]) -> Draft:
    """Deployment, Service and PodDisruptionBudget under the restricted Pod Security Standard."""
    name = image_name(facts)
    files = {"deployment.yaml": _DEPLOYMENT, "service.yaml": _SERVICE, "pod-disruption-budget.yaml": _BUDGET}
    folder = join(facts.folder, "deploy", "kubernetes")
    made = _write(folder, {key: text.replace("NAME", name) for key, text in files.items()}, paths)
    if made.blocks:
        made.say(
            f"Manifests for {name} in {folder}; image, port, probe paths and figures nobody measured are "
            "marked TODO(rolecall)."
        )
        made.say(f"Nothing was applied. Check with: kubectl apply --dry-run=server -f {folder}")
        made.say(f"Roll back with: kubectl rollout undo deployment/{name}")
    return made


def observability(facts: ProjectFacts, paths: Collection[str]) -> Draft:
    """Service levels, burn-rate alerts and a runbook, with every target left to a person."""
    name = image_name(facts)
    files = {"docs/observability.md": _LEVELS, "deploy/alerts.yaml": _ALERTS}
    made = _write(facts.folder, {key: text.replace("NAME", name) for key, text in files.items()}, paths)
    if made.blocks:
        made.say(
            f"Service levels and alerts for {name}. Targets and metric names stand in no file: they are "
            "marked TODO(rolecall)."
        )
        made.say("Instrumentation in the code itself needs a model or a person.")
    return made


def infrastructure(facts: ProjectFacts, paths: Collection[str]) -> Draft:
    """A Terraform skeleton with remote state, typed inputs and pinned versions left to a person."""
    folder = join(facts.folder, "infrastructure")
    made = _write(
        folder,
        {"versions.tf": _VERSIONS, "variables.tf": _VARIABLES.replace("NAME", image_name(facts))},
        paths,
    )
    if made.blocks:
        made.say(
            f"A Terraform skeleton in {folder}: state, versions and inputs. No file says where this runs, "
            "so no resource is described."
        )
        made.say("Nothing was planned or applied, and nothing that exists is destroyed or replaced.")
    return made


def _write(folder: str, files: dict[str, str], paths: Collection[str]) -> Draft:
    draft = Draft()
    present = [join(folder, name) for name in files if join(folder, name) in paths]
    if present:
        draft.say(f"{present[0]} exists already; nothing was written over it.")
        return draft
    for name, text in files.items():
        draft.file(join(folder, name), text)
    return draft


_DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  labels: {app.kubernetes.io/name: NAME}
spec:
  replicas: 2
  selector:
    matchLabels: {app.kubernetes.io/name: NAME}
  strategy:
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
  template:
    metadata:
      labels: {app.kubernetes.io/name: NAME}
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: NAME
          image: NAME:TODO-rolecall # TODO(rolecall): registry and version; never latest
          ports:
            - name: http
              containerPort: 8080 # TODO(rolecall): no manifest names the port
          resources:
            requests: {cpu: 100m, memory: 128Mi} # TODO(rolecall): measure
            limits: {memory: 256Mi} # TODO(rolecall): measure
          startupProbe:
            httpGet: {path: /healthz, port: http} # TODO(rolecall): path
            failureThreshold: 30
          readinessProbe:
            httpGet: {path: /readyz, port: http} # TODO(rolecall): path
          livenessProbe: # checks the process alone, no dependency
            httpGet: {path: /healthz, port: http} # TODO(rolecall): path
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
"""
_SERVICE = """apiVersion: v1
kind: Service
metadata:
  name: NAME
spec:
  selector: {app.kubernetes.io/name: NAME}
  ports:
    - {name: http, port: 80, targetPort: http}
"""
_BUDGET = """apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: NAME
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {app.kubernetes.io/name: NAME}
"""
_LEVELS = """# Observability of NAME

## Service levels

| Function | Indicator | Target | Window |
| --- | --- | --- | --- |
| TODO(rolecall): what users notice | share answered without a server error | TODO(rolecall) | 30 days |
| TODO(rolecall): what users notice | share answered within TODO(rolecall) ms | TODO(rolecall) | 30 days |

## Signals

- Logs: structured lines to stdout with level and request id; no secret, no personal data.
- Metrics: rate, errors and duration at each entry point; label values from a bounded set.

## Runbook: error budget burns

1. Symptom: the alert `NAME error budget burns` fires.
2. First checks: what was deployed last, and which function fails. TODO(rolecall): where to look.
3. Remedy: roll back the last deployment; then find the cause.
"""
_ALERTS = """groups:
  - name: NAME-error-budget
    rules:
      - alert: NAME error budget burns
        # TODO(rolecall): the metrics' names, and 1 minus the target in place of 0.001.
        # A rate of 14.4 spends 2 % of the budget of 30 days in an hour.
        expr: >-
          sum(rate(TODO_rolecall_errors_total[1h]))
          / sum(rate(TODO_rolecall_requests_total[1h])) > 14.4 * 0.001
          and
          sum(rate(TODO_rolecall_errors_total[5m]))
          / sum(rate(TODO_rolecall_requests_total[5m])) > 14.4 * 0.001
        labels: {severity: page}
        annotations:
          runbook: docs/observability.md
"""
_VERSIONS = """terraform {
  # TODO(rolecall): pin the version in use, and each provider under required_providers.
  required_version = ">= 1.6"

  # TODO(rolecall): name a backend with locking and encryption; local state holds secrets in plain text.
  # backend "s3" {}
}
"""
_VARIABLES = """variable "environment" {
  description = "Where this runs."
  type        = string
}

variable "name" {
  description = "Prefix of everything made here."
  type        = string
  default     = "NAME"
}
"""
