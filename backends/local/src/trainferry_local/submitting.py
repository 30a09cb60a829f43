"""Applying a submit: the folder of a run, made whole or not at all, and its place in the queue."""

import errno
import os
import shutil
import sys
import time
from pathlib import Path

from trainferry.errors import BackendError
from trainferry.progress import Report
from trainferry.site import Site
from trainferry.snapshot import Snapshot, copy_snapshot
from trainferry.specs.finding import Severity
from trainferry.specs.job import Job, Origin
from trainferry.specs.plan import Action
from trainferry.staging import snapshot_of
from trainferry_local import rehearsing, variables
from trainferry_local.datasets import path_of, place_datasets
from trainferry_local.environments import environment_of
from trainferry_local.isolation import Isolation, covers, of_this_interpreter, view_of
from trainferry_local.planning import NAME
from trainferry_local.settings import LocalSettings
from trainferry_local.supervision import layout, queueing
from trainferry_local.supervision.request import Request, write_request
from trainferry_local.supervision.states import QUEUED, State, write_state
from trainferry_local.supervision.view import View
from trainferry_local.watching import requeue


class Submission:
    """One submit on its way from an action to a waiting run."""

    def __init__(self, action: Action, site: Site, settings: LocalSettings, isolation: Isolation) -> None:
        payload = action.payload
        self.job = Job.model_validate(payload["job"]).with_origin(Origin(folder=Path(payload["folder"])))
        self.run = layout.Run(str(site.backend_home(NAME)), payload["run_id"])
        self._snapshot = payload["snapshot"]
        self._rules = rehearsing.rules_in(payload)
        self._site = site
        self._settings = settings
        self._isolation = isolation

    def submit(self, report: Report) -> None:
        """Make the run and queue it; if that was done before, do nothing.

        The folder is made under another name and renamed: so a run is whole, and of two clients that submit the same
        one, only one succeeds. A kill between the rename and the queue is mended by the next look at the run.
        """
        if os.path.exists(self.run.request):
            requeue(self.run)
            return
        _make_home(self.run.home)
        draft = Path(self.run.home) / "drafts" / f"{self.run.id}.{os.getpid()}.{time.time_ns()}"
        queued_at = time.time_ns()
        try:
            draft.mkdir(mode=0o700)
            self._fill(draft, queued_at, report)
            os.rename(draft, self.run.folder)
        except OSError as error:
            _discard(draft)
            if not os.path.exists(self.run.request):
                raise _refusal(error, self.run.home) from error
            return
        except BaseException:
            _discard(draft)
            raise
        queueing.add(self.run.home, layout.entry_name(queued_at, self.run.id))

    def _fill(self, draft: Path, queued_at: int, report: Report) -> None:
        snapshot = snapshot_of(self.job)
        self._copy_source(snapshot, draft / "work", report)
        mounting = self._settings.isolation != "off" and not self._isolation.obstacle()
        if self._settings.isolation == "require" and not mounting:
            raise BackendError(f"this system allows no isolation: {self._isolation.obstacle()}")
        inputs = Path(self.run.inputs)
        mounts = place_datasets(self.job, draft / "inputs", inputs, report, mounting=mounting)
        python, homes, imported = self._interpreter()
        own_folders = [Path(self.run.work).resolve(), inputs.resolve()]
        if self._rules is not None:
            rehearsing.lay_out(draft)
            own_folders += rehearsing.folders(self.run)
        view = View()
        if self._settings.isolation != "off" and mounting:
            covered, _ = covers(self.job.source_folder, self._site.project)
            view = view_of(covered, own_folders, homes, imported, mounts)
            view.network = self._rules is None or self._rules.network
        if any(dataset.mode == "mount" for dataset in self.job.datasets.values()) or view:
            self._isolation.remember()
        own = layout.Run(str(draft.parent), "")
        own.folder = str(draft)
        environment = self.job.environment.variables
        script = variables.for_script(self.run.id, python, environment, self._settings.pass_variables)
        if self._rules is not None:
            script = rehearsing.variables(self.run, self._rules, script)
        write_request(own, self._request(python, queued_at, view), script)
        write_state(own, State(QUEUED))
        os.mkfifo(own.control, 0o600)

    def _copy_source(self, snapshot: Snapshot, work: Path, report: Report) -> None:
        for problem in snapshot.problems:
            if problem.severity is Severity.ERROR:
                raise BackendError(problem.message, remedy=problem.remedy, where=problem.where)
        copy_snapshot(snapshot, work, report)
        copied = Snapshot(work, snapshot.files)
        if copied.fingerprint() != self._snapshot:
            raise BackendError(
                f"the source folder {self.job.source_folder} has changed since the plan was made; nothing was started",
                remedy="run it again: what was checked and what runs must be the same",
            )
        for name in ("outputs", "logs"):
            (work / name).mkdir(exist_ok=True)

    def _interpreter(self) -> tuple[Path, list[Path], list[Path]]:
        """The script's interpreter, the folders it lives in, and folders of the project that it imports from."""
        spec = self.job.environment
        if not spec.current:
            environment = environment_of(spec, self._site.cache, self.job.folder)
            if not environment.complete:
                raise BackendError(
                    f"the environment {environment.name} is not there any more", remedy="run it again; it will be built"
                )
            return environment.python, environment.homes, []
        covered, _ = covers(self.job.source_folder, self._site.project)
        homes, imported = of_this_interpreter(covered)
        return Path(sys.executable), homes, imported

    def _request(self, python: Path, queued_at: int, view: View) -> Request:
        inputs = Path(self.run.inputs)
        paths = {}
        for name in self.job.datasets:
            original = self.job.dataset_path(name)
            if original is not None:
                paths[name] = str(path_of(inputs, name, original))
        spread = self.job.distribution
        return Request(
            [str(python), _as_file(self.job.script), *self.job.resolve_arguments(paths)],
            queued_at=queued_at,
            grace=self._settings.grace_seconds,
            timeout=self.job.timeout,
            distribution=spread.kind if spread else None,
            processes=spread.processes if spread else 1,
            processes_per_node=spread.processes_per_node if spread else 1,
            view=view,
            tags={"": self.job.experiment_name, **self.job.tags},
        )


def _as_file(script: str) -> str:
    """The script as an argument that Python can't take for an option."""
    return f"./{script}" if script.startswith("-") else script


def _make_home(home: str) -> None:
    """Make the folders that every run needs, and clear away what clients left that were killed while they copied."""
    for name in ("runs", "queue", "slots", "drafts"):
        (Path(home) / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    for draft in (Path(home) / "drafts").iterdir():
        if not Path(f"/proc/{draft.name.split('.')[-2]}").exists():
            _discard(draft)


def _discard(draft: Path) -> None:
    shutil.rmtree(draft, ignore_errors=True)


def _refusal(error: OSError, home: str) -> BackendError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BackendError(
            f"no room left on the disk of {home}; nothing was started, and earlier runs are as they were",
            remedy="free some space, or set TRAINFERRY_HOME to a folder on another disk",
        )
    return BackendError(
        f"can't make the run's folder in {home}: {error}", remedy="check the folder's owner and permissions"
    )
