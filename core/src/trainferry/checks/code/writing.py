"""Files that could not be written, would be lost, or could not be taken home."""

import ast
import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from trainferry.checks.code import flow
from trainferry.checks.code.names import argument
from trainferry.checks.code.sinks import Write, writes
from trainferry.checks.code.values import DATASET, UNKNOWN
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, POSSIBLE, E, W
from trainferry.specs.finding import Finding

_KEPT = ("outputs", "logs")
ALONE = "="
"""Begins the pattern of a folder that is made without those on the way to it."""
_BAD = re.compile(r"[:&?*<>|\"]")
_COLONS = re.compile(r"strftime\([^)]*(:|%[XTcrR])|\.ctime\(|asctime\(")
"""Ways of writing the time that surely put colons into it."""
_PLAIN_TIME = re.compile(r"isoformat\(|\bnow\(|utcnow\(|today\(\)")
_SAFE_TIME = re.compile(r"strftime|\.replace\(|\.timestamp\(|\.date\(\)|\.(year|month|day)\b|re\.sub")
"""What people do to a time before it becomes a name."""
_TEMPORARY = ("/tmp", "/dev/", "/var/tmp", "/mnt/", "/scratch", "/proc/")  # noqa: S108  (texts of the user's script)


_MAKERS = ("TensorBoard", "ModelCheckpoint", "SummaryWriter", "BackupAndRestore", "export")
"""What makes the folder that it writes to."""


def check(context: Context) -> Iterator[Finding]:
    """Each write of the program, held against what is there on a node, and what comes back from it."""
    if context.program is None:
        return
    made = made_folders(context)
    all_writes = list(writes(context))
    for write in all_writes:
        if write.text is None:
            continue
        yield from _into_dataset(context, write)
        yield from _without_folder(context, write, made)
        yield from _bad_name(context, write)
    lost = list(_lost(context, all_writes))
    yield from lost
    if lost and _nothing_is_kept(context, all_writes) and not _is_tracked(context):
        message = "the script writes nothing below outputs/: the run would end without a result to bring back"
        yield found(context.job, "results-all-lost", message, lost[-1].remedy, at=lost[-1].where)


def made_folders(context: Context) -> list[str]:
    """Folders that the program makes, as patterns; `*` if it makes one whose name isn't known."""
    made = []
    program = context.program
    for module in program.modules if program else ():
        values = context.values(module)
        for call, name in module.calls:
            path: ast.expr | None = None
            last = name.rpartition(".")[2]
            if last in (
                "makedirs",
                "mkdir",
                "mkdtemp",
                "MakeDirs",
                "gfile.makedirs",
                "copytree",
                "mkpath",
                "ensure_dir",
            ):
                is_method = last == "mkdir" and isinstance(call.func, ast.Attribute) and name != "os.mkdir"
                path = (
                    call.func.value
                    if is_method and isinstance(call.func, ast.Attribute)
                    else argument(call, 0, "name", "path")
                )
                if last == "copytree":
                    path = argument(call, 1, "dst")
            elif last in _MAKERS and not name.startswith("torch.onnx."):
                path = argument(call, 0, "log_dir", "filepath", "backup_dir")
                text = values.text(path)
                if last == "ModelCheckpoint" and text:
                    made.append(pattern(posixpath.dirname(text)))
                    continue
            elif name in (
                "subprocess.run",
                "subprocess.call",
                "subprocess.check_call",
                "os.system",
            ) and "mkdir" in ast.unparse(call):
                made.append("*")
                continue
            else:
                continue
            text = values.text(path)
            alone = last == "mkdir" and not any(keyword.arg == "parents" for keyword in call.keywords)
            made.append((ALONE if alone else "") + pattern(text) if text else "*")
    return made


def pattern(text: str) -> str:
    """A path as a pattern: what isn't known matches anything."""
    return posixpath.normpath(text.replace("[", "?").replace(UNKNOWN, "*")) if text else "."


def _is_there(context: Context, folder: str, made: list[str]) -> bool:
    """Whether a folder travels, is made for every run, or is made by the program, itself or on the way to another."""
    if folder in (".", "") or folder in _KEPT or folder in context.folders:
        return True
    wanted = pattern(folder)
    for own in made:
        if own.startswith(ALONE):
            if fnmatchcase(wanted, own.removeprefix(ALONE)):
                return True
            continue
        if own in ("*", wanted) or own.startswith(wanted + "/") or fnmatchcase(wanted, own):
            return True
        if UNKNOWN in folder and fnmatchcase(own, wanted):
            return True
    return False


def _without_folder(context: Context, write: Write, made: list[str]) -> Iterator[Finding]:
    text = write.text or ""
    if write.makes_folder or text.startswith(("/", "~", UNKNOWN)) or "://" in text or DATASET in text:
        return
    if _makes_by_format(write, context):
        return
    folder = posixpath.dirname(posixpath.normpath(text))
    if (
        not folder
        or folder.startswith("..")
        or UNKNOWN in folder
        or _is_there(context, folder, [m for m in made if m != "*"])
    ):
        return
    program = context.program
    sure = (
        program is not None
        and "*" not in made
        and flow.is_sure(program, write.module, write.call, "OSError", "FileNotFoundError")
    )
    yield found(
        context.job,
        "folder-missing",
        f"'{text.replace(UNKNOWN, '...')}' is written, but nothing makes the folder '{folder}'",
        f'before it, write: os.makedirs("{folder}", exist_ok=True)',
        at=write.module.at(write.call),
        severity=None if sure else W,
        confidence=None if sure else POSSIBLE,
    )


def _makes_by_format(write: Write, context: Context) -> bool:
    """Whether a save of Keras makes its folder: HDF5 does in every version, SavedModel is a folder itself."""
    last = write.call.func.attr if isinstance(write.call.func, ast.Attribute) else ""
    if last not in ("save", "save_weights", "save_model"):
        return False
    text = write.text or ""
    if last == "save_weights" or text.endswith((".h5", ".hdf5")):
        return True
    return context.packages.keras == 2 and not text.endswith((".keras", ".png", ".jpg", ".npy", ".txt"))  # noqa: PLR2004


def _into_dataset(context: Context, write: Write) -> Iterator[Finding]:
    text = write.text or ""
    if not text.startswith(DATASET):
        return
    name = text.removeprefix(DATASET).partition("/")[0].partition(UNKNOWN)[0]
    dataset = context.job.datasets.get(name)
    if dataset is None or dataset.mode != "mount" or (context.target and not context.target.mount_read_only):
        return
    program = context.program
    sure = program is not None and flow.is_sure(program, write.module, write.call, "OSError", "PermissionError")
    shown = text.removeprefix(DATASET + name).replace(UNKNOWN, "...").strip("/") or "it"
    yield found(
        context.job,
        "dataset-written",
        f"the script writes {shown} into the dataset '{name}', which is mounted read-only (errno 30)",
        f"write below outputs/, or give the script a copy: datasets: {{{name}: {{mode: download}}}}",
        at=write.module.at(write.call),
        severity=E if sure else W,
        confidence=None if sure else LIKELY,
    )


def _bad_name(context: Context, write: Write) -> Iterator[Finding]:
    text = write.text or ""
    source = ast.unparse(write.path)
    name = re.sub(r"\{\w+(:[^{}]*)?\}", "", text.removeprefix("./"))  # what Keras fills in
    if text.startswith(("/", ":memory:", "file:")) or "://" in text:
        return
    bad = _BAD.search(name)
    clock = UNKNOWN in text and _has_colons(_written_out(write))
    if not bad and not clock:
        return
    what = f"'{bad[0]}'" if bad else "':', which the time has in it"
    yield found(
        context.job,
        "output-name",
        f"the name of what is written here, {source}, holds {what}: it can't be stored or fetched everywhere",
        "use letters, digits, '.', '_' and '-', such as strftime('%Y%m%d-%H%M%S')",
        at=write.module.at(write.call),
    )


def _has_colons(source: str) -> bool:
    """Whether an expression of a path puts a time with colons into it."""
    return bool(_COLONS.search(source) or (_PLAIN_TIME.search(source) and not _SAFE_TIME.search(source)))


def _written_out(write: Write) -> str:
    """The expression of a path with the values of its names in it."""
    text = ast.unparse(write.path)
    for node in ast.walk(write.path):
        if isinstance(node, ast.Name) and (value := write.module.names.only_value(node.id)) is not None:
            text += " " + ast.unparse(value)
            for inner in ast.walk(value):
                if isinstance(inner, ast.Name) and (more := write.module.names.only_value(inner.id)) is not None:
                    text += " " + ast.unparse(more)
    return text


def _lost(context: Context, all_writes: list[Write]) -> Iterator[Finding]:
    """Results below no folder that comes back: a model or table under a relative path beside outputs/."""
    for write in all_writes:
        text = write.text
        if (
            not text
            or DATASET in text
            or text.startswith(UNKNOWN)
            or "://" in text
            or "mkdir" in ast.unparse(write.call.func)
        ):
            continue
        clean = posixpath.normpath(text)
        if (
            clean.split("/")[0] in _KEPT
            or "makedirs" in ast.unparse(write.call.func)
            or (clean.startswith(_TEMPORARY) and not _saves_model(write))
        ):
            continue
        if re.match(r"[A-Za-z]:|~|/(home|Users|root|content)/", clean):
            continue  # another rule speaks of it
        if clean.split("/")[1:2] == ["outputs"] and clean.startswith("/"):
            yield _from_the_root(context, write, clean)
            continue
        if clean.startswith("/") and not _saves_model(write):
            continue
        if not _is_result(write, clean) or _is_read_again(context, clean):
            continue
        shown = clean.replace(UNKNOWN, "...")
        yield found(
            context.job,
            "output-lost",
            f"'{shown}' is written beside outputs/, and is gone when the node is",
            f"write it below outputs/: outputs/{posixpath.basename(shown)}",
            at=write.module.at(write.call),
        )


def _from_the_root(context: Context, write: Write, path: str) -> Finding:
    message = f"'{path}' lies at the root of the node, not in the run's outputs/, and is gone when the node is"
    remedy = f"write it without the first slash: {path.removeprefix('/')}"
    return found(context.job, "output-lost", message, remedy, at=write.module.at(write.call))


def _is_tracked(context: Context) -> bool:
    """Whether the program hands results to a tracking server or a storage of its own."""
    names = [name for _, _, name in (context.program.calls() if context.program else ())]
    ends = ("register_model", "upload_file", "upload_folder", "upload_blob", "put_object", "push_to_hub", "copytree")
    return any(name.startswith(("mlflow.", "wandb.", "comet_ml.", "neptune.")) or name.endswith(ends) for name in names)


def _nothing_is_kept(context: Context, all_writes: list[Write]) -> bool:
    """Whether a model is surely written, and nothing at all goes where it is brought back from."""
    saves = False
    for write in all_writes:
        text = write.text
        if text is None or text.startswith((UNKNOWN, "/")) or posixpath.normpath(text).split("/")[0] in _KEPT:
            return False
        if (_saves_model(write) or text.endswith(_OF_MODELS)) and context.program is not None:
            again = _is_read_again(context, posixpath.normpath(text))
            saves = saves or (flow.is_sure(context.program, write.module, write.call) and not again)
    return saves


_MODELS = ("save", "save_weights", "save_model", "export", "save_pretrained")
"""Methods that write a model when it is trained."""
_OF_MODELS = (
    ".keras",
    ".h5",
    ".pt",
    ".pth",
    ".ckpt",
    ".pkl",
    ".pickle",
    ".joblib",
    ".onnx",
    ".safetensors",
    ".tflite",
    ".cbm",
)
"""Endings of files that hold a model."""


def _saves_model(write: Write) -> bool:
    return write.module.names.full(write.call.func).rpartition(".")[2] in _MODELS


def _is_result(write: Write, path: str) -> bool:
    """Whether a file is likely meant to be kept: a model, a checkpoint, a table or a picture."""
    last = write.call.func.attr if isinstance(write.call.func, ast.Attribute) else getattr(write.call.func, "id", "")
    if last in (
        "save",
        "save_weights",
        "save_model",
        "export",
        "save_pretrained",
        "CSVLogger",
        "ModelCheckpoint",
        "savefig",
    ):
        return True
    kinds = [
        ".keras",
        ".h5",
        ".hdf5",
        ".pt",
        ".pth",
        ".ckpt",
        ".pkl",
        ".joblib",
        ".onnx",
        ".tflite",
        ".csv",
        ".json",
        ".jsonl",
        ".npy",
        ".npz",
        ".png",
        ".jpg",
        ".txt",
        ".log",
    ]
    return posixpath.splitext(path)[1] in kinds or last in ("TensorBoard", "SummaryWriter")


def _is_read_again(context: Context, path: str) -> bool:
    """Whether the script itself takes the file up again or copies it on, so that it is a file on the way."""
    base = posixpath.basename(path)
    count = 0
    for module in context.program.modules if context.program else ():
        for node in module.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and base and node.value.endswith(base):
                count += 1
        for _, name in module.calls:
            if name.endswith(("log_artifact", "log_artifacts", "upload_file", "upload_folder", "upload_blob")):
                return True
    return count > 1
