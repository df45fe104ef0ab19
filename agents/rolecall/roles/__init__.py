"""The roles on call: Markdown files with YAML front matter, the built-in ones and the user's.

Nothing here imports pydantic, structlog or asyncio: ``rolecall roles`` answers from this package alone.
"""

from rolecall.roles.catalog import RoleCatalog
from rolecall.roles.role import Role, RoleProblem, RoleTask, Situation

__all__ = ["Role", "RoleCatalog", "RoleProblem", "RoleTask", "Situation"]
