"""What a rehearsal showed, as findings."""

import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from trainferry.checks.code.program import shown
from trainferry.checks.rules import found
from trainferry.errors import Location
from trainferry.rehearsing.artifacts import MODELS, RESULTS, metrics_problem, model_problem
from trainferry.rehearsing.running import Observed, failed
from trainferry.rehearsing.tracebacks import Failure, read_failure
from trainferry.results import FileEntry
from trainferry.specs.finding import Confidence, Finding, Severity
from trainferry.specs.job import Job
from trainferry.specs.rehearsal import RehearsalRules

_SHOWN = 3

_NEEDS_GPU = re.compile(
    r"(?i)no CUDA GPUs|found no nvidia driver|not compiled with CUDA|cuda is not available|CUDA_ERROR_NO_DEVICE"
    r"|no gpu|gpu.{0,40}(?:not found|required|available)|physical_devices"
)
_TOOLS = re.compile(r"No module named '(pkg_resources|setuptools|distutils|pip|wheel)\b")
"""Modules that come with pip: an image may have them where the job's environment says nothing of them."""
_FEW_DATA = re.compile(
    r"(?i)empty logs|n_samples|steps_per_epoch|ran out of data|not enough|too few"
    r"|at least \d+ (?:samples|classes|images)|zero-size|division by zero|num_samples"
    r"|larger than the (?:population|dataset)|dataset is empty"
)
_ILLEGAL = re.compile(r'[<>:"|?*&\\\x00-\x1f]')
_CACHES = (
    "__pycache__",
    ".keras",
    ".cache",
    ".config",
    ".nv",
    ".ipython",
    ".local",
    ".matplotlib",
    ".triton",
    ".astropy",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A rehearsal to be judged: the job, what was seen, and how it differed from the target."""

    job: Job
    observed: Observed
    rules: RehearsalRules
    sampled: bool
    """Whether the script saw a part of the data only."""
    differs: bool
    """Whether it ran with another Python or environment than it would there."""


def judge(case: Case) -> list[Finding]:
    """Everything that the rehearsal showed to be wrong, or worth knowing."""
    found_here = [*_ending(case), *_network(case), *_writes(case), *_memory(case)]
    if not failed(case.observed):
        found_here += [*_outputs(case), *_metrics(case)]
    return [*found_here, *_models(case), *_names(case), *_lost(case)]


def _ending(case: Case) -> Iterator[Finding]:
    observed, job = case.observed, case.job
    if observed.timed_out:
        last = next((line for line in reversed(observed.log.splitlines()) if line.strip()), "nothing")
        message = f"it had not ended after {job.rehearse.timeout} s; it printed last: {last.strip()[:200]}"
        yield found(
            job, "rehearsal-timeout", message, at=("rehearse",) if ("rehearse",) in job.origin.marks else ("script",)
        )
        return
    asked = [event for event in observed.evidence.events if event.get("kind") == "input"]
    if asked:
        message = f"it asks somebody to type: {asked[0].get('prompt') or 'input()'}"
        yield found(job, "rehearsal-input", message, at=_place(job, read_failure(observed.log, job.source_folder)))
    elif failed(observed):
        yield _failure(case)


def _failure(case: Case) -> Finding:
    job, observed = case.job, case.observed
    failure = read_failure(observed.log, job.source_folder)
    code = observed.status.exit_code
    head = f"exit code {code}" if code is not None and code >= 0 else observed.status.reason.partition("\n")[0]
    message = f"it failed in the rehearsal ({head}): {failure.message}"
    at = _place(job, failure)
    gpu = (case.rules.gpus is None or case.rules.gpus > 0) and _about_gpu(case, failure)
    if gpu:
        return found(job, "rehearsal-gpu", f"it needs a GPU, and this machine has none: {failure.message}", at=at)
    if code == -signal.SIGKILL:
        return found(job, "memory-short", f"{message}; this machine may be too small for it", at=at)
    if case.sampled and _FEW_DATA.search(failure.message):
        return found(job, "rehearsal-sample", message, at=at)
    tool = _TOOLS.search(failure.message)
    if tool:
        remedy = f"add setuptools to environment.pip; what has {tool[1]} is not part of every image"
        doubt = Confidence.POSSIBLE
        return found(job, "rehearsal-failed", message, remedy, at=at, severity=Severity.WARNING, confidence=doubt)
    sure = Confidence.LIKELY if case.differs else Confidence.CERTAIN
    return found(job, "rehearsal-failed", message, remedy_for(failure.message), at=at, confidence=sure)


def _about_gpu(case: Case, failure: Failure) -> bool:
    if _NEEDS_GPU.search(failure.message):
        return True
    line = _source_line(case.job, failure)
    return bool(line and re.search(r"(?i)gpu|cuda", line))


def _source_line(job: Job, failure: Failure) -> str:
    if failure.file is None or failure.line is None:
        return ""
    try:
        lines = (job.source_folder / failure.file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[failure.line - 1] if failure.line <= len(lines) else ""


REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"No module named '(?P<module>[\w.]+)'",
        "add the package that provides '{module}' to environment.pip, or the module to source",
    ),
    (
        r"Invalid filepath extension|must end in [`']?\.keras|filepath provided must end",
        "give the file a name that ends in .keras",
    ),
    (r"\.weights\.h5", "end the name of weights in .weights.h5"),
    (
        r"No such file or directory: '(?P<path>[^']+)'",
        "make the folder first (os.makedirs), or send the file along: '{path}' is not there",
    ),
    (r"Read-only file system|\[Errno 30\]", "write below outputs/: a mounted dataset can't be changed"),
    (r"requires the (?P<module>\w+) module|install (?P<name>[\w-]+)'", "add it to environment.pip"),
    (r"KeyError: '(?P<key>\w+)'", "'{key}' is not there: print the keys that are, such as history.history.keys()"),
    (r"invalid \w+ value", "write the argument in the job file as the script's type expects it"),
    (
        r"shape",
        "compare the number of class folders with the output layer, and the shapes of the data with the model's",
    ),
    (r"interactive framework|no display|DISPLAY", 'use the backend "Agg" of matplotlib: there is no screen'),
    (r"Descriptors cannot be created", 'add "protobuf<3.21" to environment.pip'),
    (
        r"Network is unreachable|URL fetch failure|Name or service not known|name resolution",
        "make what it downloads a dataset",
    ),
    (r"cannot pickle|can't pickle", "save history.history, a plain dict, as JSON; and models by model.save"),
)
"""What to do about an exception, by what it says."""


def remedy_for(message: str) -> str:
    """What to do about an exception; empty if we don't know better than the rule."""
    for pattern, remedy in REMEDIES:
        match = re.search(pattern, message)
        if match:
            return remedy.format(**{key: value or "it" for key, value in match.groupdict().items()})
    return ""


def _place(job: Job, failure: Failure) -> Location | tuple[str | int, ...]:
    if failure.file is None:
        return ("script",)
    return Location(shown(job.source_folder / failure.file), failure.line)


def _network(case: Case) -> Iterator[Finding]:
    hosts = [str(e.get("host")) for e in case.observed.evidence.events if e.get("kind") in ("host", "connect")]
    if hosts:
        names = ", ".join(list(dict.fromkeys(hosts))[:_SHOWN])
        allowed = case.rules.network
        message = f"it reaches out to {names}" + ("" if allowed else ", and the target has no network")
        severity = None if allowed else Severity.WARNING
        yield found(case.job, "network-used", message, at=("script",), severity=severity)


def _writes(case: Case) -> Iterator[Finding]:
    """Tries to write into a mounted dataset: also those whose error the script swallowed."""
    inputs = case.observed.evidence.inputs
    for event in case.observed.evidence.events:
        path = str(event.get("path", ""))
        if event.get("kind") != "write" or not inputs or not path.startswith(inputs):
            continue
        name, _, inside = path[len(inputs) :].lstrip("/").partition("/")
        dataset = case.job.datasets.get(name)
        if dataset is not None and dataset.mode == "mount" and case.rules.mount_read_only:
            message = f"it writes {inside or name} into the mounted dataset '{name}'"
            yield found(case.job, "dataset-written", message, at=("datasets", name))
            return


def _memory(case: Case) -> Iterator[Finding]:
    peak, limit = peak_bytes(case.observed), case.rules.memory_bytes
    if peak is not None and limit and peak > 0.8 * limit:
        text = f"it took {peak / 1e9:.1f} GB of memory on the sample; the size has {limit / 1e9:.1f} GB"
        yield found(
            case.job, "memory-short", text, at=("compute", "size"), severity=Severity.ERROR if peak > limit else None
        )


def peak_bytes(observed: Observed) -> int | None:
    """Most memory that a process took, as the witness saw it at its end (bytes)."""
    peaks = [int(event["peak"]) for event in observed.evidence.events if event.get("kind") == "end" and "peak" in event]
    return max(peaks, default=None)


def _results(case: Case) -> list[FileEntry]:
    return [entry for entry in case.observed.files if entry.path.startswith("outputs/")]


def _outputs(case: Case) -> Iterator[Finding]:
    files, job = _results(case), case.job
    if not files and not case.observed.timed_out:
        failure = read_failure(case.observed.log, job.source_folder)
        printed = re.search(r"(?im)^.*\b(?:error|exception|traceback|failed)\b.*$", case.observed.log)
        message = "it ended with exit code 0, but wrote no output: outputs/ is empty"
        if printed:
            message += f"; yet it printed: {printed[0].strip()[:200]}"
        yield found(job, "outputs-empty", message, at=_place(job, failure) if failure.file else ("script",))
    weight = sum(entry.size for entry in files)
    if weight > case.rules.outputs_bytes or len(files) > case.rules.outputs_files:
        message = f"outputs/ holds {len(files)} files, {weight / 1e6:,.0f} MB, after a short rehearsal"
        yield found(job, "outputs-large", message, at=("script",))


def _metrics(case: Case) -> Iterator[Finding]:
    name = case.job.metrics
    if name is None or case.observed.timed_out:
        return
    wanted = PurePosixPath(name).as_posix()
    entry = next((entry for entry in case.observed.files if entry.path == wanted), None)
    if entry is None:
        there = ", ".join(e.path for e in case.observed.files if e.path.endswith((".csv", ".jsonl")))
        remedy = f"did you mean {there}?" if there else ""
        yield found(case.job, "metrics-missing", f"{wanted} was not written", remedy, at=("metrics",))
    elif entry.local is not None and (problem := metrics_problem(entry.local)):
        yield found(case.job, "metrics-unreadable", f"{wanted}: {problem}", at=("metrics",))


def _models(case: Case) -> Iterator[Finding]:
    for entry in _results(case):
        if entry.local is not None and entry.path.endswith(MODELS) and (problem := model_problem(entry.local)):
            sure = Confidence.LIKELY if failed(case.observed) or case.observed.timed_out else Confidence.CERTAIN
            yield found(case.job, "model-unreadable", f"{entry.path}: {problem}", at=("script",), confidence=sure)


def _names(case: Case) -> Iterator[Finding]:
    bad = [entry.path for entry in _results(case) if _ILLEGAL.search(entry.path)]
    if bad:
        signs = " ".join(sorted({sign for path in bad for sign in _ILLEGAL.findall(path)}))
        message = f"{bad[0]} has {signs} in its name" + (f", as {len(bad) - 1} more have" if len(bad) > 1 else "")
        yield found(case.job, "output-name", message, at=("script",))


def _lost(case: Case) -> Iterator[Finding]:
    """Results that lie elsewhere: in the working folder any, in the home and among temporary files only models."""
    lost = []
    for entry in case.observed.evidence.strays:
        top, _, path = entry.path.partition("/")
        if any(part in _CACHES or part.startswith(".") for part in PurePosixPath(path).parts):
            continue
        kinds = RESULTS if top == "work" else MODELS
        if path.endswith(kinds) and (top != "tmp" or not _results(case)):
            lost.append(path if top == "work" else f"{'~' if top == 'home' else '$TMPDIR'}/{path}")
    if lost:
        more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
        message = f"it writes {', '.join(lost[:_SHOWN])}{more}, which would be lost with the node"
        yield found(case.job, "output-lost", message, at=("script",))
