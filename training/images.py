"""The images of a data folder: finding them, reading each once, and feeding them to Keras in batches.

The data folder holds one folder per class, twice: train/glass/*.jpg ... and validation/glass/*.jpg ...
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, UnidentifiedImageError

SUFFIXES = (".jpg", ".jpeg", ".png")
THREADS = os.cpu_count() or 1
FEWEST_CLASSES = 2
NAMED_IN_AN_ERROR = 5


class UnusableData(Exception):
    """The data can't be trained on; the text says what is wrong and what to do."""


@dataclass(frozen=True)
class Split:
    """The images of one half of the data, train or validation, sorted by class and name."""

    classes: list[str]
    files: list[Path]
    labels: list[int]
    """Index into `classes` for each file."""

    def __str__(self) -> str:
        counts = ", ".join(f"{name} {self.labels.count(label)}" for label, name in enumerate(self.classes))
        return f"{len(self.files)} images of {len(self.classes)} classes: {counts}"


def find_splits(data: Path) -> tuple[Split, Split]:
    """The training and the validation images below `data`. Raises UnusableData if they are not there or don't match."""
    if not data.is_dir():
        raise UnusableData(f"the data folder {data} is not there; check --data-path")
    train, validation = find_split(data / "train"), find_split(data / "validation")
    for name in sorted(set(train.classes) ^ set(validation.classes)):
        has, lacks = ("train", "validation") if name in train.classes else ("validation", "train")
        raise UnusableData(f"class {name} is in {data / has} but not in {data / lacks}; both need the same classes")
    return train, validation


def find_split(folder: Path) -> Split:
    """The images of `folder`, which holds one folder per class. Raises UnusableData if that is not what it holds."""
    if not folder.is_dir():
        raise UnusableData(f"{folder} is not there; the data folder needs train/ and validation/ (see prepare_data.py)")
    classes = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if len(classes) < FEWEST_CLASSES:
        found = f"only the class folder {classes[0]}" if classes else "no class folders"
        raise UnusableData(f"{folder} holds {found}; it needs a folder of images for each of two or more classes")
    files, labels = [], []
    for label, name in enumerate(classes):
        images = sorted(path for path in (folder / name).iterdir() if path.suffix.lower() in SUFFIXES)
        if not images:
            raise UnusableData(f"{folder / name} holds no image ({', '.join(SUFFIXES)}); fill the folder or remove it")
        files += images
        labels += [label] * len(images)
    return Split(classes, files, labels)


def decode(path: str | tf.Tensor, size: int) -> tf.Tensor:
    """One JPEG or PNG file as uint8 of shape (size, size, 3): the pixels that Pillow's nearest resize gives.

    Raises tf.errors.OpError if it can't be read.
    """
    image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3, dct_method="INTEGER_ACCURATE")
    image = tf.image.resize(image, (size, size), method="nearest")
    return tf.ensure_shape(image, (size, size, 3))


def fault_of(path: Path) -> str:
    """Why an image that `decode` refused can't be read, in a few words: what the file is instead, or what it lacks."""
    if path.stat().st_size == 0:
        return "empty"
    try:
        with Image.open(path) as image:
            kind = image.format
            image.load()
    except UnidentifiedImageError:
        return "no image, or only its beginning"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return "damaged"
    return f"a {kind} file" if kind not in {"JPEG", "PNG"} else "damaged"


def read_all(split: Split, size: int, *, keep: bool) -> tf.Tensor | None:
    """Decode every image once, so that a damaged one is found before any epoch is spent.

    Returns them as uint8 of shape (images, size, size, 3) in the computer's memory, or None without `keep`.
    Raises UnusableData naming the files that can't be read.
    """
    pixels = np.empty((len(split.files), size, size, 3), np.uint8) if keep else None

    def read(index: int) -> Path | None:
        try:
            image = decode(str(split.files[index]), size)
        except tf.errors.OpError:
            return split.files[index]
        if pixels is not None:
            pixels[index] = image
        return None

    with tf.device("CPU"):
        with ThreadPoolExecutor(THREADS) as pool:
            damaged = [path for path in pool.map(read, range(len(split.files))) if path]
        if damaged:
            more = f" and {len(damaged) - NAMED_IN_AN_ERROR} more" if len(damaged) > NAMED_IN_AN_ERROR else ""
            names = ", ".join(f"{path} ({fault_of(path)})" for path in damaged[:NAMED_IN_AN_ERROR])
            raise UnusableData(f"can't read {names}{more}: replace the damaged image or delete it, then start again")
        return None if pixels is None else tf.constant(pixels)


def batches(split: Split, pixels: tf.Tensor | None, *, size: int, batch_size: int, seed: int | None) -> tf.data.Dataset:
    """The images in batches of floats from 0 to 1, with one-hot labels; `seed` gives each epoch an order of its own.

    Without a seed they stay in their order; without `pixels` each epoch reads the files again. TensorFlow 2.21's
    autotuner can hold up the end of fit for seconds: it is off, and the parallelism it would look for is set here.
    """
    with tf.device("CPU"):
        paths, labels = tf.constant([str(path) for path in split.files]), tf.constant(split.labels)
    rows = tf.data.Dataset.range(len(split.files))
    if seed is not None:
        rows = rows.shuffle(len(split.files), seed=seed)
    if pixels is None:
        data = rows.map(lambda row: (decode(paths[row], size), row), THREADS).batch(batch_size)
    else:
        data = rows.batch(batch_size).map(lambda row: (tf.gather(pixels, row), row), THREADS)

    def scale(image: tf.Tensor, row: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.cast(image, tf.float32) * (1 / 255), tf.one_hot(tf.gather(labels, row), len(split.classes))

    fixed = tf.data.Options()
    fixed.autotune.enabled = False
    return data.map(scale, THREADS).prefetch(2).with_options(fixed)


def memory_mib() -> int:
    """Memory of this machine (MiB), or of the container where that has less."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for file in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        text = file.read_text().strip() if file.is_file() else ""
        limits += [int(text)] if text.isdecimal() else []
    return min(limits) // 2**20
