"""Plugins written for the first version of the interface work on this core, and the interface keeps to its policy.

The plugins in interface_1/ are never changed; docs/explanation/interface-versions.md says what may change instead.
"""

import hashlib
import inspect
import re
from pathlib import Path

import pytest

from trainferry import Job, RunState, __version__, hookspecs
from trainferry.backend import Backend
from trainferry.errors import PluginError, RunNotFound
from trainferry.hookspecs import INTERFACE_VERSION
from trainferry.plugins import BACKENDS, OLDEST_INTERFACE, PluginWarning, entries, load_backend
from trainferry.progress import Progress
from trainferry.site import Site
from trainferry.specs import ComputeSpec, RunRecord

FROZEN = Path(__file__).with_name("interface_1")
DIGESTS = {
    "frozen_extension.py": "fe0160d4d38d01137dca40e6b50db5bd1ff8ca39250822fbeb278f07b1119e39",
    "frozen_full.py": "612a201dfc558d73568053bf315fc295683221d44a4d234c279b84172f553790",
    "frozen_small.py": "d073f99ccdc8f710597cca69a249b6d1ce4b0cd82047038fada8a379fb12b0f7",
}
"""Of the frozen plugins, so that nobody mends them when it is the core that broke them."""

VERSION_1 = {
    "settings_model": [],
    "configure": ["settings", "site"],
    "check": ["job", "site"],
    "plan": ["job", "run_id"],
    "apply": ["action", "report"],
    "poll": ["refs"],
    "read_log": ["ref", "cursor"],
    "cancel": ["ref"],
    "list_files": ["ref"],
    "fetch": ["ref", "files", "destination", "report"],
    "metrics": ["ref"],
    "portal_url": ["ref"],
    "find_runs": ["experiment", "run_id"],
    "price": ["compute"],
    "quota": ["compute"],
    "tear_down": ["resource"],
    "rehearsal_rules": ["job"],
    "diagnose": [],
    "run_changed": ["run", "old", "new"],
}
"""Every hook of version 1 with its arguments, as it was released."""

JOB = Job.model_validate(
    {"name": "j", "script": "a.py", "datasets": {"d": {"path": "x"}}, "arguments": ["${{ datasets.d }}", "ü"]}
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The frozen plugins are installed; folders of a user who has run nothing."""
    monkeypatch.syspath_prepend(FROZEN)
    return Site(home=tmp_path / "home", cache=tmp_path / "cache")


@pytest.fixture
def full(site: Site) -> Backend:
    """The backend with every hook, configured."""
    backend = load_backend("frozen-full")
    backend.configure({"greeting": "salve"}, site)
    return backend


def ignore(_event: Progress) -> None:
    """Show nothing."""


def test_the_frozen_plugins_are_as_they_were() -> None:
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in FROZEN.glob("*.py")}
    assert found == DIGESTS


def test_every_hook_of_version_1_is_there_with_its_arguments() -> None:
    for name, arguments in VERSION_1.items():
        hook = getattr(hookspecs, name, None)
        assert hook is not None, f"the hook {name} went away; that takes a new interface version"
        missing = set(arguments) - set(inspect.signature(hook).parameters)
        assert not missing, f"{name} lost {missing}; that takes a new interface version"


def test_they_are_found_and_loaded(site: Site) -> None:
    assert {"frozen-full", "frozen-small"} <= {entry.name for entry in entries(BACKENDS)}
    assert load_backend("frozen-full").capabilities == VERSION_1.keys()
    assert load_backend("frozen-small").capabilities == set(hookspecs.REQUIRED)


def test_the_small_one_takes_a_run_through(site: Site) -> None:
    backend = load_backend("frozen-small")
    backend.configure({}, site)
    plan = backend.plan(JOB, "r-1")
    ref = backend.apply(plan.actions[-1], ignore).ref
    assert ref == "run:r-1"
    assert backend.poll([ref])[ref].state is RunState.COMPLETED
    assert backend.read_log(ref, None).text == "done\n"
    with pytest.raises(RunNotFound):
        backend.read_log("nobody", None)


def test_the_full_one_plans_applies_and_tells(full: Backend, site: Site) -> None:
    assert [found.id for found in full.check(JOB, site)] == ["frozen"]
    plan = full.plan(JOB, "r-1")
    assert (plan.actions[1].payload, plan.snapshot) == ({"arguments": ["/in/d", "ü"]}, "0" * 64)
    assert plan.price is not None
    assert plan.price.currency == "EUR"
    assert [full.apply(action, ignore).ref for action in plan.actions] == [None, "run:r-1"]
    status = full.poll(["run:r-1"])["run:r-1"]
    assert (status.state, status.exit_code, status.reason, status.started, status.ended) == (
        RunState.FAILED, 3, "exit code 3", 10.0, 14.0,
    )  # fmt: skip
    assert full.read_log("run:r-1", "6").text == "world"


def test_the_full_one_does_everything_else(full: Backend, tmp_path: Path) -> None:
    compute = ComputeSpec(max_nodes=3)
    full.cancel("a")
    full.tear_down("compute:x")
    assert full.plugin.heard == ["a", "compute:x"]  # type: ignore[attr-defined]
    assert [(entry.path, entry.size) for entry in full.list_files("a")] == [("outputs/a.txt", 1), ("logs/b.txt", 2)]
    assert full.fetch("a", ["outputs/a.txt"], tmp_path, ignore) == [tmp_path / "outputs/a.txt"]
    assert full.metrics("a") == [{"epoch": 0, "loss": 1.5}]
    assert full.portal_url("a") == "https://frozen.example/a"
    assert full.find_runs("e", "r-9")[0].run_id == "r-9"
    price, quota = full.price(compute), full.quota(compute)
    assert price is not None
    assert quota is not None
    assert (price.per_hour, quota.needed) == (3, 3)
    assert full.rehearsal_rules(JOB).variables == {"A": "j"}
    assert [found.id for found in full.diagnose()] == ["frozen-cold"]


def test_the_extension_finds_listens_and_wraps(site: Site) -> None:
    backend = load_backend("frozen-full", ["frozen-extension"])
    backend.configure({}, site)
    backend.configure_extensions({}, site)
    assert {found.id for found in backend.check(JOB, site)} == {"frozen", "frozen-extension"}
    price = backend.price(ComputeSpec(max_nodes=2))
    assert price is not None
    assert price.per_hour == 4
    run = RunRecord(id="r-1", backend="frozen-full", experiment="e", job=JOB, folder=".", created=0)
    backend.run_changed(run, RunState.RUNNING, RunState.FAILED)
    assert backend.extensions["frozen-extension"].heard == ["r-1 is failed"]  # type: ignore[attr-defined]
    assert "r-1 running failed" in backend.plugin.heard  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        (INTERFACE_VERSION + 1, "pip install --upgrade trainferry-core"),
        (OLDEST_INTERFACE - 1, "upgrade frozen-plugins"),
    ],
)
def test_a_version_that_this_core_does_not_take_says_what_to_update(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stated: int, words: str
) -> None:
    home = tmp_path / "other"
    home.mkdir()
    code = (FROZEN / "frozen_small.py").read_text().replace("interface_version = 1", f"interface_version = {stated}")
    (home / f"other_{stated}.py").write_text(code)
    metadata = home / "frozen_plugins-1.0.dist-info"
    metadata.mkdir()
    (metadata / "entry_points.txt").write_text(f"[trainferry.backends]\nother = other_{stated}:Small\n")
    monkeypatch.syspath_prepend(home)
    with pytest.raises(PluginError, match=f"interface version {stated}, this core has {INTERFACE_VERSION}") as caught:
        load_backend("other")
    assert words in caught.value.remedy


def test_what_is_about_to_go_says_with_which_release() -> None:
    """The text of each warn_on_impl names a release that hasn't come yet, and is shown to users of the plugin."""
    for name in VERSION_1:
        options = getattr(getattr(hookspecs, name), f"{hookspecs.PROJECT}_spec")
        warned = [options["warn_on_impl"], *(options["warn_on_impl_args"] or {}).values()]
        for warning in filter(None, warned):
            assert isinstance(warning, PluginWarning), f"{name}: Python doesn't show {type(warning).__name__} to users"
            release = re.search(r"removed in (\d+)\.(\d+)", str(warning))
            assert release, f"{name}: say in which release it goes: {warning}"
            now = tuple(int(part) for part in __version__.split(".")[:2])
            assert now < tuple(map(int, release.groups())), f"{name} was to be removed in {release[0]}"
