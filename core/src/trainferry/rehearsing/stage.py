"""The stage `rehearse`: from a job and its target to a short run here, and what it showed."""

import os
import platform
import re
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainferry.checks.rules import found
from trainferry.errors import FerryError
from trainferry.masking import mask_text
from trainferry.plugins import load_backend
from trainferry.progress import Report, silent
from trainferry.rehearsing import running
from trainferry.rehearsing.estimating import expected_time, step_time
from trainferry.rehearsing.judging import Case, judge, peak_bytes
from trainferry.rehearsing.result import Rehearsed
from trainferry.rehearsing.running import Impossible, Observed
from trainferry.rehearsing.sampling import Sample, take_sample
from trainferry.rehearsing.shortening import Short, batch_of, shorten
from trainferry.specs.finding import Finding
from trainferry.specs.job import Job
from trainferry.specs.plan import Plan, Price
from trainferry.specs.rehearsal import Range, Rehearsal, RehearsalRules

if TYPE_CHECKING:
    from trainferry.backend import Backend
    from trainferry.ferry import Ferry

_OLD = 24 * 3600.0
"""Seconds after which what a killed rehearsal left is cleared away."""

_ASK_AGAIN = 3600.0
"""Seconds that a Python counts as missing, before it is looked for again."""

_LOG_SHOWN = 4000

_MARGIN = 30
"""Seconds after which the backend ends a script by itself, if we were killed and can't."""


@dataclass
class _Stage:
    """One rehearsal on its way."""

    ferry: "Ferry"
    job: Job
    """As the target would run it."""
    given: Job
    """As the job file has it."""
    rules: RehearsalRules
    folder: Path
    report: Report


def rehearse(ferry: "Ferry", job: Job, *, price: Price | None = None, report: Report = silent) -> Rehearsed:
    """Run the job's script on a sample of its data, here; never raises for what is wrong with the job.

    Nothing is left behind but environments in the cache. The user's runs are not touched: a rehearsal is none.
    """
    from trainferry.dry_run import rules_of  # noqa: PLC0415  (which imports this package in its turn)

    resolved = ferry.resolve(job)
    home = ferry.site.cache / "rehearsals"
    _clear_old(home)
    folder = home / f"{os.getpid()}-{time.time_ns()}"
    stage = _Stage(ferry, resolved, job, rules_of(ferry, resolved), folder, report)
    try:
        return _rehearse(stage, price)
    except (Impossible, FerryError) as error:
        finding = found(resolved, "rehearsal-impossible", f"not rehearsed: {error.message}", error.remedy)
        return Rehearsed(None, (finding,), f"not rehearsed: {error.message}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clear_old(home: Path) -> None:
    if not home.is_dir():
        return
    for folder in home.iterdir():
        if folder.is_dir() and time.time() - folder.stat().st_mtime > _OLD:
            shutil.rmtree(folder, ignore_errors=True)


def _rehearse(stage: _Stage, price: Price | None) -> Rehearsed:
    wanted = stage.job.rehearse
    if wanted.network is not None:
        stage.rules = stage.rules.model_copy(update={"network": wanted.network})
    samples = _samples(stage)
    short = shorten(stage.job)
    job, differences = _rehearsal_job(stage, samples, short)
    backend = _backend(stage)
    plan, job, more = _prepared(stage, backend, job)
    differences += more
    observed = running.run(backend, plan, float(wanted.timeout), stage.report)
    case = Case(
        stage.job,
        observed,
        stage.rules,
        sampled=any(not sample.whole for sample in samples.values()),
        differs=bool(differences),
    )
    findings = judge(case)
    differences += short.changed
    rehearsal = _result(stage, observed, short, samples, differences)
    rehearsal, late = _costed(stage, rehearsal, price)
    return Rehearsed(rehearsal, (*findings, *late), _summary(rehearsal))


def _samples(stage: _Stage) -> dict[str, Sample]:
    """A sample of each dataset; of one in the cloud, of the copy that the job names for this machine."""
    job, own = stage.job, stage.given.for_backend(stage.ferry.config.rehearse_on)
    batch, samples = batch_of(job), {}
    for name in job.datasets:
        original = job.dataset_path(name) or (own.dataset_path(name) if name in own.datasets else None)
        if original is None:
            here = f"{{{stage.ferry.config.rehearse_on}: {{datasets: {{{name}: {{path: FOLDER}}}}}}}}"
            remedy = f"name a copy of it, or of a part, for this machine: backends: {here}"
            raise Impossible(f"the dataset '{name}' is in the cloud only", remedy=remedy)
        if not original.exists():
            raise Impossible(f"the dataset '{name}' is not there: {original}")
        per_class = job.rehearse.samples_per_class
        samples[name] = take_sample(original.resolve(), stage.folder / "data" / name, per_class=per_class, batch=batch)
    return samples


def _rehearsal_job(stage: _Stage, samples: dict[str, Sample], short: Short) -> tuple[Job, list[str]]:
    """The job that runs here, and in what it differs from the one that would run there."""
    job = stage.job
    data = job.model_dump(mode="json", exclude_unset=True, exclude={"backends", "rehearse", "compute", "timeout"})
    data["arguments"] = short.arguments
    for name, sample in samples.items():
        data["datasets"][name] = {"path": str(sample.folder), "mode": job.datasets[name].mode}
    environment, differences = _environment(job)
    environment["variables"] = {**stage.rules.variables, **_witness(job), **job.environment.variables}
    data["environment"] = environment
    data["timeout"] = job.rehearse.timeout + _MARGIN
    made = Job.model_validate(data).with_origin(replace(job.origin, marks={}, findings=()))
    return made, differences


def _environment(job: Job) -> tuple[dict[str, Any], list[str]]:
    """What of the job's environment can be had on this machine."""
    spec = job.rehearse.environment
    if spec is not None:
        return spec.model_dump(mode="json", exclude_unset=True), ["the environment that rehearse.environment names"]
    spec = job.environment
    if spec.current:
        return {"current": True}, []
    if not spec.pip and (spec.image or spec.dockerfile or spec.curated or spec.conda):
        raise Impossible(
            "its packages are those of an image, or of conda, which can't be had here",
            remedy="name the pip packages for the rehearsal: rehearse: {environment: {pip: [...]}}, or current",
        )
    kept: dict[str, Any] = {"pip": [_without_cuda(item) for item in spec.pip]}
    if spec.python:
        kept["python"] = spec.python
    differences = ["CUDA libraries left out"] if kept["pip"] != list(spec.pip) else []
    if spec.conda:
        differences.append(f"without the conda packages {', '.join(spec.conda)}")
    return kept, differences


def _without_cuda(requirement: str) -> str:
    """A requirement without the extra that brings gigabytes of CUDA libraries, where there is no GPU to use them."""
    if Path("/dev/nvidia0").exists():
        return requirement
    return re.sub(r"\[and-cuda\]", "", requirement)


def _witness(job: Job) -> dict[str, str]:
    return {
        "TRAINFERRY_WITNESS_EPOCHS": str(job.rehearse.epochs),
        "TRAINFERRY_WITNESS_STEPS": str(job.rehearse.steps),
    }


def _backend(stage: _Stage) -> "Backend":
    """The backend that rehearses, with a home of its own: a rehearsal is no run of the user's."""
    name = stage.ferry.config.rehearse_on
    backend = load_backend(name, ())
    backend.configure(stage.ferry.config.backend_settings(name), replace(stage.ferry.site, home=stage.folder / "state"))
    return backend


def _prepared(stage: _Stage, backend: "Backend", job: Job) -> tuple[Plan, Job, list[str]]:
    """The plan, its environment made: with the Python that this machine has, if the job's can't be had."""
    run_id, python = f"rehearsal-{os.getpid()}", job.environment.python
    if python is None:
        return running.prepare(backend, job, run_id, stage.rules, stage.report), job, []
    missing = stage.ferry.site.listings("pythons")
    known = missing.recall(python)
    first = None
    if known is None or known.age > _ASK_AGAIN:
        try:
            return running.prepare(backend, job, run_id, stage.rules, stage.report), job, []
        except Impossible as error:
            first = error
    other = job.laid_over({"environment": {"python": None}}).with_origin(job.origin)
    mine = platform.python_version()
    try:
        plan = running.prepare(backend, other, run_id, stage.rules, stage.report)
    except Impossible as error:
        if first is not None and "python" not in first.message.lower():
            raise first from error
        text = f"Python {python} is not on this machine, and with {mine} its packages can't be had: {error.message}"
        raise Impossible(text, remedy=f"install Python {python}, such as by: uv python install {python}") from error
    missing.keep(python, {"instead": mine})
    return plan, other, [f"Python {mine} instead of {python}"]


def _result(
    stage: _Stage, observed: Observed, short: Short, samples: dict[str, Sample], differences: list[str]
) -> Rehearsal:
    events = observed.evidence.events
    share = min((sample.share for sample in samples.values()), default=1.0)
    state = "timeout" if observed.timed_out else "failed" if running.failed(observed) else "completed"
    return Rehearsal.model_validate(
        {
            "state": state,
            "exit_code": observed.status.exit_code,
            "seconds": round(observed.seconds, 3),
            "arguments": short.arguments,
            "samples": {name: str(sample) for name, sample in samples.items()},
            "differences": differences,
            "outputs": {entry.path: entry.size for entry in observed.files if entry.path.startswith("outputs/")},
            "peak_bytes": peak_bytes(observed),
            "step_seconds": step_time(events),
            "expected_seconds": expected_time(
                events, observed.seconds, share=share, factors=short.factors, rules=stage.rules
            ),
            "log": mask_text(observed.log[-_LOG_SHOWN:]),
        }
    )


def _costed(stage: _Stage, rehearsal: Rehearsal, price: Price | None) -> tuple[Rehearsal, list[Finding]]:
    """The rehearsal with the expected cost, and a warning if the run would outlast its timeout."""
    time_range = rehearsal.expected_seconds
    if time_range is None:
        return rehearsal, []
    late = []
    if stage.job.timeout is not None and time_range.low > stage.job.timeout:
        message = (
            f"at least {time_range.low / 60:.0f} min are expected, and timeout is {stage.job.timeout / 60:.0f} min"
        )
        late.append(found(stage.job, "timeout-short", message, at=("timeout",)))
    if price is None:
        return rehearsal, late
    low, high = (price.per_hour * seconds / 3600 * stage.job.nodes for seconds in (time_range.low, time_range.high))
    cost = Range(low=round(low, 4), high=round(high, 4))
    return rehearsal.model_copy(update={"expected_cost": cost}), late


def _summary(rehearsal: Rehearsal) -> str:
    words = {"completed": "completed", "failed": "failed", "timeout": "did not end in time"}[rehearsal.state]
    seen = "; ".join(f"{name}: {text}" for name, text in rehearsal.samples.items())
    return f"{words} after {rehearsal.seconds:.1f} s" + (f" on {seen}" if seen else "")
