"""How runs stand: what Ray says of the job, together with what the node wrote down."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from trainferry.errors import RunNotFound
from trainferry.results import FoundRun
from trainferry.specs.run import RunState, RunStatus
from trainferry_ray.api import RayApi
from trainferry_ray.node import errands, outcome
from trainferry_ray.target import Ref, Target, Targets, is_run_id

RUN_KEY, EXPERIMENT_KEY, TAG_PREFIX = "trainferry_run", "trainferry_experiment", "trainferry_tag_"
SCRIPT_KEY, METRICS_KEY, WIDE_KEY = "trainferry_script", "trainferry_metrics", "trainferry_wide"
"""Keys of a job's metadata at Ray: the run, its experiment, tags, script and metrics file, and the CPUs that it takes
on other nodes than that of its driver.
"""

_FINAL = {"SUCCEEDED", "FAILED", "STOPPED"}
_GONE = "the cluster was stopped, or its head node went down; what the script wrote until then is kept; run it again"


def poll(targets: Targets, refs: Iterable[str]) -> dict[str, RunStatus]:
    """The status of each run that is known; each cluster is asked once."""
    by_cluster: dict[str, list[Ref]] = {}
    for ref in filter(None, map(Ref.parse, refs)):
        by_cluster.setdefault(ref.cluster, []).append(ref)
    found: dict[str, RunStatus] = {}
    for name, own in by_cluster.items():
        target = targets.named(name)
        known = {ref: written_end(target, ref.run_id) for ref in own}
        going = [ref for ref, status in known.items() if status is None]
        api = target.api() if going else None
        jobs = api.jobs() if api else {}
        known |= {ref: status_of(target, api, ref.run_id, jobs.get(ref.run_id)) for ref in going}
        found |= {str(ref): status for ref, status in known.items() if status is not None}
    return found


def written_end(target: Target, run_id: str) -> RunStatus | None:
    """The last state of a run, if this machine sees where its node wrote it: that holds without the cluster, too."""
    written = errands.state_of(target.visible, run_id) if target.visible is not None else None
    return _as_status(written) if written and written["ended"] else None


def status_of(target: Target, api: RayApi | None, run_id: str, job: Mapping[str, Any] | None) -> RunStatus | None:
    """How a run stands; None if neither Ray nor the disk knows it."""
    ended = written_end(target, run_id)
    if ended is not None:
        return ended
    written = errands.state_of(target.visible, run_id) if target.visible is not None else None
    if job is None:
        if written is None:
            return None
        return RunStatus(RunState.LOST, reason=_GONE, started=written["started"])
    if job["status"] not in _FINAL:
        return _going(api, job, written)
    return _ended(api, job, written)


def _as_status(written: Mapping[str, Any]) -> RunStatus:
    return RunStatus(
        RunState(written["state"]), written["exit_code"], written["reason"], written["started"], written["ended"]
    )


def _going(api: RayApi | None, job: Mapping[str, Any], written: Mapping[str, Any] | None) -> RunStatus:
    if job["status"] == "PENDING":
        return RunStatus(RunState.QUEUED, reason=job.get("message") or "")
    if written is not None:
        return _as_status(written)
    begun = _begun(api, job)
    return RunStatus(RunState.RUNNING if begun else RunState.QUEUED, started=begun)


def _begun(api: RayApi | None, job: Mapping[str, Any]) -> float | None:
    """When the script started, if it did."""
    log = (api.log(job["submission_id"]) if api else None) or ""
    text = log.partition(outcome.BEGIN)[2].partition("\n")[0]
    try:
        return float(text)
    except ValueError:
        return None


def _ended(api: RayApi | None, job: Mapping[str, Any], written: Mapping[str, Any] | None) -> RunStatus:
    ended = (job["end_time"] or job["start_time"]) / 1000
    started = written["started"] if written else None
    if job["status"] == "STOPPED":
        return RunStatus(RunState.CANCELED, reason="canceled", started=started, ended=ended)
    final = _last_words(api, job)
    if final is not None and (job["status"] == "SUCCEEDED" or final["state"] != "completed"):
        return _as_status(final)
    message = str(job.get("message") or "")
    if job["status"] == "SUCCEEDED":
        return RunStatus(RunState.COMPLETED, 0, started=started, ended=ended)
    if job.get("error_type") == "JOB_SUPERVISOR_ACTOR_DIED" and "ray.kill" in message:
        return RunStatus(RunState.CANCELED, reason="canceled before it started", ended=ended)
    code = job.get("driver_exit_code")
    state = RunState.FAILED if code is not None or started is None else RunState.LOST
    return RunStatus(state, None, _explained(message), started, ended)


def _last_words(api: RayApi | None, job: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the driver wrote last: in the message of a failed job, else at the end of its log."""
    text = errands.part_after(str(job.get("message") or "") + "\n", outcome.END)
    if text is None and api is not None:
        text = errands.part_after(api.log(job["submission_id"]) or "", outcome.END)
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    return found if isinstance(found, dict) and "state" in found else None


def _explained(message: str) -> str:
    if "failed to start within" in message:
        return (
            "the cluster had no room for it for as long as Ray lets a job wait (RAY_JOB_START_TIMEOUT_SECONDS on the"
            " head node); ask for less with compute.size: cpus=1, or wait for a free node"
        )
    return message[:4000] or "Ray gave no reason"


def find_runs(target: Target, experiment: str | None, run_id: str | None) -> list[FoundRun]:
    """The runs at a cluster that carry a run id of ours, by id."""
    api = target.api()
    if api is None:
        status = status_of(target, None, run_id, None) if run_id and is_run_id(run_id) and not experiment else None
        return [FoundRun(run_id, str(Ref(run_id, target.name)), status)] if run_id and status else []
    if run_id is not None:
        single = api.job(run_id) if is_run_id(run_id) else None
        jobs = {run_id: single} if single else {}
    else:
        jobs = api.jobs()
    found = []
    for name in sorted(jobs):
        data = jobs[name].get("metadata") or {}
        if data.get(RUN_KEY) != name or (experiment is not None and data.get(EXPERIMENT_KEY) != experiment):
            continue
        status = status_of(target, api, name, jobs[name])
        tags = {key.removeprefix(TAG_PREFIX): value for key, value in data.items() if key.startswith(TAG_PREFIX)}
        if status is not None:
            ref, created = str(Ref(name, target.name)), jobs[name]["start_time"] / 1000
            found.append(
                FoundRun(
                    name,
                    ref,
                    status,
                    data.get(EXPERIMENT_KEY, ""),
                    tags,
                    script=data.get(SCRIPT_KEY, ""),
                    metrics=data.get(METRICS_KEY) or None,
                    created=created,
                )
            )
    return found


def find(targets: Targets, text: str) -> tuple[Target, Ref, RunStatus]:
    """The cluster of a run, its reference, and how it stands; RunNotFound if nobody knows it."""
    ref = Ref.parse(text)
    if ref is None:
        raise RunNotFound(f"{text!r} is no run of the Ray backend", remedy="'ferry runs' lists the runs of this user")
    target = targets.named(ref.cluster)
    status = written_end(target, ref.run_id)
    if status is None:
        api = target.api()
        status = status_of(target, api, ref.run_id, api.job(ref.run_id) if api else None)
    if status is None:
        raise RunNotFound(
            f"{target.title} knows no run {ref.run_id}",
            remedy="a cluster that was stopped forgets its runs; 'ferry runs' lists those of this user",
        )
    return target, ref, status
