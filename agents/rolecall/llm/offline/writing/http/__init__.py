"""OpenAPI descriptions of the HTTP routes that a Python module declares."""

from rolecall.llm.offline.writing.http.document import openapi
from rolecall.llm.offline.writing.http.routes import Service, service

__all__ = ["Service", "openapi", "service"]
