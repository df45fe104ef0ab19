"""What pages and references must hold to."""

from __future__ import annotations

import re
from typing import Any

import yaml

from grading.answers import Graded, grader

_HTTP_METHODS = frozenset({"get", "put", "post", "delete", "patch"})


def _pages(answer: Graded) -> list[str]:
    return [
        re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL) for text in answer.written(".md")
    ]


def _operations(answer: Graded) -> list[dict[str, Any]]:
    specifications = [yaml.safe_load(text) for text in answer.written("openapi.yaml", "openapi.yml")]
    return [
        operation
        for specification in specifications
        for item in specification.get("paths", {}).values()
        for method, operation in item.items()
        if method in _HTTP_METHODS
    ]


@grader
def headings_are_sentence_case(answer: Graded) -> bool:
    """Only the first word of a heading, and names, are capitalised."""
    headings = [
        heading.split() for page in _pages(answer) for heading in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    ]
    return all(sum(word.istitle() for word in words[1:]) <= len(words) // 3 for words in headings)


@grader
def images_and_links_speak(answer: Graded) -> bool:
    """Images have alt text, links say where they lead."""
    return not any(
        re.search(r"!\[\s*\]\(|\[(?:here|click here|this|link|more)\]\(", page, re.IGNORECASE)
        for page in _pages(answer)
    )


@grader
def tables_have_headers(answer: Graded) -> bool:
    """The first row of a table names its columns."""
    return not any(re.search(r"^\|(?:\s*\|)+\n\|[ :-]+\|", page, re.MULTILINE) for page in _pages(answer))


@grader
def fences_name_their_language(answer: Graded) -> bool:
    """Every code fence says what it holds."""
    for text in answer.written(".md"):
        fences = re.findall(r"^```(.*)$", text, re.MULTILINE)
        if not all(fences[::2]):
            return False
    return True


@grader
def no_praise_or_badges(answer: Graded) -> bool:
    """No advertising."""
    praise = re.compile(
        r"blazing|powerful|simple|seamless|amazing|beautiful|img\.shields\.io|world-class", re.IGNORECASE
    )
    return not any(praise.search(page) for page in _pages(answer))


@grader
def reader_is_addressed(answer: Graded) -> bool:
    """Present tense and active voice: no "will", no "the user should"."""
    return not any(
        re.search(r"\b(?:will be|the user (?:should|must|can)|can be done by)\b", page)
        for page in _pages(answer)
    )


@grader
def names_are_traceable(answer: Graded) -> bool:
    """Every flag and environment variable on a page stands in the context."""
    found = [
        name
        for text in answer.written(".md")
        for name in re.findall(r"(?<!\w)--[a-z][a-z-]+|\b[A-Z]{3,}_[A-Z_]+\b", text)
    ]
    return all(name in answer.given for name in found)


@grader
def page_is_edited_not_rewritten(answer: Graded) -> bool:
    """An existing page keeps its headings."""
    return all(
        set(re.findall(r"^#+ .+$", answer.before[path], re.MULTILINE)) <= set(text.splitlines())
        for path, text in answer.after.items()
        if path in answer.before and path.endswith(".md")
    )


@grader
def steps_are_numbered(answer: Graded) -> bool:
    """A guide has numbered steps."""
    return all(
        re.search(r"^1\. ", text, re.MULTILINE)
        for path, text in answer.after.items()
        if "guide" in path or "how-to" in path
    )


@grader
def operations_are_whole(answer: Graded) -> bool:
    """OpenAPI: each operation has an id, and an error response with a schema."""
    for operation in _operations(answer):
        errors = [body for code, body in operation.get("responses", {}).items() if str(code)[0] in "45"]
        schemas = ["schema" in str(error.get("content", {})) or "$ref" in error for error in errors]
        if not operation.get("operationId") or not errors or not all(schemas):
            return False
    return True
