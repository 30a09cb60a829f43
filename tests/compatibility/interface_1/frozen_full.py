"""A backend of interface version 1 that implements every hook it had, with every argument, and reads what it was given."""

from pydantic import BaseModel

from trainferry.errors import BackendError, RunNotFound
from trainferry.hookspecs import hookimpl
from trainferry.progress import Progress
from trainferry.results import FileEntry, FoundRun, LogChunk
from trainferry.specs import Action, ActionKind, ActionResult, Finding, Plan, Price, Quota, RehearsalRules
from trainferry.specs import RunState, RunStatus, Severity


class Settings(BaseModel):
    greeting: str = "hello"


class Full:
    interface_version = 1

    @hookimpl
    def settings_model(self):
        return Settings

    @hookimpl
    def configure(self, settings, site):
        self.greeting = settings.greeting
        self.home = site.backend_home("frozen-full")
        self.heard = []
        return True

    @hookimpl
    def check(self, job, site):
        yield Finding(id="frozen", severity=Severity.NOTE, message=f"{job.name} at {site.home}", remedy="none")

    @hookimpl
    def plan(self, job, run_id):
        make = Action(kind=ActionKind.CREATE, resource="folder:frozen", summary="make the folder", bytes=1, files=1)
        payload = {"arguments": job.resolve_arguments({name: f"/in/{name}" for name in job.datasets})}
        submit = Action(kind=ActionKind.SUBMIT, resource=f"run:{run_id}", summary="start it", payload=payload)
        price = Price(per_hour=1.5, currency="EUR", source="a list of 2026-11-01")
        return Plan(run_id=run_id, backend="frozen-full", job=job, actions=(make, submit), price=price, snapshot="0" * 64)

    @hookimpl
    def apply(self, action, report):
        report(Progress(action.summary, 1, 1, "step"))
        if action.kind is not ActionKind.SUBMIT:
            return ActionResult(details={"made": action.resource})
        return ActionResult(ref=action.resource)

    @hookimpl
    def poll(self, refs):
        return {ref: RunStatus(RunState.FAILED, 3, "exit code 3", 10.0, 14.0) for ref in refs}

    @hookimpl
    def read_log(self, ref, cursor):
        if ref == "nobody":
            raise RunNotFound("no run nobody", remedy="look elsewhere")
        text = f"{self.greeting} world"[int(cursor or 0):]
        return LogChunk(text, "11", True)

    @hookimpl
    def cancel(self, ref):
        self.heard.append(ref)
        return True

    @hookimpl
    def list_files(self, ref):
        return [FileEntry("outputs/a.txt", 1), FileEntry("logs/b.txt", size=2, local=None)]

    @hookimpl
    def fetch(self, ref, files, destination, report):
        if "outputs/no" in files:
            raise BackendError("no such file", remedy="take another")
        report(Progress("fetching"))
        return [destination / name for name in files]

    @hookimpl
    def metrics(self, ref):
        return [{"epoch": 0, "loss": 1.5}]

    @hookimpl
    def portal_url(self, ref):
        return f"https://frozen.example/{ref}"

    @hookimpl
    def find_runs(self, experiment, run_id):
        status = RunStatus(state=RunState.RUNNING)
        return [FoundRun(run_id or "r-1", "run:r-1", status, experiment=experiment or "e", tags={"a": "b"})]

    @hookimpl
    def price(self, compute):
        return Price(per_hour=compute.max_nodes, source="a list")

    @hookimpl
    def quota(self, compute):
        return Quota(family="frozen", used=1, limit=2, needed=compute.max_nodes)

    @hookimpl
    def tear_down(self, resource):
        self.heard.append(resource)
        return True

    @hookimpl
    def rehearsal_rules(self, job):
        return RehearsalRules(mount_read_only=False, working_folder="/w", variables={"A": job.name}, network=False)

    @hookimpl
    def diagnose(self):
        yield Finding(id="frozen-cold", severity=Severity.WARNING, message="it is cold", remedy="wait")

    @hookimpl
    def run_changed(self, run, old, new):
        self.heard.append(f"{run.id} {old} {new}")
