"""What uv's reason for not resolving means: which rule, about which package, and what to do."""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches

from trainferry.checks.rules import found
from trainferry.resolving.names import POPULAR, PROJECT_OF_IMPORT
from trainferry.resolving.requirements import name_of
from trainferry.specs.finding import Finding
from trainferry.specs.job import Job

Newest = Callable[[str], str | None]
"""Tells the newest version of a package that fits the target, None if there is none."""

_LONGEST = 700
"""Characters of uv's explanation that are shown."""

_UNKNOWN = re.compile(r"[Bb]ecause ([\w.\-\[\]]+) was not found in the (?:package registry|provided package locations)")
_NO_VERSION = re.compile(r"there (?:is|are) no versions? of ([\w.\-]+)(?:\[[^\]]*\])?(\S*)")
_ONLY = re.compile(r"only ([\w.\-]+)(?:\[[^\]]*\])?(\S+) (?:is|are) available")
_NO_WHEEL = re.compile(r"([\w.\-]+?)(==[\w.!+\-]+|[<>]\S+)? (?:has|have) no wheels? with a matching (Python|platform)")
_PYTHON = re.compile(r"(?:the )?(?:current|requested) Python version \(\S+\) does not satisfy (Python\S+)")
_PYTHON_OF = re.compile(r"([\w.\-]+?)(==\S+|[<>]=?\S+)? (?:depends? on|requires?) (Python *[<>=!~]\S+)")
_BUILD = re.compile(r"Failed to (?:build|download and build|parse metadata|resolve requirements[^`]*) `([^`]+)`")
_DEPENDS = re.compile(r"([\w.\-]+?)(==\S+|[<>]=?\S+)? depends? on ([\w.\-]+?)([<>=!~]\S*)(?=[ ,.]|$)")
_FILE = re.compile(r"Distribution not found at: (\S+)")
_BUILD_LABEL = re.compile(r"\+(cu\d+|cpu|rocm[\d.]+|cuda\d+\S*)")
"""Names of a build that PyPI takes no packages with (PEP 440, local version identifiers)."""
_SYNTAX = re.compile(r"Couldn't parse (?:requirement|metadata)")


def explain(job: Job, complaint: str, newest: Newest, version: str) -> Finding:
    """The finding that uv's complaint stands for. `version` is the Python that was asked for."""
    text = " ".join(complaint.splitlines())
    short = _short(complaint)
    for read in (_unknown, _syntax, _build, _wheel, _python, _version):
        finding = read(job, text, short, newest, version)
        if finding is not None:
            return finding
    return found(
        job, "package-conflict", f"the packages contradict each other: {short}", _loosen(text), at=_at(job, text)
    )


def _short(complaint: str) -> str:
    """The explanation of uv without its heading and hints, cut to a length that can be read."""
    lines = [line for line in complaint.splitlines() if not line.startswith(("hint:", "No solution found"))]
    text = " ".join(lines or complaint.splitlines())
    text = re.sub(r",? we can conclude that your requirements are unsatisfiable\.?$", "", text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _at(job: Job, text: str) -> tuple[str | int, ...]:
    """The item of environment.pip that an explanation is about: the last one that it mentions."""
    place: tuple[str | int, ...] = ("environment", "pip")
    for number, item in enumerate(job.environment.pip):
        name = name_of(item)
        if name and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text.lower()):
            place = ("environment", "pip", number)
    return place


def _unknown(job: Job, text: str, _short: str, _newest: Newest, _version: str) -> Finding | None:
    match = _UNKNOWN.search(text)
    file = _FILE.search(text)
    if file:
        return found(job, "package-unknown", f"there is no file {file[1]}", at=("environment", "pip"))
    if not match:
        return None
    name = match[1].partition("[")[0]
    message = f"the index has no package '{name}'"
    if name not in {name_of(item) for item in job.environment.pip}:
        message += ", which another package needs"
    return found(job, "package-unknown", message, _guess(name), at=_at(job, name))


def _guess(name: str) -> str:
    right = PROJECT_OF_IMPORT.get(name)
    if right:
        return f"'{name}' is what a script imports; the package is called {right}"
    close = get_close_matches(name, POPULAR, n=1, cutoff=0.75)
    return f"did you mean {close[0]}?" if close else ""


def _version(job: Job, text: str, short: str, newest: Newest, version: str) -> Finding | None:
    match = _NO_VERSION.search(text) or _ONLY.search(text)
    if not match or _DEPENDS.search(text):
        return None
    name = match[1]
    there = newest(name)
    item = next((item for item in job.environment.pip if name_of(item) == name.lower()), name + match[2])
    remedy = f"the newest that fits Python {version} is {there}" if there else ""
    build = _BUILD_LABEL.search(item)
    if build:
        plain = _BUILD_LABEL.sub("", item)
        remedy = (
            f"builds such as {build[0]} lie on an index of their own: write {plain}, which for Linux brings CUDA along"
        )
    return found(
        job, "package-version", f"the index has no version that fits '{item}': {short}", remedy, at=_at(job, name)
    )


def _wheel(job: Job, text: str, short: str, newest: Newest, version: str) -> Finding | None:
    match = _NO_WHEEL.search(text)
    if not match:
        return None
    name = match[1]
    tags = re.search(
        r"following (?:Python ABI|Python version|Python implementation|platform) tags?: (.+?)(?: hint:|$)", text
    )
    there = newest(name)
    remedy = f"take {name}=={there}, the newest with one for Python {version}" if there else ""
    if tags:
        known = tags[1].replace("`", "")
        remedy = f"{remedy}; the version asked for has wheels for {known}".lstrip("; ")
    message = f"{name}{match[2] or ''} has no wheel for Python {version} on the target: {short}"
    return found(job, "package-no-wheel", message, remedy, at=_at(job, name))


def _python(job: Job, text: str, short: str, newest: Newest, version: str) -> Finding | None:
    needs, package = _PYTHON.search(text), _PYTHON_OF.search(text)
    if not needs and not package:
        return None
    name = package[1] if package else ""
    there = newest(name) if name else None
    remedy = f"take {name}=={there}, the newest for Python {version}, or another environment.python" if there else ""
    reason = short.partition(", we can conclude")[0]
    message = f"{name or 'a package'} is not made for Python {version}: {reason}"
    return found(job, "package-no-wheel", message, remedy, at=_at(job, name or text))


def _build(job: Job, text: str, _short: str, _newest: Newest, _version: str) -> Finding | None:
    match = _BUILD.search(text)
    if not match:
        return None
    package = match[1].partition(" @")[0]
    name = package.partition("==")[0]
    reason = _last_words(text)
    message = f"{package} is published as source, and its own build script fails" + (f": {reason}" if reason else "")
    removed = (
        "TensorFlow has GPU support of its own: write tensorflow"
        if name.startswith(("tensorflow-gpu", "tf-nightly-gpu"))
        else ""
    )
    return found(job, "package-build", message, removed or _stub(name), at=_at(job, name))


def _stub(name: str) -> str:
    right = PROJECT_OF_IMPORT.get(name)
    return f"this package is a stub; the real one is called {right}" if right else ""


def _last_words(text: str) -> str:
    """The exception at the end of a build script's traceback."""
    words = re.findall(r"\b((?:\w+\.)*\w*(?:Error|Exception|Requirement|Exit)\b: .{0,160}?)(?= {2,}| hint:|$)", text)
    return words[-1].strip() if words else ""


def _syntax(job: Job, text: str, short: str, _newest: Newest, _version: str) -> Finding | None:
    if not _SYNTAX.search(text):
        return None
    bad = next((n for n, item in enumerate(job.environment.pip) if not name_of(item) and "/" not in item), None)
    at = ("environment", "pip") if bad is None else ("environment", "pip", bad)
    item = "a requirement" if bad is None else f"'{job.environment.pip[bad]}'"
    return found(job, "package-syntax", f"{item} can't be read as a requirement: {short}", at=at)


def _loosen(text: str) -> str:
    """What to do about a conflict, from the dependency that stands in the way."""
    seen = [f"{name}{wanted or ''} takes {other}{bounds.rstrip('.,')}" for name, wanted, other, bounds in _chain(text)]
    if not seen:
        return ""
    return f"loosen one of the pins: {'; '.join(dict.fromkeys(seen[:3]))}"


def _chain(text: str) -> Iterator[tuple[str, str, str, str]]:
    for match in _DEPENDS.finditer(text):
        if match[3] != "Python":
            yield match[1], match[2], match[3], match[4]
