"""What the script looks for inside a dataset, against what is there."""

import ast
import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from trainferry.checks.code import flow
from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module
from trainferry.checks.code.reading import path_of, searched_folder
from trainferry.checks.code.sinks import mode_of
from trainferry.checks.code.values import DATASET, UNKNOWN
from trainferry.checks.context import Context
from trainferry.checks.pictures import verdict
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, E, W
from trainferry.specs.finding import Finding

_FAILURES = ("OSError", "FileNotFoundError", "IOError", "ValueError")
_LOADERS = ("image_dataset_from_directory", "flow_from_directory", "ImageFolder")
_PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar")
_CHANGES = {
    "os.remove": (0, "path"), "os.unlink": (0, "path"), "os.rename": (0, "src"), "os.replace": (0, "src"),
    "os.rmdir": (0, "path"), "shutil.rmtree": (0, "path"), "shutil.move": (0, "src"),
    "shutil.unpack_archive": (1, "extract_dir"),
    "os.symlink": (1, "dst"), "os.link": (1, "dst"), "os.chmod": (0, "path"), "os.utime": (0, "path"),
}  # fmt: skip
"""Functions that change what their path names: place and keyword."""
_CHANGING_METHODS = {"extractall": (0, "path"), "cache": (0, "filename")}


def check(context: Context) -> Iterator[Finding]:
    """Each path below a dataset that the program reads, hands to a loader, or changes."""
    for module, call, name in context.program.calls() if context.program else ():
        values = context.values(module)
        yield from _changed(context, module, call, name)
        text = searched_folder(name, values.text(path_of(call, name)))
        where = place_of(context, text)
        if where is None or text is None:
            continue
        if not where.exists():
            yield from _absent(context, module, call, text)
        elif name.endswith(_LOADERS) and where.is_dir():
            yield from _loaded(context, module, call, where)
        elif where.is_file():
            yield from _read(context, module, call, name, where)


def _read(context: Context, module: Module, call: ast.Call, name: str, where: Path) -> Iterator[Finding]:
    """A text that is read as UTF-8, and isn't; or one that holds nothing."""
    last = name.rpartition(".")[2]
    told = any(keyword.arg in ("encoding", "errors", "encoding_errors", None) for keyword in call.keywords)
    binary = last == "open" and "b" in mode_of(call, name)
    if told or binary or last not in ("read_csv", "read_table", "read_json", "open", "read_text"):
        return
    said = verdict(str(where), where.stat().st_size)
    if said == "coded":
        rule = "text-coding"
        message = f"{where.name} is read as UTF-8, and has another encoding: UnicodeDecodeError"
        remedy = "write encoding='cp1252', or the one that it has, where it is read; or convert the file"
    elif said == "empty" and last in ("read_csv", "read_table", "read_json"):
        rule, message, remedy = (
            "file-empty-text",
            f"{where.name} is read as a table, and holds nothing: EmptyDataError",
            "",
        )
    else:
        return
    sure = context.program is not None and flow.is_sure(
        context.program, module, call, "ValueError", "UnicodeDecodeError"
    )
    yield found(context.job, rule, message, remedy, at=module.at(call), severity=E if sure else W)


def place_of(context: Context, text: str | None) -> Path | None:
    """The place on this machine of a path below a dataset; None for any other, or one that isn't known."""
    if not text or not text.startswith(DATASET) or UNKNOWN in text:
        return None
    name, _, below = text.removeprefix(DATASET).partition("/")
    own = context.job.dataset_path(name) if name in context.job.datasets else None
    return own / below.strip("/") if own is not None and own.exists() else None


def _absent(context: Context, module: Module, call: ast.Call, text: str) -> Iterator[Finding]:
    program = context.program
    name, _, below = text.removeprefix(DATASET).partition("/")
    root = context.job.dataset_path(name)
    parts = [part for part in below.split("/") if part]
    here = root
    for part in parts:
        if here is None or not (here / part).exists():
            break
        here /= part
    try:
        there = sorted(entry.name for entry in here.iterdir()) if here is not None and here.is_dir() else []
    except OSError:
        there = []
    wanted = parts[len(here.relative_to(root).parts)] if here is not None and root is not None else below
    close = [own for own in there if own.lower() == wanted.lower()] or get_close_matches(wanted, there, n=1)
    listed = ", ".join(there[:6]) + (", ..." if len(there) > 6 else "")  # noqa: PLR2004
    remedy = f"did you mean {close[0]}?" if close else f"there is: {listed or 'nothing'}"
    sure = program is not None and flow.is_sure(program, module, call, *_FAILURES)
    message = f"the script reads '{below}' in the dataset '{name}', which doesn't have it"
    severity, confidence = (None, None) if sure else (W, LIKELY)
    yield found(
        context.job, "dataset-lacks", message, remedy, at=module.at(call), severity=severity, confidence=confidence
    )


def _loaded(context: Context, module: Module, call: ast.Call, where: Path) -> Iterator[Finding]:
    """A folder that a loader of class folders is given: pictures in it, one folder down."""
    try:
        folders = [entry for entry in os.scandir(where) if entry.is_dir() and not entry.name.startswith(".")]
        direct = [folder.name for folder in folders if _has_picture(folder.path)]
        deeper = [inner.path for folder in folders for inner in os.scandir(folder.path) if inner.is_dir()]
        archives = [entry.name for entry in os.scandir(where) if entry.name.lower().endswith(_ARCHIVES)]
    except OSError:
        return
    if direct or _labels_are_given(context, module, call):
        return
    at = module.at(call)
    if any(_has_picture(path) for path in deeper):
        names = ", ".join(sorted(folder.name for folder in folders)[:5])
        message = f"the loader takes the folders {names} for classes, but the pictures lie one level deeper"
        remedy = f"give it the folder of the classes: path + '/{sorted(folder.name for folder in folders)[0]}'"
        yield found(context.job, "classes-nested", message, remedy, at=at)
    elif not deeper:
        packed = f"; {archives[0]} is still packed" if archives else ""
        message = (
            f"the loader finds no picture in {where.name}: it takes {', '.join(_PICTURES)} in class folders{packed}"
        )
        yield found(context.job, "pictures-missing", message, at=at)


def _labels_are_given(context: Context, module: Module, call: ast.Call) -> bool:
    labels = argument(call, None, "labels", "class_mode", "classes")
    return labels is not None and context.values(module).constant(labels) != "inferred"


def _has_picture(folder: str) -> bool:
    with os.scandir(folder) as entries:
        return any(entry.name.lower().endswith(_PICTURES) for entry in entries)


def _changed(context: Context, module: Module, call: ast.Call, name: str) -> Iterator[Finding]:
    last = name.rpartition(".")[2]
    known = _CHANGES.get(name) or (_CHANGING_METHODS.get(last) if isinstance(call.func, ast.Attribute) else None)
    if known is None and last in ("unlink", "rmdir", "rename") and isinstance(call.func, ast.Attribute):
        path: ast.expr | None = call.func.value
    elif known is not None:
        path = argument(call, known[0], known[1])
    else:
        return
    text = context.values(module).text(path)
    if text is None or not text.startswith(DATASET):
        return
    dataset = text.removeprefix(DATASET).partition("/")[0].partition(UNKNOWN)[0]
    spec = context.job.datasets.get(dataset)
    if spec is None or spec.mode != "mount":
        return
    program = context.program
    sure = program is not None and flow.is_sure(program, module, call, "OSError", "PermissionError")
    message = f"{last} changes the dataset '{dataset}', which is mounted read-only (errno 30)"
    remedy = f"work below a temporary folder, or give the script a copy: datasets: {{{dataset}: {{mode: download}}}}"
    severity = "error" if sure else "warning"
    finding = found(context.job, "dataset-written", message, remedy, at=module.at(call))
    yield finding.model_copy(update={"severity": type(finding.severity)(severity), "confidence": LIKELY})
