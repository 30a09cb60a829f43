"""The plugin interface: what a backend or an extension may implement.

A backend is a class, listed under the entry-point group `trainferry.backends`, whose methods carry `@hookimpl`.
It implements `plan`, `apply`, `poll` and `read_log`; every other hook is optional, and what a backend can do is read
from what it implements. An implementation may leave out arguments that it doesn't need.
An extension (group `trainferry.extensions`) implements `check`, `diagnose` or `run_changed`, or wraps any other hook.

Each docstring below holds a whole plugin that works as it stands; the tests run them.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from trainferry.finding_hooks import rules  # noqa: F401  (a hook like those below)
from trainferry.progress import Report
from trainferry.rehearsal_hooks import (  # noqa: F401  (they are hooks like those below)
    plan_rehearsal,
    rehearsal_evidence,
    rehearsal_rules,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from trainferry.results import FileEntry, FoundRun, LogChunk
    from trainferry.site import Site
    from trainferry.specs.compute import ComputeSpec
    from trainferry.specs.finding import Finding
    from trainferry.specs.job import Job
    from trainferry.specs.plan import Action, ActionResult, Plan, Price, Quota
    from trainferry.specs.run import RunRecord, RunState, RunStatus

PROJECT = "trainferry"
INTERFACE_VERSION = 1
"""Version of this interface. A plugin states the one it was written for as `interface_version = 1`."""

REQUIRED = ("plan", "apply", "poll", "read_log")
"""Hooks without which nothing can be a backend."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a method of a plugin as the implementation of the hook of the same name."""


@hookspec(firstresult=True)
def settings_model() -> "type[BaseModel] | None":
    """Return the pydantic model of the plugin's table of settings.

    That is `[backends.<name>]`, or `[extension_settings.<name>]`. Without it, giving any settings is an error.

    >>> from pydantic import BaseModel
    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> class Settings(BaseModel):
    ...     slots: int = 2
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def settings_model(self):
    ...         return Settings
    >>> Backend("mill", Mill()).settings_model()(slots=3)
    Settings(slots=3)
    """


@hookspec(firstresult=True)
def configure(settings: "BaseModel | None", site: "Site") -> bool | None:
    """Take the checked settings and the folders to work in; called once, before any other operation. Return True.

    >>> from pathlib import Path
    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.site import Site
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def configure(self, site):
    ...         self.folder = site.backend_home("mill")
    ...         return True
    >>> mill = Mill()
    >>> Backend("mill", mill).configure({}, Site(home=Path("state"), cache=Path("cache")))
    >>> mill.folder.as_posix()
    'state/backends/mill'
    """


@hookspec
def check(job: "Job", site: "Site") -> "Iterable[Finding]":
    """Look at a job without leaving this machine and return findings. Asked of the backend and of every extension.

    >>> from pathlib import Path
    >>> from trainferry import Finding, Job
    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.site import Site
    >>> class NightOnly:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def check(self, job):
    ...         if job.timeout is None:
    ...             yield Finding(id="no-timeout", severity="warning", message="no timeout", remedy="timeout: 2h")
    >>> backend = Backend("mill", NightOnly())
    >>> [found.id for found in backend.check(Job(name="j", script="a.py"), Site(Path("s"), Path("c")))]
    ['no-timeout']
    """
    return ()


@hookspec(firstresult=True)
def plan(job: "Job", run_id: str) -> "Plan | None":
    """Return the ordered actions that would run the job as the run `run_id`. Change nothing, here or at the target.

    The last action is the submit. An action is plain data: it may be stored, shown, and applied by another process.
    A plugin that says `plans_offline = True` asks nobody when `site.offline` is set: it goes by `site.listings(name)`.

    >>> from trainferry import Job, Plan
    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.specs import Action
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def plan(self, job, run_id):
    ...         submit = Action(kind="submit", resource="run:" + run_id, summary="grind", payload={"s": job.script})
    ...         return Plan(run_id=run_id, backend="mill", job=job, actions=(submit,))
    >>> Backend("mill", Mill()).plan(Job(name="j", script="a.py"), "j-1").actions[0].summary
    'grind'
    """


@hookspec(firstresult=True)
def apply(action: "Action", report: Report) -> "ActionResult | None":
    """Carry out one action of a plan. Applying it twice is applying it once; a submit returns the run's `ref`.

    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.progress import Progress, silent
    >>> from trainferry.specs import Action, ActionResult
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def apply(self, action, report):
    ...         report(Progress("grinding", 1, 1, "sack"))
    ...         return ActionResult(ref="mill/" + action.resource)
    >>> Backend("mill", Mill()).apply(Action(kind="submit", resource="run:j-1", summary="grind"), silent).ref
    'mill/run:j-1'
    """


@hookspec(firstresult=True)
def poll(refs: Sequence[str]) -> "Mapping[str, RunStatus] | None":
    """Return the status of many runs in one call; a ref that the target doesn't know is left out.

    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.specs import RunState, RunStatus
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def poll(self, refs):
    ...         return {ref: RunStatus(RunState.COMPLETED, exit_code=0) for ref in refs}
    >>> Backend("mill", Mill()).poll(["a", "b"])["b"].exit_code
    0
    """


@hookspec(firstresult=True)
def read_log(ref: str, cursor: str | None) -> "LogChunk | None":
    """Return what was logged since `cursor` (None: from the start), without waiting for more to come.

    A ref that the target doesn't know raises RunNotFound at once.

    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.results import LogChunk
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def read_log(self, ref, cursor):
    ...         text = "flour and bran"[int(cursor or 0):]
    ...         return LogChunk(text, cursor="14", finished=True)
    >>> Backend("mill", Mill()).read_log("a", "10").text
    'bran'
    """


@hookspec(firstresult=True)
def cancel(ref: str) -> bool | None:
    """End every process of the run, then return True; a run that has ended already is left as it is.

    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def cancel(self, ref):
    ...         print("stop the stones of", ref)
    ...         return True
    >>> Backend("mill", Mill()).cancel("a")
    stop the stones of a
    """


@hookspec(firstresult=True)
def list_files(ref: str) -> "Sequence[FileEntry] | None":
    """Return the files below `outputs/` and `logs/` that the run has written so far.

    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.results import FileEntry
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def list_files(self, ref):
    ...         return [FileEntry("outputs/flour.bin", size=1000)]
    >>> Backend("mill", Mill()).list_files("a")[0].size
    1000
    """


@hookspec(firstresult=True)
def fetch(ref: str, files: Sequence[str], destination: Path, report: Report) -> "Sequence[Path] | None":
    """Bring files of the run to `destination` and return where they are now.

    Writes nowhere else, goes on where an earlier fetch stopped, and leaves no half file under a final name.

    >>> import pathlib, tempfile
    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.progress import silent
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def fetch(self, files, destination):
    ...         homes = [destination / name for name in files]
    ...         for home in homes:
    ...             home.parent.mkdir(parents=True, exist_ok=True)
    ...             half = home.with_name(home.name + ".part")
    ...             half.write_text("flour")
    ...             half.replace(home)
    ...         return homes
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     home, = Backend("mill", Mill()).fetch("a", ["outputs/f.txt"], pathlib.Path(folder), silent)
    ...     home.read_text()
    'flour'
    """


@hookspec(firstresult=True)
def metrics(ref: str) -> "Sequence[Mapping[str, float]] | None":
    """Return what the run logged, one mapping for each step in order; without it the job's metrics file is read.

    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def metrics(self, ref):
    ...         return [{"epoch": 0, "loss": 1.5}]
    >>> Backend("mill", Mill()).metrics("a")
    [{'epoch': 0, 'loss': 1.5}]
    """


@hookspec(firstresult=True)
def portal_url(ref: str) -> str | None:
    """Return the web page on which the target shows the run.

    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def portal_url(self, ref):
    ...         return "https://mill.example/runs/" + ref
    >>> Backend("mill", Mill()).portal_url("a")
    'https://mill.example/runs/a'
    """


@hookspec(firstresult=True)
def find_runs(experiment: str | None, run_id: str | None) -> "Sequence[FoundRun] | None":
    """Return the runs at the target that carry a run id of ours; None means any. This closes the gap after a crash.

    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.results import FoundRun
    >>> from trainferry.specs import RunState, RunStatus
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def find_runs(self, experiment, run_id):
    ...         return [FoundRun(run_id or "j-1", "mill/1", RunStatus(RunState.RUNNING))]
    >>> Backend("mill", Mill()).find_runs(run_id="j-1")[0].ref
    'mill/1'
    """


@hookspec(firstresult=True)
def price(compute: "ComputeSpec") -> "Price | None":
    """Return what one node of the compute costs for an hour, or None where that isn't known.

    >>> from trainferry import ComputeSpec
    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.specs import Price
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def price(self, compute):
    ...         return Price(per_hour=0.5, source="the miller, 2026-11-01")
    >>> Backend("mill", Mill()).price(ComputeSpec()).per_hour
    0.5
    """


@hookspec(firstresult=True)
def quota(compute: "ComputeSpec") -> "Quota | None":
    """Return how much of the compute's family the account may use, and what the compute would take.

    >>> from trainferry import ComputeSpec
    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.specs import Quota
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def quota(self, compute):
    ...         return Quota(family="stones", used=0, limit=4, needed=4 * compute.max_nodes)
    >>> Backend("mill", Mill()).quota(ComputeSpec(max_nodes=2)).needed
    8
    """


@hookspec(firstresult=True)
def tear_down(resource: str) -> bool | None:
    """Remove a resource that `ferry up` made, named as in the plan; True when it is gone, also if it never was there.

    `ferry rm` asks for `run:REF`, a run that has ended: what this machine keeps of it goes, what a service keeps stays.

    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def tear_down(self, resource):
    ...         return True
    >>> Backend("mill", Mill()).tear_down("compute:stones")
    """


@hookspec
def diagnose() -> "Iterable[Finding]":
    """Try what the backend needs (a login, a tool, a right) and return what is missing; `ferry doctor` shows it.

    >>> from trainferry import Finding
    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def diagnose(self):
    ...         yield Finding(id="no-water", severity="error", message="the brook is dry", remedy="wait for rain")
    >>> [found.message for found in Backend("mill", Mill()).diagnose()]
    ['the brook is dry']
    """
    return ()


@hookspec
def run_changed(run: "RunRecord", old: "RunState", new: "RunState") -> Any:
    """Hear that a run moved from one state to another. An exception here is logged and never hurts the run.

    >>> from trainferry import Job, RunState
    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.specs import RunRecord
    >>> class Bell:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def run_changed(self, run, new):
    ...         print(run.id, "is", new)
    >>> job = Job(name="j", script="a.py")
    >>> run = RunRecord(id="j-1", backend="mill", experiment="j", job=job, folder=".", created=0)
    >>> Backend("mill", Bell()).run_changed(run, RunState.RUNNING, RunState.COMPLETED)
    j-1 is completed
    """
