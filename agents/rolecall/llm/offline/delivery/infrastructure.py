"""Terraform: a skeleton, or what existing files lack; and the two resources that are asked for most often."""

from __future__ import annotations

import re
from posixpath import dirname, join
from typing import TYPE_CHECKING

from rolecall.llm.offline.delivery.recipes import recipe
from rolecall.llm.offline.draft import Draft
from rolecall.llm.offline.patches import Patch, split_lines, to_edits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from rolecall.llm.offline.delivery.project import Project

_BACKENDS = {"aws": "s3", "google": "gcs", "azurerm": "azurerm"}
_SERVICES = {"postgres": 5432, "mysql": 3306, "mariadb": 3306, "redis": 6379, "mongo": 27017, "https": 443}


def infrastructure(
    found: list[Project], paths: Collection[str], texts: Mapping[str, str], instruction: str
) -> Draft:
    """Remote state, typed inputs, pinned versions, and what the instruction names, with least privilege."""
    draft = Draft()
    present = {path: texts[path] for path in sorted(texts) if path.endswith(".tf")}
    whole = "\n".join(present.values())
    folder = dirname(next(iter(present), "")) if present else "infrastructure"
    if not present and any(path.endswith(".tf") for path in paths):
        draft.say("The Terraform files could not be read, so nothing was written beside them.")
        return draft
    if not present:
        _skeleton(draft, folder, recipe(found[0]).name if found else "app")
    else:
        _add_backend(draft, present, whole)
    made = _bucket(instruction, whole) or _opening(instruction, whole)
    if made and join(folder, made[0]) not in paths:
        draft.file(join(folder, made[0]), made[1] + _inputs(made[1], whole))
        draft.say(f"{join(folder, made[0])}: {made[2]}")
    elif instruction:
        draft.say(
            "Without a model an instruction is followed only for a bucket or an opened port; "
            "the rest is left to do."
        )
    _farewell(draft, present, folder)
    return draft


def _farewell(draft: Draft, present: Mapping[str, str], folder: str) -> None:
    if not draft.blocks:
        draft.say(
            "The files name a backend already, and nothing else was asked for that could be "
            "told; they were left as they are."
        )
        return
    draft.say("Nothing that exists is destroyed or replaced; see that the plan says so, too.")
    if present:
        draft.say("Where state is moved to a backend, `terraform init -migrate-state` copies it first.")
    draft.say(f"Nothing was planned or applied. Check with: `terraform -chdir={folder or '.'} plan`")
    draft.say("Roll back by reverting this change and applying again; what prevent_destroy guards is kept.")


def _skeleton(draft: Draft, folder: str, name: str) -> None:
    draft.file(join(folder, "versions.tf"), _VERSIONS)
    draft.file(join(folder, "variables.tf"), _VARIABLES.replace("NAME", name))
    draft.say(f"A Terraform skeleton in {folder}: state, versions and inputs. No file says where this runs.")
    draft.say(
        "Assumptions: Terraform 1.10 or later, and state in S3 with a lock file; name "
        "another backend if it runs elsewhere."
    )


def _add_backend(draft: Draft, present: Mapping[str, str], whole: str) -> None:
    if re.search(r"^\s*(?:backend|cloud)\b", whole, re.MULTILINE):
        return
    provider = next(
        (name for name in _BACKENDS if re.search(rf"\b{name}\s*=\s*\{{|\"{name}_|hashicorp/{name}\b", whole)),
        "aws",
    )
    for path, text in present.items():
        lines = split_lines(text)
        place = next(
            (number for number, line in enumerate(lines) if re.match(r"terraform\s*\{\s*$", line)), None
        )
        if place is not None:
            edits = to_edits(lines, [Patch(place + 1, place + 1, tuple(_backend(_BACKENDS[provider])))])
            if edits and draft.edit(path, edits):
                draft.say(f"{path}: state is kept in a {_BACKENDS[provider]} backend, locked and encrypted.")
            return
    folder = dirname(next(iter(present)))
    draft.file(
        join(folder, "backend.tf"), "\n".join(["terraform {", *_backend(_BACKENDS[provider]), "}"]) + "\n"
    )
    draft.say(
        f"{join(folder, 'backend.tf')}: state is kept in a {_BACKENDS[provider]} backend, "
        "locked and encrypted."
    )


def _backend(kind: str) -> list[str]:
    locked = ["    encrypt      = true", "    use_lockfile = true"] if kind == "s3" else []
    return [
        "  # TODO(rolecall): name its place with -backend-config; it is made once, by hand.",
        f'  backend "{kind}" {{',
        *locked,
        "  }",
    ]


def _inputs(text: str, whole: str) -> str:
    """Declarations of the variables that are used and not declared yet."""
    declared = set(re.findall(r'^\s*variable\s+"(\w+)"', whole, re.MULTILINE))
    made = ""
    for name in dict.fromkeys(re.findall(r"\bvar\.(\w+)", text)):
        if name not in declared:
            kind = "number" if name.endswith("port") else "string"
            told = _DESCRIBED.get(name) or _described(name)
            made += f'\nvariable "{name}" {{\n  type        = {kind}\n  description = "{told}"\n}}\n'
    return made


def _described(name: str) -> str:
    words = re.sub(r"\bid\b", "id", name.replace("_", " "))
    return f"The {words}."


def _named_variable(instruction: str, ending: str) -> str:
    found = re.search(rf"\bvar\.(\w*{ending})\b", instruction)
    return found.group(1) if found else ""


def _bucket(instruction: str, whole: str) -> tuple[str, str, str] | None:
    if not re.search(r"\bbucket\b", instruction, re.IGNORECASE) or not re.search(r"\baws\b|\"aws_", whole):
        return None
    found = re.search(r"bucket\s+(?:for|of)\s+(?:the\s+)?(\w+)", instruction, re.IGNORECASE)
    name = re.sub(r"\W", "_", found.group(1).lower()) if found else "storage"
    role = _named_variable(instruction, "role(?:_name)?") or f"{name}_role_name"
    text = _BUCKET.replace("LABEL", name).replace("ROLE", role)
    told = (
        "private, encrypted, versioned, kept from destruction; the role may list it, and read "
        "and write what is in it."
    )
    return f"{name}.tf", text, told


def _opening(instruction: str, whole: str) -> tuple[str, str, str] | None:
    groups = re.findall(r'^resource "aws_security_group" "(\w+)"', whole, re.MULTILINE)
    if not re.search(r"\bport\b", instruction, re.IGNORECASE) or not groups:
        return None
    words = instruction.lower()
    group = next((name for name in groups if name.replace("_", " ") in words), groups[0])
    number = re.search(r"\bport\s+(\d{2,5})\b", words)
    known = next((port for service, port in _SERVICES.items() if service in f"{words} {whole.lower()}"), None)
    port = number.group(1) if number else str(known) if known else f"var.{group}_port"
    source = _named_variable(instruction, "security_group(?:_id)?") or "client_security_group_id"
    open_mark = "" if port.isdigit() else "  # TODO(rolecall): no file names the port.\n"
    text = (
        _RULE.replace("GROUP", group)
        .replace("SOURCE", source)
        .replace("PORT", port)
        .replace("OPEN\n", open_mark)
    )
    return (
        f"{group}_access.tf",
        text,
        f"the security group {group} takes connections from var.{source} alone, on one port.",
    )


_VERSIONS = """terraform {
  # TODO(rolecall): pin the version in use, and each provider under required_providers.
  required_version = "~> 1.10"

  # TODO(rolecall): name its place with -backend-config; it is made once, by hand.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
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
_DESCRIBED = {"environment": "Where this runs."}
_BUCKET = """resource "aws_s3_bucket" "LABEL" {
  bucket_prefix = "LABEL-"

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "LABEL" {
  bucket                  = aws_s3_bucket.LABEL.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "LABEL" {
  bucket = aws_s3_bucket.LABEL.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "aws:kms"
    }
    bucket_key_enabled = true
  }
}

resource "aws_s3_bucket_versioning" "LABEL" {
  bucket = aws_s3_bucket.LABEL.id

  versioning_configuration {
    status = "Enabled"
  }
}

data "aws_iam_policy_document" "LABEL" {
  statement {
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.LABEL.arn]
  }

  statement {
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${aws_s3_bucket.LABEL.arn}/*"]
  }
}

resource "aws_iam_role_policy" "LABEL" {
  name   = "LABEL"
  role   = var.ROLE
  policy = data.aws_iam_policy_document.LABEL.json
}
"""
_RULE = """resource "aws_vpc_security_group_ingress_rule" "GROUP" {
  description                  = "From the clients' security group alone."
  security_group_id            = aws_security_group.GROUP.id
  referenced_security_group_id = var.SOURCE
  ip_protocol                  = "tcp"
OPEN
  from_port = PORT
  to_port   = PORT
}
"""
