"""From a model's answer to proposed edits: text in, ChangeSet out. Pure: no I/O, no clock, no settings."""

from rolecall.answer.blocks import Answer, Block, BlockClosed, Grammar
from rolecall.answer.changeset import Change, ChangeSet, LineHunk, hunks, propose, rebase
from rolecall.answer.repairing import repair_request, repaired
from rolecall.answer.scanner import AnswerParser

__all__ = [
    "Answer",
    "AnswerParser",
    "Block",
    "BlockClosed",
    "Change",
    "ChangeSet",
    "Grammar",
    "LineHunk",
    "hunks",
    "propose",
    "rebase",
    "repair_request",
    "repaired",
]
