"""What a shell script that the job starts does: lost exit codes, files that aren't there, paths of one laptop."""

import posixpath
import re
from collections.abc import Iterator
from difflib import get_close_matches

from trainferry.checks import contents
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, W
from trainferry.errors import Location
from trainferry.snapshot import SnapshotFile
from trainferry.specs.finding import Finding

_ENDINGS = (".sh", ".bash")
_TRAINS = re.compile(
    r"(^|[;&|(]\s*|\b(?:time|exec|nohup)\s+)(python[\d.]*|torchrun|accelerate|horovodrun|mpirun)\s+(?P<rest>[^;&|#]+)"
)
_STOPS = re.compile(r"^\s*set\s+-\w*e|^\s*set\s+-o\s+errexit|^#!.*sh\s+-\w*e", re.MULTILINE)
_STARTED = re.compile(
    r"(?:^|[;&|]\s*)(?:exec\s+|time\s+)?(?:python[\d.]*|bash|sh|source|\.)\s+(?P<path>(?!-)[\w./-]+\.(?:py|sh))\b"
)
_MOVES = re.compile(r"^\s*(cd|pushd)\s", re.MULTILINE)
_MAKES = re.compile(r"\b(git clone|wget|curl|unzip|tar)\b")
SIGN_IN = re.compile(
    r"\b(az login|gcloud auth login|huggingface-cli login|wandb login|aws configure|docker login|"
    r"kaggle config)\b"
)
"""Commands that ask a person who they are."""
_INSTALLS = re.compile(r"\b(pip3? install|apt(?:-get)? install|conda (?:install|env create)|sudo )")
_WORDS = re.compile(r"[^\s\"'=;|&()]+")


def check(context: Context) -> Iterator[Finding]:
    """Each shell script that travels and that something which travels mentions."""
    for file in context.snapshot.files[: contents.MOST]:
        if (
            file.path.endswith(_ENDINGS)
            and 0 < file.size <= contents.LARGEST
            and contents.is_started(context.snapshot, file)
        ):
            try:
                text = (context.snapshot.root / file.path).read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue  # the copy of the snapshot says so
            yield from _script(context, file, text)


def _script(context: Context, file: SnapshotFile, text: str) -> Iterator[Finding]:
    lines = list(_commands(text))
    told_lost = False
    for place, (number, line) in enumerate(lines):
        at = Location(contents.shown(context.snapshot, file), number)
        lost = "" if told_lost else _lost(text, line, [later for _, later in lines[place + 1 :]])
        if lost:
            told_lost = True
            remedy = "write set -euo pipefail at the top of the script"
            message = f"{lost}: the exit code is lost, and the run is called completed, with or without its output"
            yield found(context.job, "exit-code-lost", message, remedy, at=at)
        if not (_MOVES.search(text) or _MAKES.search(text)):
            yield from _absent(context, line, at)
        for pattern, rule, what in (
            (SIGN_IN, "sign-in", "signs in as a person"),
            (_INSTALLS, "installs", "changes the node"),
        ):
            match = pattern.search(line)
            if match:
                yield found(context.job, rule, f"'{match[0].strip()}' in {file.path} {what} while the job runs", at=at)
        yield from _paths(context, line, at)


def _commands(text: str) -> Iterator[tuple[int, str]]:
    """Number and text of each command line, without comments; a line that goes on is one with the next."""
    whole, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        start = start if whole else number
        line = raw.rstrip()
        if line.endswith("\\"):
            whole += line[:-1] + " "
            continue
        whole += line
        if whole.strip() and not whole.lstrip().startswith("#"):
            yield start, re.sub(r"\s#.*$", "", whole)
        whole = ""


def _lost(text: str, line: str, later: list[str]) -> str:
    """Why the exit code of a training on this line doesn't come through; empty if it does."""
    match = _TRAINS.search(line)
    if not match:
        return ""
    command = f"'{line.strip()[:60]}'"
    behind = line[match.end() :]
    if behind.startswith("|") and not behind.startswith("||"):
        return "" if "pipefail" in text else f"{command} pipes into another command"
    if re.match(r"\|\|\s*(true|:|echo|exit 0)", behind):
        return f"{command} goes on when it fails"
    stops = bool(_STOPS.search(text))
    follows = [one for one in later if not re.match(r"\s*(fi|done|esac|else|\}|exit \$\?|wait)\b", one)]
    handled = re.match(r"\s*(if|while|until)\s", line) or "$?" in " ".join(later[:2]) or behind.startswith("||")
    if stops or handled:
        return ""
    if behind.startswith(";") and behind.strip("; "):
        return f"{command} is followed by another command"
    return f"{command} is followed by other commands" if follows and not _TRAINS.search(follows[-1]) else ""


def _absent(context: Context, line: str, at: Location) -> Iterator[Finding]:
    for match in _STARTED.finditer(line):
        path = posixpath.normpath(match["path"])
        if path.startswith(("/", "..")) or path in context.travelling:
            continue
        close = get_close_matches(path, context.travelling, n=1)
        remedy = f"did you mean {close[0]}?" if close else ""
        yield found(
            context.job, "script-missing", f"'{path}' is started, and is not in the source folder", remedy, at=at
        )


def _paths(context: Context, line: str, at: Location) -> Iterator[Finding]:
    from trainferry.checks.code.local_paths import kind_of  # noqa: PLC0415  (only a script with paths needs it)

    for word in _WORDS.findall(line):
        kind = kind_of(word) if "/" in word or "\\" in word else ""
        if kind and "://" not in word:
            message = f"'{word}' is {kind}: it isn't there when the job runs elsewhere"
            yield found(context.job, "local-path", message, at=at, severity=W, confidence=LIKELY)
            return
