"""The backend `newbackend`: it runs jobs as plain processes of this machine, until you teach it your target."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from trainferry.errors import RunNotFound
from trainferry.hookspecs import hookimpl
from trainferry.logfiles import read_chunk
from trainferry.results import LogChunk
from trainferry.site import Site
from trainferry.specs import Action, ActionKind, ActionResult, Finding, Job, Origin, Plan, RunState, RunStatus, Severity
from trainferry.specs.rehearsal import RehearsalRules
from trainferry.staging import snapshot_of, stage


class NewBackend:
    """What it can do is read from the hooks that it has."""

    interface_version = 1
    runner = Path(__file__).with_name("runner.py")

    @hookimpl
    def configure(self, site: Site) -> bool:
        """Take the folder to work in."""
        self.home = site.backend_home("newbackend")
        return True

    @hookimpl
    def plan(self, job: Job, run_id: str) -> Plan:
        """Say what applying would do, and refuse what this backend can't do yet."""
        snapshot = snapshot_of(job)
        asked = {"environment": not job.environment.current, "distribution": job.distribution is not None}
        found = (*snapshot.problems, *(refusal(key) for key, wanted in asked.items() if wanted))
        name = None if snapshot.problems else snapshot.fingerprint()
        payload = {"run_id": run_id, "job": job.to_data(), "folder": str(job.folder), "snapshot": name}
        submit = Action(kind=ActionKind.SUBMIT, resource=f"run:{run_id}", summary=f"run {job.script}", payload=payload)
        return Plan(run_id=run_id, backend="newbackend", job=job, actions=(submit,), findings=found, snapshot=name)

    @hookimpl
    def apply(self, action: Action) -> ActionResult:
        """Lay the run out under another name and rename it, so that it is whole or not there; then start it."""
        run = self.home / action.payload["run_id"]
        if not run.exists():
            draft = self.home / f".{run.name}.{os.getpid()}"
            job = Job.model_validate(action.payload["job"]).with_origin(Origin(Path(action.payload["folder"])))
            command = [sys.executable, "-u", job.script, *stage(job, draft, action.payload["snapshot"], later=run)]
            variables = {**os.environ, **job.environment.variables, "TRAINFERRY_RUN_ID": run.name}
            labels = {"experiment": job.experiment_name, "tags": job.tags}
            request = {"command": command, "variables": variables, "timeout": job.timeout, **labels}
            (draft / "request.json").write_text(json.dumps(request), encoding="utf-8")
            try:
                draft.rename(run)
            except OSError:  # another client was faster
                shutil.rmtree(draft)
        quiet = subprocess.DEVNULL
        subprocess.run([sys.executable, self.runner, run], stdin=quiet, stdout=quiet, stderr=quiet, check=True)
        return ActionResult(ref=run.name)

    @hookimpl
    def poll(self, refs: Sequence[str]) -> Mapping[str, RunStatus]:
        """Tell how runs stand, and leave out those that nobody knows."""
        return {ref: self.status(ref) for ref in refs if self.knows(ref)}

    @hookimpl
    def read_log(self, ref: str, cursor: str | None) -> LogChunk:
        """Read on in the log; whether the run has ended is asked before, so that nothing is missed."""
        if not self.knows(ref):
            raise RunNotFound(f"there is no run {ref!r}", remedy="'ferry runs' lists them")
        return read_chunk(self.home / ref / "log", cursor, ended=self.status(ref).state.final)

    @hookimpl
    def rehearsal_rules(self) -> RehearsalRules:
        """Say that a mounted dataset is protected by permissions, which don't bind root."""
        return RehearsalRules(mount_read_only=os.geteuid() != 0)

    def knows(self, ref: str) -> bool:
        """Whether a reference is a run's, and nothing that leads out of the folder."""
        return bool(re.fullmatch(r"[A-Za-z0-9][\w.-]{0,200}", ref, re.ASCII)) and (self.home / ref).is_dir()

    def status(self, ref: str) -> RunStatus:
        """Put together how a run stands from what its runner has written."""
        started, end = self.home / ref / "started", self.home / ref / "end.json"
        if not started.exists():
            return RunStatus(RunState.QUEUED)
        if not end.exists():
            return RunStatus(RunState.RUNNING, started=started.stat().st_mtime)
        facts = json.loads(end.read_text(encoding="utf-8"))
        return RunStatus(RunState(facts.pop("state")), started=started.stat().st_mtime, **facts)


def refusal(key: str) -> Finding:
    """Refuse a part of the job."""
    return Finding(id=f"no-{key}", severity=Severity.ERROR, message=f"no {key} here yet", remedy=f"leave {key} out")
