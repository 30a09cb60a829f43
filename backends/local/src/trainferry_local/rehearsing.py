"""A run as a rehearsal: held to the rules of another target, watched from inside, and what it left behind."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from trainferry.results import Evidence, FileEntry
from trainferry.specs.plan import ActionKind, Plan
from trainferry.specs.rehearsal import RehearsalRules
from trainferry_local.supervision.layout import Run

WITNESS, HOME, TMP = "witness", "home", "tmp"
"""Folders of a rehearsal's run, besides those that every run has."""

_EVENTS = "events.jsonl"
_MOST_STRAYS = 1000
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")


def as_rehearsal(plan: Plan, rules: RehearsalRules) -> Plan:
    """The plan of a run with the rules of another target in its submit."""
    actions = [
        action.model_copy(update={"payload": {**action.payload, "rules": rules.to_data()}})
        if action.kind is ActionKind.SUBMIT
        else action
        for action in plan.actions
    ]
    return plan.model_copy(update={"actions": tuple(actions)})


def rules_in(payload: Mapping[str, Any]) -> RehearsalRules | None:
    """The rules that a submit is to be held to; None for an ordinary run."""
    return RehearsalRules.model_validate(payload["rules"]) if "rules" in payload else None


def lay_out(draft: Path) -> None:
    """Make the rehearsal's own folders in a run that is being made."""
    from trainferry.rehearsing.witness import FOLDER

    for name in (HOME, TMP):
        (draft / name).mkdir(mode=0o700)
    shutil.copytree(FOLDER, draft / WITNESS, ignore=shutil.ignore_patterns("__pycache__", "__init__.py"))


def folders(run: Run) -> list[Path]:
    """Those folders, once the run is in its place."""
    return [Path(run.folder).resolve() / name for name in (WITNESS, HOME, TMP)]


def variables(run: Run, rules: RehearsalRules, script: Mapping[str, str]) -> dict[str, str]:
    """The script's variables with a home and temporary folder of its own, no screen, and the witness on its path."""
    witness, home, temporary = folders(run)
    result = {key: value for key, value in script.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    if not rules.network:
        result = {key: value for key, value in result.items() if key.lower() not in _PROXIES}
    path = [str(witness), *filter(None, [result.get("PYTHONPATH", "")])]
    return result | {
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "PYTHONPATH": os.pathsep.join(path),
        "TRAINFERRY_WITNESS_FILE": str(witness / _EVENTS),
        "TRAINFERRY_WITNESS_INPUTS": str(Path(run.inputs).resolve()),
        "TRAINFERRY_WITNESS_NETWORK": "on" if rules.network else "off",
    }


def evidence(run: Run) -> Evidence:
    """What the witness noted, and the files that the script wrote beside outputs/ and logs/."""
    return Evidence(
        events=list(_events(Path(run.folder) / WITNESS / _EVENTS)),
        strays=list(_strays(run)),
        inputs=str(Path(run.inputs).resolve()),
        work=str(Path(run.work).resolve()),
    )


def _events(file: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:  # the script was killed in the middle of it
            continue
        if isinstance(event, dict):
            yield event


def _strays(run: Run) -> Iterator[FileEntry]:
    begun = Path(run.request).stat().st_ctime_ns  # written after the last file of the snapshot was copied
    count = 0
    for top, folder in (("work", Path(run.work)), ("home", Path(run.folder) / HOME), ("tmp", Path(run.folder) / TMP)):
        for path in _files(folder):
            inside = path.relative_to(folder)
            if top == "work" and (inside.parts[0] in ("outputs", "logs") or path.lstat().st_ctime_ns < begun):
                continue
            count += 1
            if count > _MOST_STRAYS:
                return
            yield FileEntry(f"{top}/{inside.as_posix()}", path.lstat().st_size, path)


def _files(folder: Path) -> Iterator[Path]:
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where) / name
            if path.is_file() and not path.is_symlink():
                yield path
