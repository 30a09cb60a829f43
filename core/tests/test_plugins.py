"""Plugins: found without imports, loaded one at a time, and each mistake told with the distribution at fault."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trainferry import Job, RunState
from trainferry.backend import Backend
from trainferry.errors import CapabilityMissing, ConfigError, PluginError
from trainferry.hookspecs import hookimpl
from trainferry.plugins import BACKENDS, PluginWarning, entries, find, load_backend
from trainferry.site import Site
from trainferry.specs import RunRecord

Install = Callable[..., Path]

SITE = Site(home=Path("state"), cache=Path("cache"))


def test_listing_imports_nothing(install: Install) -> None:
    install("trainferry-boom", "2.0", code="raise RuntimeError('imported')", boom="boom_plugin:Boom")
    entry = next(entry for entry in entries(BACKENDS) if entry.name == "boom")
    assert (entry.distribution, entry.version, entry.target) == ("trainferry-boom", "2.0", "boom_plugin:Boom")
    assert "boom_plugin" not in sys.modules


def test_a_plugin_that_fails_to_import_names_distribution_version_and_cause(install: Install) -> None:
    install("trainferry-boom", "2.0", code="raise RuntimeError('no engine')", boom="boom_plugin2:Boom")
    with pytest.raises(PluginError) as caught:
        load_backend("boom")
    assert "boom (trainferry-boom 2.0) can't be loaded: RuntimeError: no engine" in caught.value.message
    assert caught.value.remedy == "reinstall or update it: pip install --upgrade trainferry-boom"


def test_the_same_name_twice_names_both(install: Install) -> None:
    install("mill-one", "1.0", code="", mill="mill_one:Mill")
    install("mill-two", "2.1", code="", mill="mill_two:Mill")
    with pytest.raises(PluginError, match=r"mill \(mill-one 1.0\) and mill \(mill-two 2.1\)"):
        find(BACKENDS, "mill")


def test_a_distribution_found_twice_counts_once(install: Install, tmp_path: Path) -> None:
    site = install("mill-one", "1.0", code="", mill="mill_one:Mill")
    found = entries(BACKENDS, [str(site), str(site), str(tmp_path / "nowhere")])
    assert [entry.name for entry in found] == ["mill"]


def test_an_unknown_backend_says_what_is_installed_and_what_was_meant(shelf: Path) -> None:
    with pytest.raises(PluginError) as caught:
        load_backend("shelv")
    assert "did you mean 'shelf'?" in caught.value.remedy
    assert "shelf" in caught.value.remedy.partition("installed: ")[2]


@pytest.mark.parametrize(
    ("stated", "message", "remedy"),
    [
        ("0", "was written for interface version 0, this core has 1", "pip install --upgrade trainferry-old"),
        ("2", "was written for interface version 2, this core has 1", "pip install --upgrade trainferry-core"),
        ("None", "doesn't say which interface version", "interface_version = 1"),
    ],
)
def test_the_interface_version_is_checked(install: Install, stated: str, message: str, remedy: str) -> None:
    install("trainferry-old", code=f"class Old:\n    interface_version = {stated}\n", old=f"old_plugin_{stated}:Old")
    with pytest.raises(PluginError) as caught:
        load_backend("old")
    assert message in caught.value.message
    assert remedy in caught.value.remedy


def test_a_broken_extension_costs_one_warning(install: Install, shelf: Path) -> None:
    install("bad-bell", "3.0", code="import nothing_like_this", group="trainferry.extensions", bell="bad_bell:Bell")
    with pytest.warns(PluginWarning, match=r"bell \(bad-bell 3.0\) can't be loaded: ModuleNotFoundError") as caught:
        backend = load_backend("shelf", ["bell"])
    assert len(caught) == 1
    assert backend.name == "shelf"


def test_an_extension_may_wrap_but_not_replace(install: Install, shelf: Path) -> None:
    wrap = """
        from trainferry.hookspecs import hookimpl
        class Wrap:
            interface_version = 1
            @hookimpl(wrapper=True)
            def plan(self):
                plan = yield
                return plan.model_copy(update={"run_id": plan.run_id + "-wrapped"})
        class Grab:
            interface_version = 1
            @hookimpl
            def plan(self):
                return None
        """
    install("wraps", code=wrap, group="trainferry.extensions", wrap="wraps_ext:Wrap", grab="wraps_ext:Grab")
    backend = load_backend("shelf", ["wrap"])
    backend.configure({}, SITE)
    assert backend.plan(Job(name="j", script="a.py"), "j-1").run_id == "j-1-wrapped"
    with pytest.raises(PluginError, match="the extension 'grab' implements 'plan'"):
        load_backend("shelf", ["grab"])


class Empty:
    """A plugin that can do nothing."""

    interface_version = 1


@pytest.mark.parametrize(
    ("verb", "call"),
    [
        ("cancel", lambda backend: backend.cancel("r")),
        ("fetch", lambda backend: backend.fetch("r", [], Path(), print)),
        ("poll", lambda backend: backend.poll([])),
        ("metrics", lambda backend: backend.metrics("r")),
        ("price", lambda backend: backend.price(None)),
    ],
)
def test_a_missing_capability_names_backend_and_verb(verb: str, call: object) -> None:
    assert callable(call)
    with pytest.raises(CapabilityMissing, match=f"the backend 'bare' can't do '{verb}'"):
        call(Backend("bare", Empty()))


def test_an_unknown_hook_is_found_when_the_plugin_is_bound() -> None:
    class Typo:
        @hookimpl
        def pol(self, refs: object) -> None:
            """Answer the wrong name."""

    with pytest.raises(PluginError, match="unknown hook 'pol'"):
        Backend("typo", Typo())


def test_an_unknown_argument_is_found_when_the_plugin_is_bound() -> None:
    class Greedy:
        @hookimpl
        def poll(self, refs: object, colour: object) -> None:
            """Ask for what nobody gives."""

    with pytest.raises(PluginError, match="colour"):
        Backend("greedy", Greedy())


def test_settings_are_checked_against_the_backends_model(shelf: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_backend("shelf").configure({"exit_cod": 1}, SITE)
    assert "backends.shelf.exit_cod" in caught.value.message
    assert "exit_code, fail_at" in caught.value.remedy
    with pytest.raises(ConfigError, match="has no settings, but got: a"):
        Backend("bare", Empty()).configure({"a": 1}, SITE)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", "..", "", "c:/x", "a\\..\\..\\b", "a\0b"])
def test_a_name_that_leads_out_of_the_destination_is_refused(name: str) -> None:
    with pytest.raises(Exception, match="leads out of the destination"):
        Backend("bare", Empty()).fetch("r", [name], Path("here"), print)


def test_listeners_hear_of_a_change_and_a_failing_one_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    class Bell:
        @hookimpl
        def run_changed(self, run: RunRecord, new: RunState) -> None:
            heard.append(f"{run.id} {new}")

    class Broken:
        @hookimpl
        def run_changed(self) -> None:
            raise RuntimeError("clapper fell off")

    backend = Backend("bare", Empty(), extensions={"broken": Broken(), "bell": Bell(), "broken too": Broken()})
    record = RunRecord(
        id="j-1", backend="bare", experiment="j", job=Job(name="j", script="a.py"), folder=".", created=0
    )
    backend.run_changed(record, RunState.QUEUED, RunState.RUNNING)
    assert heard == ["j-1 running"]
    assert ["the run goes on" in entry.getMessage() for entry in caplog.records] == [True, True]


def test_no_plugin_and_nothing_heavy_is_imported_to_list_backends(shelf: Path) -> None:
    code = (
        "import sys; from trainferry.plugins import entries, BACKENDS; entries(BACKENDS);"
        "heavy = {'pydantic', 'pluggy', 'yaml', 'rich', 'trainferry_local', 'shelf_backend', 'importlib.metadata'};"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
