"""Why an image build failed: the line of its log that says it, and the package of the job file that it is about."""

import re
from collections.abc import Iterable

_TELLING = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"no matching distribution found for",
        r"could not find a version that satisfies the requirement",
        r"because there (?:is|are) no versions? of",
        r"because .+ (?:was not found|has no|can ?not be)",
        r"because .+ (?:depends on|requires)",
        r"no solution found",
        r"resolutionimpossible|conflicting dependencies",
        r"resolvepackagenotfound|packagesnotfounderror|unsatisfiableerror|libmambaunsatisfiable",
        r"failed building wheel for|failed to build",
        r"manifest unknown|manifest for .+ not found|pull access denied|failed to resolve source metadata",
        r"the command '.+' returned a non-zero code",
        r"no space left on device",
        r"^\s*(?:error|fatal)\b",
        r"\berror[:\s]",
    )
)
"""What pip, uv, conda and Docker say when they give up, the most telling first."""


def culprit(log: str) -> str:
    """The line of a build log that tells why it failed; the last line that isn't empty where none does."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for pattern in _TELLING:
        for line in lines:
            if pattern.search(line):
                return line
    return lines[-1] if lines else ""


def package_in(line: str, packages: Iterable[str]) -> str | None:
    """Which of the job's packages a line is about; None if it names none of them."""
    told = _plain(line)
    named = [(package, _name(package)) for package in packages]
    fitting = [package for package, name in named if re.search(rf"(?<![a-z0-9-]){re.escape(name)}(?![a-z0-9-])", told)]
    return max(fitting, key=len, default=None)


def _name(package: str) -> str:
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", package.strip())
    return _plain(match.group()) if match else _plain(package)


def _plain(text: str) -> str:
    """Names compare without case, and with `-`, `_` and `.` alike, as pip has it."""
    return re.sub(r"[-_.]+", "-", text.lower())
