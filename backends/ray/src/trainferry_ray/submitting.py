"""Applying a submit: packing what travels, and handing Ray a job under our own run id."""

import json
from pathlib import Path
from typing import Any

from trainferry.errors import BackendError
from trainferry.masking import mask
from trainferry.progress import Progress, Report
from trainferry.site import Site
from trainferry.specs.finding import Severity
from trainferry.specs.job import Job, Origin
from trainferry.specs.plan import Action
from trainferry_ray import packing
from trainferry_ray.api import RayApi
from trainferry_ray.data import as_request, travelling
from trainferry_ray.depot import ENTRY
from trainferry_ray.node import errands
from trainferry_ray.planning import snapshot_of
from trainferry_ray.requests import environment_files, environment_of, request_of
from trainferry_ray.resources import Resources, resources_of
from trainferry_ray.settings import RaySettings
from trainferry_ray.target import Ref, Target
from trainferry_ray.watching import EXPERIMENT_KEY, METRICS_KEY, RUN_KEY, SCRIPT_KEY, TAG_PREFIX, WIDE_KEY

_STOP_MARGIN = 40
"""Seconds beyond the grace period that Ray gives a run which it was asked to stop, before it kills what is left."""


def job_of(payload: dict[str, Any]) -> Job:
    """The job that an action is about."""
    return Job.model_validate(payload["job"]).with_origin(Origin(folder=Path(payload["folder"])))


class Submission:
    """One submit on its way from an action to a job at Ray."""

    def __init__(self, action: Action, site: Site, settings: RaySettings, target: Target) -> None:
        self.job = job_of(action.payload)
        self.run_id: str = action.payload["run_id"]
        self._fingerprint: str = action.payload["snapshot"]
        self._site = site
        self._settings = settings
        self._target = target

    def submit(self, report: Report) -> str:
        """Submit the run and return its reference; if that was done before, do nothing more."""
        ref = str(Ref(self.run_id, self._target.name))
        if self._target.visible is not None and errands.state_of(self._target.visible, self.run_id):
            return ref
        api = self._target.started_api(report)
        if api.job(self.run_id) is None:
            report(Progress(f"sending the source folder to {self._target.title}"))
            api.submit(self._request(api))
        return ref

    def _request(self, api: RayApi) -> dict[str, Any]:
        resources = resources_of(self.job, self._settings)
        wide = self._is_wide(api, resources)
        snapshot = packing.name_of(self._fingerprint)
        runtime = {
            "working_dir": self._send_request(api, snapshot, wide=wide),
            "py_modules": [self._send_snapshot(api, snapshot)],
            "env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": str(int(self._settings.grace_seconds) + _STOP_MARGIN)},
        }
        asked = {} if wide else _entrypoint_resources(resources)
        return {
            "submission_id": self.run_id,
            "entrypoint": f"{ENTRY} run",
            "runtime_env": runtime,
            "metadata": self._metadata(resources, wide=wide),
            **asked,
        }

    def _is_wide(self, api: RayApi, resources: Resources) -> bool:
        """Whether the driver waits on the head node while others work.

        It does for several nodes, to start over when one is lost, for data that only the head has, and when no room
        is free, because Ray lets a job itself wait 15 minutes only.
        """
        if self.job.nodes > 1 or self._settings.retries:
            return True
        if self._target.own is None and self._target.visible is None and travelling(self.job, self._target):
            return True
        return resources.cpus > 0 and self._target.own is None and _free_cpus(api) < resources.cpus

    def _send_snapshot(self, api: RayApi, name: str) -> str:
        snapshot = snapshot_of(self.job)
        for problem in snapshot.problems:
            if problem.severity is Severity.ERROR:
                raise BackendError(problem.message, remedy=problem.remedy, where=problem.where)
        return api.put_package(name, packing.pack_snapshot(snapshot, self._fingerprint))

    def _send_request(self, api: RayApi, snapshot: str, *, wide: bool) -> str:
        executables = [file.path for file in snapshot_of(self.job).files if file.executable]
        request = request_of(
            self.job,
            self.run_id,
            self._settings,
            storage=self._target.storage,
            snapshot=snapshot,
            executables=executables,
        )
        request |= {"datasets": as_request(self.job, self._target, self._site.cache), "spread": wide}
        files = {**packing.node_files(), "request.json": json.dumps(request).encode()}
        if not self.job.environment.current:
            files |= environment_files(environment_of(self.job))
        archive = packing.pack(files)
        return api.put_package(packing.name_of(archive), archive)

    def _metadata(self, resources: Resources, *, wide: bool) -> dict[str, str]:
        tags: dict[str, str] = mask(dict(self.job.tags))
        return {
            RUN_KEY: self.run_id,
            EXPERIMENT_KEY: self.job.experiment_name,
            SCRIPT_KEY: self.job.script,
            METRICS_KEY: self.job.metrics or "",
            WIDE_KEY: str(resources.cpus * self.job.nodes) if wide else "0",
            **{TAG_PREFIX + key: str(value) for key, value in tags.items()},
        }


def _entrypoint_resources(resources: Resources) -> dict[str, Any]:
    wanted = {
        "entrypoint_num_cpus": resources.cpus,
        "entrypoint_num_gpus": resources.gpus,
        "entrypoint_memory": resources.memory,
        "entrypoint_resources": resources.custom,
    }
    return {key: value for key, value in wanted.items() if value}


def _free_cpus(api: RayApi) -> float:
    """CPUs that no submitted job holds or waits for; what others hold, Ray alone knows."""
    total = sum(node["resources_total"].get("CPU", 0) for node in api.nodes())
    for job in api.jobs().values():
        if job["status"] in {"PENDING", "RUNNING"}:
            total -= float(job.get("entrypoint_num_cpus") or 0)
            total -= float((job.get("metadata") or {}).get(WIDE_KEY, 0))
    return float(total)
