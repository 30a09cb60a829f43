"""The pytest plugin of the kit. A project opts in: `pytest_plugins = ["trainferry.testing.plugin"]` in its conftest."""

import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from trainferry.testing import requirements, runs
from trainferry.testing.kit import Kit
from trainferry.testing.runs import *  # noqa: F403  (fixtures)
from trainferry.testing.target import Target


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, all of them under the project's own name."""
    group = parser.getgroup("trainferry", "the conformance kit of Trainferry")
    group.addoption("--trainferry-backend", metavar="NAME", help="installed backend that the kit tests")
    group.addoption("--trainferry-patience", type=float, metavar="SECONDS", help="how long a test waits for a run")
    group.addoption("--trainferry-pace", type=float, metavar="SECONDS", help="shortest pause between two questions")
    group.addoption("--trainferry-budget", type=float, metavar="SECONDS", help="after these the tests left fail")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, also under --strict-markers."""
    config.addinivalue_line("markers", f"{requirements.MARK}(*hooks): what the test needs a backend to implement")


@pytest.fixture(scope="module")
def backend_under_test(request: pytest.FixtureRequest) -> Target:
    """The backend that the kit tests: the option's, unless a project has a fixture of this name."""
    name = request.config.getoption("--trainferry-backend")
    if not name:
        pytest.fail(
            "which backend? pass --trainferry-backend NAME, or write a fixture backend_under_test", pytrace=False
        )
    return Target(name)


@pytest.fixture(scope="module")
def kit_of_module(
    backend_under_test: Target, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kit]:
    """The kit of one test module; two modules may test two backends in one session."""
    option = request.config.getoption
    given = {key: option(f"--trainferry-{key}") for key in ("patience", "pace", "budget")}
    target = backend_under_test.but(**{key: value for key, value in given.items() if value is not None})
    kit = Kit(target, tmp_path_factory.mktemp("kit"))
    module = request.node
    wanted = {name for item in request.session.items if item.getparent(pytest.Module) is module
              for name in getattr(item, "fixturenames", ())}  # fmt: skip
    for name in runs.BEFOREHAND:
        if name in wanted:
            with suppress(Exception):  # whoever asks for the run gets the error
                runs.start(kit, name)
    yield kit
    kit.close()


@pytest.fixture
def kit(kit_of_module: Kit, request: pytest.FixtureRequest) -> Kit:
    """The kit for one test, which is skipped if it needs what the backend lacks."""
    target = kit_of_module.target
    lacking = requirements.missing(request.node, kit_of_module.backend)
    if lacking:
        pytest.skip(f"the backend '{target.name}' does not implement: {', '.join(lacking)}")
    known = target.known_failures.get(request.node.name)
    if known is not None:
        reason, error = known
        request.applymarker(pytest.mark.xfail(reason=reason, raises=error, strict=True))
    if target.budget is not None and time.monotonic() - kit_of_module.begun > target.budget:
        pytest.fail(f"the time budget of {target.budget:g} s is used up", pytrace=False)
    return kit_of_module
