"""How long the check takes on a real data set: the whole command, as somebody at a terminal waits for it."""

import os
import shutil
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

FERRY = Path(sys.executable).with_name("ferry")
WARM = 20
COLD = 3
MOST = {"warm median": 0.5, "warm 95 %": 1.0, "cold": 5.0}
"""Seconds that the check of 2,500 pictures may take."""
_PICTURES = (".jpg", ".jpeg", ".png")
_SCRIPT = """\
import argparse
import keras

parser = argparse.ArgumentParser()
parser.add_argument("--data")
parser.add_argument("--epochs", type=int, default=1)
args = parser.parse_args()
images = keras.utils.image_dataset_from_directory(args.data, image_size=(64, 64))
model = keras.Sequential([keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(6)])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
history = model.fit(images, epochs=args.epochs)
model.save("outputs/model.keras")
"""
_JOB = """\
name: speed
source: src
script: train.py
arguments: [--data, "${{ datasets.images }}", --epochs, 3]
datasets: {images: {path: data}}
environment: {python: "3.11", pip: [tensorflow==2.21.0, pillow]}
timeout: 1h
"""


def measure(archive: Path, scratch: Path) -> dict[str, Any]:
    """Seconds of `ferry check` on the pictures of a zip archive: with what was seen remembered, and without."""
    folder = scratch / "speed"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "train.py").write_text(_SCRIPT, encoding="utf-8")
    (folder / "job.yaml").write_text(_JOB, encoding="utf-8")
    count, size = unpack(archive, folder / "data")
    cache = folder / "cache"
    cold = []
    for _ in range(COLD):
        shutil.rmtree(cache, ignore_errors=True)
        cold.append(run(folder, cache))
    warm = sorted(run(folder, cache) for _ in range(WARM))
    return {
        "images": count,
        "bytes": size,
        "warm median": round(statistics.median(warm), 3),
        "warm 95 %": round(warm[int(0.95 * (len(warm) - 1))], 3),
        "cold": round(max(cold), 3),
    }


def unpack(archive: Path, folder: Path) -> tuple[int, int]:
    """Take the pictures out of an archive, each into the folder of its class; returns their number and bytes."""
    count = size = 0
    with zipfile.ZipFile(archive) as files:
        for entry in files.infolist():
            parts = Path(entry.filename).parts
            hidden = any(part.startswith((".", "__")) for part in parts)
            if entry.is_dir() or hidden or not entry.filename.lower().endswith(_PICTURES) or len(parts) < 2:  # noqa: PLR2004
                continue
            place = folder / parts[-2] / parts[-1]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(files.read(entry))
            count, size = count + 1, size + entry.file_size
    return count, size


def run(folder: Path, cache: Path) -> float:
    """Seconds of one `ferry check`; it must find nothing that is an error."""
    environment = {**os.environ, "TRAINFERRY_CACHE": str(cache), "TRAINFERRY_HOME": str(folder / "home")}
    start = time.perf_counter()
    subprocess.run([FERRY, "check", "job.yaml"], cwd=folder, env=environment, capture_output=True, check=True)
    return time.perf_counter() - start
