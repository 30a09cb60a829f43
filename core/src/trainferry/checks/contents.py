"""What lies in the files that travel: line ends that a shell stumbles over, and secrets."""

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch

from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, W
from trainferry.errors import FerryError, Location
from trainferry.snapshot import Snapshot, SnapshotFile
from trainferry.snapshot.exclusions import SECRETS
from trainferry.snapshot.ignoring import NAMES, ignored, read_rules
from trainferry.specs.finding import Finding
from trainferry.specs.job import Job

LARGEST = 256_000
"""Bytes of a file that are looked through; a secret in a larger one is most likely chance."""
MOST = 2_000
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
_SAMPLES = (".example", ".sample", ".template", ".dist")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
"""How a text begins that an editor of Windows has marked: UTF-8, and UTF-16 in two orders."""
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
    rb"(?P<gitlab>\bglpat-[A-Za-z0-9_-]{20,})|(?P<npm>\bnpm_[A-Za-z0-9]{36}\b)|(?P<pypi>\bpypi-AgE[A-Za-z0-9_-]{30,})|"
    rb"(?P<databricks>\bdapi[0-9a-f]{32}\b)|(?P<stripe>\b[rs]k_live_[0-9A-Za-z]{20,})|(?P<sendgrid>\bSG\.[\w-]{20,}\.[\w-]{30,})|"
    rb"(?P<docker>\bdckr_pat_[\w-]{20,})|(?P<replicate>\br8_[A-Za-z0-9]{37}\b)|(?P<bus>SharedAccessKey=[A-Za-z0-9+/]{40,})|"
    rb"(?P<address>\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|amqps?|https?)(?:\+\w+)?://[\w.-]+:[^@\s/:\"'{}$<>*]{6,}@[\w.-]+)|"
    rb"(?P<wandb>(?i:wandb)[^\n]{0,40}[\"'=: ][0-9a-f]{40}\b)|"
    rb"(?P<secret>(?i:aws_secret_access_key)[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9/+]{40}\b)|"
    rb"(?P<password>(?i:password|passwd|client_secret|api_key|apikey|auth_token|access_token)[\"']?\s*[:=]\s*[\"'][^\"'\s{}$<>]{12,}[\"'])"
)


_KINDS = {
    "key": "a private key",
    "password": "a password or key",
    "secret": "a key of aws",
    "address": "a password in an address",
    "bus": "a key of azure",
}
"""What each group of the pattern finds, where it isn't a key of the group's own name."""


def check(job: Job, snapshot: Snapshot) -> Iterator[Finding]:
    """Shell scripts with the line ends of Windows, and files that are, or hold, a secret."""
    yield from _at_home(job, snapshot)
    for file in snapshot.files[:MOST]:
        name = file.path.rpartition("/")[2]
        if any(fnmatch(name.lower(), pattern) for pattern in _SECRET_NAMES):
            where = Location(shown(snapshot, file))
            yield found(
                job, "secret-travels", f"{file.path} looks like a secret, and would travel with the job", at=where
            )
        elif 0 < file.size <= LARGEST and (name.endswith(_TEXTS) or "." not in name):
            yield from _text(job, snapshot, file)


def _at_home(job: Job, snapshot: Snapshot) -> Iterator[Finding]:
    """Files of secrets that no ignore file lists: here they stay at home, and other tools would take them along."""
    try:
        listed = (path.name for path in snapshot.root.iterdir())
        names = sorted(name for name in listed if name in SECRETS or name.startswith(".env."))
        rules = [read_rules(os.path.join(snapshot.root, own), "") for own in NAMES if (snapshot.root / own).is_file()]  # noqa: PTH118
    except (OSError, FerryError):
        return  # the listing of the snapshot says so
    for name in names:
        path = snapshot.root / name
        if path.is_file() and not name.endswith(_SAMPLES) and not ignored(name, rules, is_folder=False):
            message = (
                f"{name} holds secrets, and no ignore file lists it: here it stays at home, so the script won't find it"
            )
            remedy = (
                f"list {name} in .ferryignore or .gitignore, and set what the script needs under environment.variables"
            )
            where = Location(os.path.relpath(path))
            yield found(job, "secret-unlisted", message, remedy, at=where)


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
    if content.startswith(_MARKS) and (file.path.endswith((".json", *_SHELL)) or content.startswith(_MARKS[1:])):
        kind = "UTF-8 with a mark at its beginning (BOM)" if content.startswith(_MARKS[0]) else "UTF-16"
        what = "json.load fails on it" if file.path.endswith(".json") else "what reads it stumbles over its first line"
        message = f"{file.path} is stored as {kind}: {what}"
        yield found(job, "byte-mark", message, at=Location(shown(snapshot, file), 1))
    match = _SECRETS.search(content)
    if match and b"EXAMPLE" not in match[0].upper() and b"XXXX" not in match[0].upper():
        line = content.count(b"\n", 0, match.start()) + 1
        kind = _KINDS.get(str(match.lastgroup), f"a key of {match.lastgroup}")
        doubtful = match.lastgroup in ("password", "address")
        yield found(
            job,
            "secret-travels",
            f"{file.path} holds what looks like {kind}, and would travel with the job: a secret",
            at=Location(shown(snapshot, file), line),
            confidence=LIKELY if doubtful else None,
        )


def _line_ends(job: Job, snapshot: Snapshot, file: SnapshotFile, content: bytes) -> Iterator[Finding]:
    used = file.path.endswith(_SHELL) and is_started(snapshot, file)
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


def is_started(snapshot: Snapshot, file: SnapshotFile) -> bool:
    """Whether anything that travels mentions a shell script."""
    name = file.path.rpartition("/")[2].encode()
    for other in snapshot.files:
        if (
            other.path != file.path
            and 0 < other.size <= LARGEST
            and other.path.endswith((".py", ".sh", ".bash", "Makefile", "Dockerfile"))
        ):
            try:
                if name in (snapshot.root / other.path).read_bytes():
                    return True
            except OSError:
                continue
    return False
