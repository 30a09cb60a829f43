"""Calls that write a file or folder: what they write, and whether they make the folder for it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from trainferry.checks.code.names import argument
from trainferry.checks.code.program import Module
from trainferry.checks.context import Context

_MODES = frozenset("wax+")


@dataclass(frozen=True)
class Write:
    """One call that writes to a path."""

    module: Module
    call: ast.Call
    path: ast.expr
    text: str | None
    """The path as far as it is known, see `values`."""
    makes_folder: bool
    """Whether the call makes the folders on the way itself."""
    appends: bool = False


_SAVERS: dict[str, tuple[int, tuple[str, ...], bool]] = {
    "numpy.save": (0, ("file",), False),
    "numpy.savez": (0, ("file",), False),
    "numpy.savez_compressed": (0, ("file",), False),
    "numpy.savetxt": (0, ("fname",), False),
    "torch.save": (1, ("f",), False),
    "joblib.dump": (1, ("filename",), False),
    "cv2.imwrite": (0, ("filename",), False),
    "imageio.imwrite": (0, ("uri",), False),
    "skimage.io.imsave": (0, ("fname",), False),
    "matplotlib.pyplot.savefig": (0, ("fname",), False),
    "matplotlib.pyplot.imsave": (0, ("fname",), False),
    "shutil.copy": (1, ("dst",), False),
    "shutil.copyfile": (1, ("dst",), False),
    "shutil.move": (1, ("dst",), False),
    "shutil.copytree": (1, ("dst",), True),
    "os.mkdir": (0, ("path",), False),
    "os.makedirs": (0, ("name",), True),
    "h5py.File": (0, ("name",), False),
    "open": (0, ("file",), False),
    "io.open": (0, ("file",), False),
    "codecs.open": (0, ("filename",), False),
    "gzip.open": (0, ("filename",), False),
    "zipfile.ZipFile": (0, ("file",), False),
    "logging.FileHandler": (0, ("filename",), False),
    "logging.basicConfig": (9, ("filename",), False),
    "logging.handlers.RotatingFileHandler": (0, ("filename",), False),
    "logging.handlers.TimedRotatingFileHandler": (0, ("filename",), False),
    "bz2.open": (0, ("filename",), False),
    "lzma.open": (0, ("filename",), False),
    "tarfile.open": (0, ("name",), False),
    "sqlite3.connect": (0, ("database",), False),
    "shelve.open": (0, ("filename",), False),
    "pandas.ExcelWriter": (0, ("path",), False),
    "torch.onnx.export": (2, ("f",), False),
    "torch.jit.save": (1, ("f",), False),
    "torchvision.utils.save_image": (1, ("fp",), False),
    "onnx.save": (1, ("f",), False),
    "scipy.io.savemat": (0, ("file_name",), False),
    "scipy.io.wavfile.write": (0, ("filename",), False),
    "soundfile.write": (0, ("file",), False),
    "imageio.v2.imwrite": (0, ("uri",), False),
    "imageio.v3.imwrite": (0, ("uri",), False),
    "imageio.mimsave": (0, ("uri",), False),
    "tensorflow.saved_model.save": (1, ("export_dir",), True),
    "safetensors.torch.save_file": (1, ("filename",), False),
    "omegaconf.OmegaConf.save": (1, ("f",), False),
    "keras.utils.plot_model": (1, ("to_file",), False),
    "tensorflow.keras.utils.plot_model": (1, ("to_file",), False),
}
"""Where functions take the path: place and keywords, and whether they make its folder (their documentation)."""

_METHODS: dict[str, tuple[int, tuple[str, ...], bool]] = {
    "to_csv": (0, ("path_or_buf",), False),
    "to_json": (0, ("path_or_buf",), False),
    "to_pickle": (0, ("path",), False),
    "to_parquet": (0, ("path",), False),
    "to_excel": (0, ("excel_writer",), False),
    "to_hdf": (0, ("path_or_buf",), False),
    "to_html": (0, ("buf",), False),
    "to_feather": (0, ("path",), False),
    "write_csv": (0, ("file",), False),
    "write_parquet": (0, ("file",), False),
    "write_html": (0, ("file",), False),
    "write_image": (0, ("file",), False),
    "savefig": (0, ("fname",), False),
    "tofile": (0, ("fid",), False),
    "save_model": (0, ("fname", "path"), False),
    "save_pretrained": (0, ("save_directory",), True),
    "export": (0, ("filepath",), True),
    "save": (0, ("filepath", "fp", "path", "filename"), False),
    "save_weights": (0, ("filepath",), False),
}
_CALLBACKS: dict[str, tuple[int, tuple[str, ...], bool]] = {
    "CSVLogger": (0, ("filename",), False),
    "ModelCheckpoint": (0, ("filepath",), True),
    "TensorBoard": (0, ("log_dir",), True),
    "SummaryWriter": (0, ("log_dir", "logdir"), True),
    "BackupAndRestore": (0, ("backup_dir",), True),
}
_OWN_PATH = frozenset({"write_text", "write_bytes", "touch", "mkdir"})
"""Methods of a path that write to it."""


def writes(context: Context) -> Iterator[Write]:
    """Every call of the program that writes to a path."""
    for module in context.program.modules if context.program else ():
        values = context.values(module)
        for call, name in module.calls:
            path, makes = _target(call, name)
            if path is None or not _writes(call, name):
                continue
            yield Write(module, call, path, values.text(path), makes, "a" in mode_of(call, name))


def _target(call: ast.Call, name: str) -> tuple[ast.expr | None, bool]:
    last = name.rpartition(".")[2]
    known = _SAVERS.get(name) or _CALLBACKS.get(last)
    if known is None and isinstance(call.func, ast.Attribute):
        if last in _OWN_PATH or (last == "open" and _is_path_open(name)):
            parents = any(k.arg == "parents" and getattr(k.value, "value", None) is True for k in call.keywords)
            return call.func.value, last == "mkdir" and parents
        known = _METHODS.get(last)
    if known is None:
        return None, False
    place, keywords, makes = known
    return argument(call, place, *keywords), makes


def _is_path_open(name: str) -> bool:
    return not name.startswith(("PIL.", "zipfile.", "tarfile.", "gzip.", "webbrowser.", "os."))


def _writes(call: ast.Call, name: str) -> bool:
    last = name.rpartition(".")[2]
    if name == "shelve.open":
        return True
    if last in ("open", "File", "ZipFile"):
        return bool(_MODES & set(mode_of(call, name)))
    return True


def mode_of(call: ast.Call, name: str) -> str:
    """The mode that a file is opened with; empty for a call that has none."""
    last = name.rpartition(".")[2]
    if last not in ("open", "File", "ZipFile"):
        return ""
    is_method = last == "open" and isinstance(call.func, ast.Attribute) and name not in _SAVERS
    given = argument(call, 0 if is_method else 1, "mode")
    return str(given.value) if isinstance(given, ast.Constant) else "" if given is not None else "r"
