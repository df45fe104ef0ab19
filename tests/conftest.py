"""Fixtures for all tests: a workspace, and surroundings without anybody's settings."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from fakes.command import Surroundings

# The machine is shared: how long an example took says nothing. CI draws the same examples each time.
settings.register_profile(
    "rolecall", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("rolecall")


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    return Surroundings(tmp_path / "surroundings")


@pytest.fixture(params=["alone", "shared"])
def served(request, surroundings: Surroundings) -> Iterator[Surroundings]:
    """Each test that uses it runs twice: against a server of its own, and through the daemon."""
    surroundings.shared = request.param == "shared"
    # Not below tmp_path, whose length depends on the test's name: sockets' paths are short.
    runtime = tempfile.mkdtemp(prefix="rolecall-")
    surroundings.extra["ROLECALL_RUNTIME_DIR"] = runtime
    yield surroundings
    surroundings.end_daemons()
    shutil.rmtree(runtime)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project of one module."""
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nname = "pricing"\nversion = "1"\n')
    (folder / "src" / "pricing.py").write_text(PRICING)
    return folder


PRICING = '''"""Prices."""

LIMIT = 100


def discounted(price: int, percent: int) -> int:
    """The price less a discount.

    >>> discounted(200, 10)
    180
    """
    if not 0 <= percent <= LIMIT:
        raise ValueError("percent")
    return price - price * percent // LIMIT
'''
