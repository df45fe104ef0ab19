"""What a model gets to see: gathered from the workspace, then composed within a budget."""

from rolecall.context.budget import estimate_tokens
from rolecall.context.compose import Composed, compose
from rolecall.context.gather import gather
from rolecall.context.items import ContextItem, Facts, Gathered, Manifest

__all__ = [
    "Composed",
    "ContextItem",
    "Facts",
    "Gathered",
    "Manifest",
    "compose",
    "estimate_tokens",
    "gather",
]
