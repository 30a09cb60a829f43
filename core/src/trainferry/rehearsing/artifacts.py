"""Whether what a script wrote can be read back: models by their format, metrics by our own reader."""

import json
import zipfile
from pathlib import Path

from trainferry.errors import FerryError
from trainferry.metrics import read_metrics

MODELS = (".keras", ".h5", ".hdf5", ".pt", ".pth", ".onnx", ".tflite", ".npz", ".joblib", ".pkl", ".safetensors")
"""Endings of files that hold a model."""

RESULTS = (*MODELS, ".csv", ".json", ".jsonl", ".png", ".jpg", ".pdf", ".npy", ".ckpt", ".pb", ".parquet", ".html")
"""Endings of files that somebody will want to have after a run."""

_HDF5 = b"\x89HDF\r\n\x1a\n"


def model_problem(path: Path) -> str:
    """Why a model can't be read back; empty if nothing speaks against it. Nothing of it is executed."""
    try:
        if path.stat().st_size == 0:
            return "it is empty"
        with path.open("rb") as stream:
            head = stream.read(8)
        if path.suffix in (".keras", ".npz"):
            return _zip_problem(path, keras=path.suffix == ".keras")
        if path.suffix in (".h5", ".hdf5") and head != _HDF5:
            return "it is not an HDF5 file"
        if path.suffix == ".tflite" and head[4:8] != b"TFL3":
            return "it is not a TensorFlow Lite model"
    except OSError as error:
        return str(error.strerror)
    return ""


def _zip_problem(path: Path, *, keras: bool) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
            if broken is not None:
                return f"its part {broken} is damaged"
            if keras:
                json.loads(archive.read("config.json"))
    except zipfile.BadZipFile:
        return "it is not a zip archive, or cut off"
    except KeyError:
        return "it has no config.json"
    except ValueError:
        return "its config.json is damaged"
    return ""


def metrics_problem(path: Path) -> str:
    """Why a metrics file can't be read; empty if it has a row with a number."""
    try:
        rows = read_metrics(path)
    except FerryError as error:
        return error.message
    return "" if any(row for row in rows) else "it has no row with a number"
