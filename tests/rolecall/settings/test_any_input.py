"""Whatever the sources hold, loading ends with settings or with ConfigurationInvalid, and shows no key."""

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.caller import Caller
from rolecall.errors import ConfigurationInvalid
from rolecall.settings import catalogue, load, masked
from rolecall.settings.variables import FALLBACKS, variable

PATHS = sorted(catalogue.settings())
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
NAMES = st.sampled_from([name for path in PATHS for name in path.split(".")]) | st.text(max_size=10)
YAML_PIECES = st.sampled_from(
    [*"{}[]:,-?&*!|>'\"%@`# \n\t", "  ", ": ", "- ", "<<: ", "---\n", "llm:", "model", "&a", "*a"]
)


def loaded(folder, **sources):
    with contextlib.suppress(ConfigurationInvalid):
        masked(load(**{"caller": Caller({"HOME": str(folder)}, folder), **sources}))


@settings(deadline=None, max_examples=150)
@given(
    st.binary(max_size=200) | st.lists(YAML_PIECES, max_size=40).map(lambda pieces: "".join(pieces).encode())
)
def test_any_bytes_in_a_file(content):
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / ".rolecall.yaml").write_bytes(content)
        load(Caller({"HOME": name}, folder), roots=[folder])
        (folder / "c.yaml").write_bytes(content)
        loaded(folder, caller=Caller({"HOME": name}, folder, folder / "c.yaml"))
        (folder / ".rolecall.yaml").unlink()
        loaded(folder, caller=Caller({"HOME": name, "ROLECALL_ENV_FILE": f"{name}/c.yaml"}, folder))


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=3) | VALUES, max_size=4))
def test_anything_an_editor_sends(sent):
    with TemporaryDirectory() as name:
        result = load(Caller({"HOME": name}, Path(name)), editor=sent)
        assert all(warning.isprintable() for warning in result.warnings)


VARIABLES = st.sampled_from([*map(variable, PATHS), *FALLBACKS]) | st.text(max_size=9).map(
    "ROLECALL_{}".format
)
UNUSED = {"ROLECALL_CONFIG", "ROLECALL_ENV_FILE"}


@settings(deadline=None, max_examples=150)
@given(
    st.dictionaries(
        VARIABLES.filter(lambda name: name not in UNUSED), st.text(max_size=20) | VALUES.map(str), max_size=4
    )
)
def test_any_text_in_the_environment(environment):
    with TemporaryDirectory() as name:
        loaded(Path(name), caller=Caller({"HOME": name, **environment}, Path(name)))


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from(PATHS) | st.text(max_size=9), VALUES, max_size=4))
def test_anything_on_the_command_line(overrides):
    with TemporaryDirectory() as name:
        loaded(Path(name), caller=Caller({"HOME": name}, Path(name), None, overrides))
