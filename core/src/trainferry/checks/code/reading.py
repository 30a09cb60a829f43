"""Files that the script reads by a relative path, held against what travels."""

import ast
import os
import posixpath
from collections.abc import Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase

from trainferry.checks.code import flow, sinks
from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module
from trainferry.checks.code.values import DATASET, UNKNOWN
from trainferry.checks.code.writing import ALONE, made_folders, pattern
from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, W
from trainferry.snapshot.exclusions import never_travels
from trainferry.specs.finding import Finding

_READERS: dict[str, tuple[int, tuple[str, ...]]] = {
    "open": (0, ("file",)),
    "io.open": (0, ("file",)),
    "gzip.open": (0, ("filename",)),
    "numpy.load": (0, ("file",)),
    "numpy.loadtxt": (0, ("fname",)),
    "numpy.genfromtxt": (0, ("fname",)),
    "PIL.Image.open": (0, ("fp",)),
    "cv2.imread": (0, ("filename",)),
    "torch.load": (0, ("f",)),
    "joblib.load": (0, ("filename",)),
    "h5py.File": (0, ("name",)),
    "runpy.run_path": (0, ("path_name",)),
    "os.listdir": (0, ("path",)),
    "os.scandir": (0, ("path",)),
    "os.chdir": (0, ("path",)),
    "tensorflow.io.read_file": (0, ("filename",)),
    "toml.load": (0, ("f",)),
    "dotenv.dotenv_values": (0, ("dotenv_path",)),
    "dotenv.load_dotenv": (0, ("dotenv_path",)),
    "bz2.open": (0, ("filename",)),
    "zipfile.ZipFile": (0, ("file",)),
    "tarfile.open": (0, ("name",)),
    "shutil.unpack_archive": (0, ("filename",)),
    "shutil.copy": (0, ("src",)),
    "shutil.copyfile": (0, ("src",)),
    "shutil.copytree": (0, ("src",)),
    "os.walk": (0, ("top",)),
    "glob.glob": (0, ("pathname",)),
    "glob.iglob": (0, ("pathname",)),
    "os.stat": (0, ("path",)),
    "os.path.getsize": (0, ("filename",)),
    "scipy.io.loadmat": (0, ("file_name",)),
    "soundfile.read": (0, ("file",)),
    "librosa.load": (0, ("path",)),
    "imageio.imread": (0, ("uri",)),
    "imageio.v2.imread": (0, ("uri",)),
    "skimage.io.imread": (0, ("fname",)),
    "omegaconf.OmegaConf.load": (0, ("file_",)),
    "datasets.load_from_disk": (0, ("dataset_path",)),
    "xml.etree.ElementTree.parse": (0, ("source",)),
    "logging.config.fileConfig": (0, ("fname",)),
    "tensorflow.data.TFRecordDataset": (0, ("filenames",)),
    "tensorflow.data.TextLineDataset": (0, ("filenames",)),
}
_LAST = {
    "load_model": (0, ("filepath", "path")),
    "load_weights": (0, ("filepath",)),
    "image_dataset_from_directory": (0, ("directory",)),
    "text_dataset_from_directory": (0, ("directory",)),
    "audio_dataset_from_directory": (0, ("directory",)),
    "flow_from_directory": (0, ("directory",)),
    "ImageFolder": (0, ("root",)),
    "load_img": (0, ("path",)),
    "read_csv": (0, ("filepath_or_buffer",)),
    "read_json": (0, ("path_or_buf",)),
    "read_excel": (0, ("io",)),
    "read_parquet": (0, ("path",)),
    "read_pickle": (0, ("filepath_or_buffer",)),
    "read_table": (0, ("filepath_or_buffer",)),
    "read_feather": (0, ("path",)),
    "read_hdf": (0, ("path_or_buf",)),
    "read_fwf": (0, ("filepath_or_buffer",)),
    "scan_csv": (0, ("source",)),
}
_OPENS = frozenset({"open", "io.open", "gzip.open", "bz2.open", "h5py.File", "zipfile.ZipFile", "tarfile.open"})
"""Functions that read or write, by their mode."""
_OWN = frozenset({"read_text", "read_bytes", "iterdir", "glob", "rglob", "stat"})
_SEARCHES = frozenset({"glob", "iglob", "rglob", "walk", "load_dotenv"})
"""Calls that find nothing where there is nothing, and go on."""
_ASKS = frozenset({"os.path.isdir", "os.path.exists", "os.path.isfile"})
_LISTS = frozenset({"iterdir", "listdir", "scandir", "chdir", "walk", "glob", "rglob", "ImageFolder"})
"""Calls that want something in a folder."""
_MARKS = frozenset({".gitkeep", ".keep", ".gitignore", ".placeholder", ".empty"})
_FAILURES = ("OSError", "FileNotFoundError", "IOError")


def check(context: Context) -> Iterator[Finding]:
    """Each relative path that the program reads or insists on, if nothing that travels or is written stands there."""
    if context.program is None:
        return
    written = [pattern(write.text) for write in sinks.writes(context) if write.text]
    made = [own.removeprefix(ALONE) for own in made_folders(context)]
    seen: set[str] = set()
    for module in context.program.modules:
        values = context.values(module)
        for call, name in module.calls:
            path = path_of(call, name)
            text = searched_folder(name, values.text(path))
            if name in _ASKS and text is None and call.args:
                yield from _asked(context, module, call)
            if path is None or text is None or not _is_relative(text):
                continue
            clean = posixpath.normpath(text)
            if name.rpartition(".")[2] in _LISTS and clean in context.folders and clean not in written + made:
                yield from _only_marks(context, module, call, clean)
            if clean not in seen and not _is_there(context, clean, written + made):
                seen.add(clean)
                yield from _missing(context, module, call, name, text)


def searched_folder(name: str, text: str | None) -> str | None:
    """The folder in which a pattern is looked for; any other path as it is."""
    if text is None or name not in ("glob.glob", "glob.iglob"):
        return text
    parts = text.split("/")
    plain = next((number for number, part in enumerate(parts) if set(part) & set("*?[" + UNKNOWN)), len(parts) - 1)
    return "/".join(parts[:plain]) or "."


def _asked(context: Context, module: Module, call: ast.Call) -> Iterator[Finding]:
    """A folder that the script insists on, and in which nothing lies but a mark that keeps it in git."""
    text = context.values(module).text(call.args[0])
    if text is None or not _is_relative(text) or not _is_insisted_on(module, call):
        return
    path = posixpath.normpath(text)
    if (
        path in [own.removeprefix(ALONE) for own in made_folders(context)]
        or not (context.snapshot.root / path).is_dir()
    ):
        return
    yield from _only_marks(context, module, call, path)


def _only_marks(context: Context, module: Module, call: ast.Call, path: str) -> Iterator[Finding]:
    """A folder in which nothing lies but a mark that keeps it in git."""
    inside = [own for own in context.travelling if own.startswith(f"{path}/")]
    if all(posixpath.basename(own) in _MARKS for own in inside):
        message = (
            f"'{path}' holds no file of its own: an empty folder doesn't travel, and some targets leave "
            f"out {inside[0] if inside else 'it'}"
        )
        remedy = f'make it: os.makedirs("{path}", exist_ok=True)'
        yield found(context.job, "folder-empty", message, remedy, at=module.at(call))


def _is_insisted_on(module: Module, call: ast.Call) -> bool:
    """Whether the script ends if the answer is no."""
    for parent in module.around(call):
        if isinstance(parent, ast.Assert):
            return True
        if isinstance(parent, ast.If):
            return any(
                isinstance(node, ast.Raise) or "exit" in ast.unparse(node)
                for node in ast.walk(parent)
                if isinstance(node, ast.Raise | ast.Call)
            )
    return False


def path_of(call: ast.Call, name: str) -> ast.expr | None:
    """What a call reads from; None for a call that reads nothing."""
    last = name.rpartition(".")[2]
    if name in _OPENS:
        return argument(call, _READERS[name][0], *_READERS[name][1]) if _reads(call, name) else None
    known = _READERS.get(name) or _LAST.get(last)
    if known:
        return argument(call, known[0], *known[1])
    if isinstance(call.func, ast.Attribute) and last in _OWN:
        return call.func.value
    if isinstance(call.func, ast.Attribute) and last == "open" and name.endswith(("Path().open", "?.open")):
        return call.func.value if _reads(call, name) else None
    return None


def _reads(call: ast.Call, name: str) -> bool:
    mode = sinks.mode_of(call, name)
    return bool(mode) and not set(mode) & set("wax")


def _is_relative(text: str) -> bool:
    if not text.strip() or text.startswith(("/", "~", UNKNOWN, DATASET)) or "://" in text:
        return False
    return not (len(text) > 1 and text[1] == ":") and UNKNOWN not in text and "\n" not in text


def _is_there(context: Context, path: str, written: list[str]) -> bool:
    if path.startswith(".."):
        return False
    if path in (".", "") or path.split("/", maxsplit=1)[0] in ("outputs", "logs"):
        return True
    if path in context.travelling or path in context.folders:
        return True
    return any(
        own == path or own.startswith(path + "/") or path.startswith(own + "/") or fnmatchcase(path, own)
        for own in written
    )


def _missing(context: Context, module: Module, call: ast.Call, name: str, text: str) -> Iterator[Finding]:
    program = context.program
    sure = program is not None and flow.is_sure(program, module, call, *_FAILURES) and not _is_asked_for(context, text)
    rule, message, remedy = _why(context, text)
    searches = name.rpartition(".")[2] in _SEARCHES
    is_here = not text.startswith("..") or (context.snapshot.root / text).exists()
    missed = rule in ("dataset-by-path", "file-outside") and is_here
    surely = sure and rule != "file-nowhere" and (missed or not searches)
    yield found(
        context.job,
        rule,
        message,
        remedy,
        at=module.at(call),
        severity=None if surely else W,
        confidence=None if surely else LIKELY,
    )


def _is_asked_for(context: Context, text: str) -> bool:
    """Whether the program asks somewhere whether the path is there, or fetches it."""
    base = posixpath.basename(text)
    for module in context.program.modules if context.program else ():
        values = context.values(module)
        for call, name in module.calls:
            last = name.rpartition(".")[2]
            asks = (name in _ASKS or last in ("exists", "is_file", "is_dir")) and call.args
            if asks and values.text(call.args[0]) == text:
                return True
            if any(word in last for word in ("download", "retrieve", "extract", "get_file", "clone")):
                return True
        if "exists" in ast.dump(module.tree) and any(
            isinstance(node, ast.Attribute) and node.attr in ("exists", "is_file") and values.text(node.value) == text
            for node in module.nodes
        ):
            return True
    return not base


def _why(context: Context, text: str) -> tuple[str, str, str]:  # noqa: C901, PLR0911, PLR0912  (one branch for each reason)
    """The rule that a missing path breaks, with message and remedy."""
    path = posixpath.normpath(text)
    if "\\" in text:
        right = text.replace("\\", "/")
        message = f"'{text}' has a backslash, which is no separator on Linux"
        return "path-backslash", message, f"write '{right}', or build the path with pathlib or os.path.join"
    for other in (*context.travelling, *context.folders):
        if other.lower() == path.lower():
            return "path-case", f"'{text}' is read, but it is called {other}: case counts on Linux", f"write '{other}'"
    if path.startswith(".."):
        dataset = _dataset_at(context, context.snapshot.root / path)
        if dataset:
            return _by_place(text, dataset)
        message = f"'{text}' leads out of the source folder, and only that travels"
        return "file-outside", message, "move it into the source folder, or make it a dataset"
    folder = posixpath.dirname(context.job.script)
    if folder and f"{folder}/{path}" in context.travelling:
        message = f"'{text}' is read from the top of the source folder, where the script starts; it lies in {folder}/"
        return "path-from-script", message, f"write '{folder}/{path}', or Path(__file__).parent / '{path}'"
    own = context.snapshot.root / path
    if own.is_dir() and not any(files for _, _, files in os.walk(own)):
        return (
            "folder-empty",
            f"'{text}' holds no file, so it doesn't travel",
            f'make it: os.makedirs("{text}", exist_ok=True)',
        )
    if own.exists():
        reason = context.snapshot.ignore_file or "what never travels"
        dataset = _dataset_at(context, own)
        if dataset:
            return _by_place(text, dataset)
        if never_travels(posixpath.basename(path)):
            message = f"'{text}' is read, but never travels, as it may hold secrets or is a cache"
            return "file-excluded", message, "set what the script needs under environment.variables"
        message = f"'{text}' is read, but doesn't travel: {reason} leaves it out"
        return "file-excluded", message, f"let it in with !{text} in .ferryignore, or make it a dataset"
    for place in context.beyond():
        if (place / path).exists():
            dataset = _dataset_at(context, place / path)
            if dataset:
                return _by_place(text, dataset)
            message = f"'{text}' is read, but lies in {place}, outside of the source folder"
            return "file-outside", message, "move it into the source folder, or make it a dataset"
    close = get_close_matches(path, context.travelling, n=1, cutoff=0.8)
    remedy = f"did you mean {close[0]}?" if close else "put it into the source folder, or make it a dataset"
    return "file-nowhere", f"'{text}' is read, but nothing of that name travels or is written before", remedy


def _by_place(text: str, dataset: str) -> tuple[str, str, str]:
    message = (
        f"'{text}' is read by its place on this machine; where the job runs the dataset '{dataset}' has another path"
    )
    return "dataset-by-path", message, f"take it from an argument: ${{{{ datasets.{dataset} }}}}"


def _dataset_at(context: Context, path: "os.PathLike[str]") -> str | None:
    """The dataset that a path of this machine lies in."""
    real = os.path.realpath(path)
    for name in context.job.datasets:
        own = context.job.dataset_path(name)
        if own is not None and (real + "/").startswith(os.path.realpath(own) + "/"):
            return name
    return None
