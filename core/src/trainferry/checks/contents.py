"""What lies in the files that travel: line ends that a shell stumbles over, and secrets."""

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch

from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, W
from trainferry.errors import Location
from trainferry.snapshot import Snapshot, SnapshotFile
from trainferry.specs.finding import Finding
from trainferry.specs.job import Job

_LARGEST = 256_000
"""Bytes of a file that are looked through; a secret in a larger one is most likely chance."""
_MOST = 2_000
"""Files that are looked through; a folder with more holds something else than a script."""
_TEXTS = (
    ".py",
    ".sh",
    ".bash",
    ".json",
    ".yaml",
    ".yml",
    ".toml",
    ".ini",
    ".cfg",
    ".conf",
    ".txt",
    ".ipynb",
    ".r",
    ".properties",
)
_SHELL = (".sh", ".bash", ".ksh", ".zsh")
_SECRET_NAMES = (
    "*.pem", "*.key", "*.pfx", "*.p12", "*.jks", "*.ppk", "*.kdbx", "kaggle.json", "credentials", "credentials.json",
    "credentials.csv", "client_secret*.json", "service[-_]account*.json", "secrets.*", "secret.*", ".htpasswd",
    ".npmrc", ".boto", "*.publishsettings", "azureauth.json", "terraform.tfstate", ".databrickscfg",
)  # fmt: skip
_SECRETS = re.compile(
    rb"(?P<key>-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----)|(?P<aws>\bAKIA[0-9A-Z]{16}\b)|"
    rb"(?P<azure>AccountKey=[A-Za-z0-9+/]{40,}={0,2})|"
    rb"(?P<sas>[?&]sig=[A-Za-z0-9%+/]{30,})|(?P<github>\bgh[pousr]_[A-Za-z0-9]{30,})|(?P<huggingface>\bhf_[A-Za-z0-9]{30,})|"
    rb"(?P<openai>\bsk-[A-Za-z0-9_-]{32,})|(?P<google>\bAIza[0-9A-Za-z_-]{35}\b)|(?P<slack>\bxox[abprs]-[0-9A-Za-z-]{20,})|"
    rb"(?P<password>(?i:password|passwd|client_secret|api_key|apikey|auth_token|access_token)[\"']?\s*[:=]\s*[\"'][^\"'\s{}$<>]{12,}[\"'])"
)


def check(job: Job, snapshot: Snapshot) -> Iterator[Finding]:
    """Shell scripts with the line ends of Windows, and files that are, or hold, a secret."""
    for file in snapshot.files[:_MOST]:
        name = file.path.rpartition("/")[2]
        if any(fnmatch(name.lower(), pattern) for pattern in _SECRET_NAMES):
            where = Location(shown(snapshot, file))
            yield found(
                job, "secret-travels", f"{file.path} looks like a secret, and would travel with the job", at=where
            )
        elif 0 < file.size <= _LARGEST and (name.endswith(_TEXTS) or "." not in name):
            yield from _text(job, snapshot, file)


def shown(snapshot: Snapshot, file: SnapshotFile) -> str:
    """A file's path as a terminal can open it."""
    path = os.path.join(snapshot.root, file.path)  # noqa: PTH118  (as text; nothing is opened here)
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _text(job: Job, snapshot: Snapshot, file: SnapshotFile) -> Iterator[Finding]:
    try:
        content = (snapshot.root / file.path).read_bytes()
    except OSError:
        return  # the copy of the snapshot says so
    first = content[:200].partition(b"\n")[0]
    if b"\r\n" in content and (file.path.endswith(_SHELL) or (first.startswith(b"#!") and first.endswith(b"\r"))):
        yield from _line_ends(job, snapshot, file, content)
    match = _SECRETS.search(content)
    if match and b"EXAMPLE" not in match[0].upper() and b"XXXX" not in match[0].upper():
        line = content.count(b"\n", 0, match.start()) + 1
        kind = {"key": "a private key", "password": "a password or key"}.get(
            str(match.lastgroup), f"a key of {match.lastgroup}"
        )
        doubtful = match.lastgroup == "password"
        yield found(
            job,
            "secret-travels",
            f"{file.path} holds what looks like {kind}, and would travel with the job",
            at=Location(shown(snapshot, file), line),
            confidence=LIKELY if doubtful else None,
        )


def _line_ends(job: Job, snapshot: Snapshot, file: SnapshotFile, content: bytes) -> Iterator[Finding]:
    used = file.path.endswith(_SHELL) and _is_started(snapshot, file)
    line = content.count(b"\n", 0, content.find(b"\r\n")) + 1
    is_shell = file.path.endswith(_SHELL)
    yield found(
        job,
        "shell-crlf",
        f"{file.path} has the line ends of Windows (CRLF), on which "
        f"{'a shell' if is_shell else 'its first line'} fails",
        f"sed -i 's/\\r$//' {file.path}; and in .gitattributes: *.sh text eol=lf",
        at=Location(shown(snapshot, file), line),
        severity=None if used else W,
        confidence=None if used else LIKELY,
    )


def _is_started(snapshot: Snapshot, file: SnapshotFile) -> bool:
    """Whether anything that travels mentions a shell script."""
    name = file.path.rpartition("/")[2].encode()
    for other in snapshot.files:
        if (
            other.path != file.path
            and 0 < other.size <= _LARGEST
            and other.path.endswith((".py", ".sh", ".bash", "Makefile", "Dockerfile"))
        ):
            try:
                if name in (snapshot.root / other.path).read_bytes():
                    return True
            except OSError:
                continue
    return False
