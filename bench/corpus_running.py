"""Runs the stages of the dry run over one case of the corpus, and judges what was found."""

import json
import logging
import os
import shutil
import time
import traceback
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus_folder import Folder, lay_out, remove
from trainferry import Ferry, Job
from trainferry.checks.rules import of_rehearsing, of_resolving
from trainferry.config import load_config
from trainferry.errors import FerryError, JobFileError
from trainferry.listings import Listings
from trainferry.plugins import BACKENDS, entries
from trainferry.specs.finding import Finding, Severity
from trainferry.specs.verdict import StageState

if TYPE_CHECKING:
    from trainferry.config import Config

SEVERITIES = {"error": Severity.ERROR, "warn": Severity.WARNING, "warning": Severity.WARNING, "note": Severity.NOTE}


@dataclass
class Row:
    """What became of one case."""

    case: str
    id: str
    title: str
    kind: str
    """`failure` or `valid`."""
    layer: str = ""
    expected: str = ""
    mention: str = ""
    result: str = ""
    """caught, missed, undetectable; for a valid job passed or rejected."""
    by: str = ""
    """The finding that caught it, or that rejected a valid job."""
    stage: str = ""
    findings: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    unchecked: dict[str, str] = field(default_factory=dict)
    """Stages that were not run to their end, with the reason."""
    trouble: str = ""


@dataclass
class Stages:
    """Which stages are run: check always, the others where they are asked for."""

    names: tuple[str, ...] = ("check", "resolve", "plan", "rehearse")
    backend: str = ""
    """Runs every case on this backend; empty for the one that the case names, where it is installed."""


def run_case(case: dict[str, Any], scratch: Path, stages: Stages) -> Row:
    """One case, from its description to its row. Never raises: what goes wrong is in `trouble`."""
    valid = not isinstance(case.get("expect"), dict) and str(case.get("expect", "")).startswith("pass")
    expect = case.get("expect") if isinstance(case.get("expect"), dict) else {}
    row = Row(
        str(case.get("case", "")), str(case.get("id", "")), str(case.get("title", "")), "valid" if valid else "failure"
    )
    row.layer = str(case.get("layer", ""))
    row.expected, row.mention = str((expect or {}).get("severity", "")), str((expect or {}).get("mention", ""))
    home = scratch / (row.case or row.id)
    found: list[tuple[str, Finding]] = []
    try:
        folder = lay_out(case, home / "job")
        row.trouble = folder.trouble
        found = list(run_stages(folder, home, stages, row))
    except Exception as error:  # noqa: BLE001  (a case that can't even be laid out is a missed one, and says why)
        row.trouble = f"{type(error).__name__}: {error}"
        logging.getLogger(__name__).debug("%s", traceback.format_exc())
    finally:
        remove(home)
    row.findings = [{"stage": stage, **finding.model_dump(mode="json")} for stage, finding in found]
    judge(row, found)
    return row


def judge(row: Row, found: list[tuple[str, Finding]]) -> None:
    """Write down whether the findings are what the corpus expects."""
    if row.kind == "valid":
        wrong = [(stage, finding) for stage, finding in found if finding.severity is Severity.ERROR]
        row.result = "rejected" if wrong or (row.trouble and not found) else "passed"
        if wrong:
            row.stage, row.by = wrong[0][0], wrong[0][1].id
        return
    if not row.expected or row.layer == "no":
        row.result = "not detectable"
        return
    severity = SEVERITIES.get(row.expected)
    for stage, finding in found:
        if len(row.mention) < _WORD and finding.id in _COMMON:
            continue
        if finding.severity is severity and row.mention in f"{finding.message} {finding.remedy} {finding.file}":
            row.result, row.stage, row.by = "caught", stage, finding.id
            return
    row.result = "missed"


_COMMON = ("no-timeout", "gpu-unused", "azureml-core-support-ended", "package-unpinned", "dataset-unused")
"""What is found of nearly every job of the corpus; a mention of a sign or two is in there by chance."""
_WORD = 3


def run_stages(folder: Folder, home: Path, stages: Stages, row: Row) -> Iterator[tuple[str, Finding]]:
    """The findings of each stage, in order; a stage that breaks says so in the row."""
    job: Job | None = None
    with chdir(folder.job.parent), timed(row, "load"):
        try:
            job = Job.load("job.yaml")
        except JobFileError as error:
            for problem in error.problems:
                yield "check", as_finding(problem)
    if job is None:
        return
    config = settings(folder, home, stages)
    with chdir(folder.job.parent), Ferry(config) as ferry:
        try:
            yield from list(dry_run(ferry, job, stages, row))
        except FerryError as error:
            yield "check", as_finding(error)
        except Exception as error:  # noqa: BLE001  (a later stage that breaks costs its findings, not those of the check)
            row.trouble += f"{type(error).__name__}: {error}"
            yield from (("check", finding) for finding in ferry.check(job))


def keep_listings(folder: Folder) -> None:
    """Keep the quotas that a case has in its cache where the backend keeps those that it has read."""
    quota = folder.job.parent / ".cache" / "quota.json"
    kept = Path(os.environ["TRAINFERRY_CACHE"]) / "listings" / "azureml"
    shutil.rmtree(kept, ignore_errors=True)
    if not quota.is_file():
        return
    listed = json.loads(quota.read_text(encoding="utf-8"))
    usages = [{"family": name, "used": int(one["used"]), "limit": int(one["limit"])} for name, one in listed.items()]
    Listings(kept).keep(f"usages.{folder.mapped.region}", usages)


def dry_run(ferry: Ferry, job: Job, stages: Stages, row: Row) -> Iterator[tuple[str, Finding]]:
    """What the stages find, each with the name of its stage."""
    if set(stages.names) == {"check"}:
        with timed(row, "check"):
            yield from [("check", finding) for finding in ferry.check(job)]
        return
    verdict = ferry.dry_run(job, rehearse=False)
    for stage in verdict.stages:
        if stage.state is StageState.DONE:
            row.seconds[stage.name] = stage.seconds
        else:
            row.unchecked[stage.name] = f"{stage.state}: {stage.detail}"
    planned = set(verdict.plan.findings) if verdict.plan else set()
    wrong = False
    for finding in verdict.findings:
        if finding.id in _UNREACHED:
            row.unchecked["plan"] = finding.message
            row.seconds.pop("plan", None)
            continue
        wrong = wrong or finding.severity is Severity.ERROR
        yield stage_of(finding, planned), finding
    if "rehearse" in stages.names and not wrong:
        yield from rehearse(ferry, job, row)


def rehearse(ferry: Ferry, job: Job, row: Row) -> Iterator[tuple[str, Finding]]:
    """What the rehearsal finds; as in a dry run it comes after the errors of the other stages are mended."""
    start = time.perf_counter()
    rehearsed = ferry.rehearse(job)
    if rehearsed.rehearsal is None:
        row.unchecked["rehearse"] = rehearsed.summary
    else:
        row.seconds["rehearse"] = time.perf_counter() - start
        row.unchecked.pop("rehearse", None)
    yield from (("rehearse", finding) for finding in rehearsed.findings)


def stage_of(finding: Finding, planned: set[Finding]) -> str:
    """The stage that a finding comes from, by its rule."""
    if finding.id in of_resolving.RULES:
        return "resolve"
    if finding.id in of_rehearsing.RULES and finding.id not in _BOTH:
        return "rehearse"
    return "plan" if finding in planned else "check"


_UNREACHED = ("azure-unusable", "plan-failed")
"""That the target can't be asked from here says nothing of the job: the corpus comes without an account."""
_BOTH = ("outputs-large", "output-name", "dataset-written", "output-lost")
"""Rules that the check of the script and the rehearsal share; the check comes first."""


def as_finding(error: FerryError) -> Finding:
    """An error that the command line would show, as a finding."""
    where = error.where
    return Finding(
        id="refused",
        severity=Severity.ERROR,
        message=error.message,
        remedy=error.remedy,
        file=where.file if where else None,
        line=where.line if where else None,
    )


@contextmanager
def timed(row: Row, name: str) -> Iterator[None]:
    """Note how long a stage takes (seconds)."""
    start = time.perf_counter()
    try:
        yield
    finally:
        row.seconds[name] = time.perf_counter() - start


def settings(folder: Folder, home: Path, stages: Stages) -> "Config":
    """Settings for a case: the backend that it names, if that is installed, and the workspace's file."""
    backend = stages.backend or folder.mapped.backend
    if backend not in {entry.name for entry in entries(BACKENDS)}:
        backend = ""
    keep_listings(folder)
    lines = [f'backend = "{backend}"\n'] if backend else []
    if backend == "azureml" and folder.mapped.workspace:
        lines.append(f"[backends.azureml]\nconfig = {json.dumps(folder.mapped.workspace)}\n")
    (home / "job" / "trainferry.toml").write_text("".join(lines), encoding="utf-8")
    return load_config(folder=home / "job")
