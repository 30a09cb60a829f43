"""Train the tutorial's waste classifier on a folder of photographs, here or on any cluster.

    python train.py --data-path data/trashnet-sample --epochs 10

The data folder holds one folder per class, twice:

    train/cardboard/*.jpg       validation/cardboard/*.jpg
    train/glass/*.jpg           validation/glass/*.jpg        ...

Below `--output-dir` the script leaves model.keras (the class names travel inside), history.csv (a row as each epoch
ends) and history.png. Two runs with the same seed, data and machine write the same history.

Exit code 0: done; 1: the training or the writing failed; 2: unusable arguments or data; 128 + N: stopped by signal N.
With several workers in TF_CONFIG they train one model together; see workers.py.
"""

import argparse
import json
import math
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import startup  # noqa: F401  (has to come before TensorFlow)

# isort: split
import keras
import tensorflow as tf

from images import UnusableData, batches, find_splits, memory_mib, read_all
from stopping import StopRequest
from workers import BadCluster, Cluster


def build_model(classes: int, size: int, learning_rate: float) -> keras.Model:
    """The tutorial's network, compiled; takes (batch, size, size, 3) floats from 0 to 1, gives one share per class."""
    model = keras.Sequential(
        [
            keras.Input((size, size, 3)),
            keras.layers.Conv2D(32, (2, 2), activation="relu"),
            keras.layers.MaxPooling2D((2, 2)),
            keras.layers.Flatten(),
            # In float32 even with --mixed-precision: a share in bfloat16 would have three digits only.
            keras.layers.Dense(classes, activation="softmax", dtype="float32"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss="categorical_crossentropy", metrics=["acc"])
    return model


def train(options: argparse.Namespace, cluster: Cluster, output: Path, stop: StopRequest) -> None:
    """Train, and write what comes of it to `output`.

    Raises UnusableData for data that can't be trained on, OSError if writing fails, tf.errors.OpError if a step does,
    Stopped on a signal.
    """
    train_split, validation_split = find_splits(options.data_path)
    print(f"train: {train_split}\nvalidation: {validation_split}")
    output.mkdir(parents=True, exist_ok=True)

    splits = (cluster.share(train_split), validation_split)
    keep = fits_in_memory(sum(len(split.files) for split in splits), options)
    pixels = [read_all(split, options.image_size, keep=keep) for split in splits]
    size, batch_size = options.image_size, cluster.batch_size(options.batch_size)
    train_batches = batches(splits[0], pixels[0], size=size, batch_size=batch_size, seed=options.seed)
    validation_batches = batches(splits[1], pixels[1], size=size, batch_size=batch_size, seed=None)

    with cluster.scope():
        model = build_model(len(train_split.classes), size, options.learning_rate)
    summary: list[str] = []
    model.summary(print_fn=summary.append)  # shown at the end: whoever comes back to a long log looks there
    callbacks = [keras.callbacks.CSVLogger(output / "history.csv"), stop.callback()]
    history = cluster.fit(model, train_batches, validation_batches, epochs=options.epochs, callbacks=callbacks)

    save_model(model, train_split.classes, output / "model.keras")
    plot_history(history, output / "history.png")
    print("\n".join(summary))
    print(f"the model and its history are in {output}")


def fits_in_memory(images: int, options: argparse.Namespace) -> bool:
    """Whether that many decoded images may stay in memory; says so if not."""
    mib = images * options.image_size**2 * 3 / 2**20
    fits = bool(mib <= options.cache_mib)
    if not fits:
        print(
            f"decoded, the images take {mib:.0f} MiB, over --cache-mib {options.cache_mib}: each epoch reads the files"
        )
    return fits


def save_model(model: keras.Model, classes: list[str], path: Path) -> None:
    """Write the model with its class names inside (member classes.json); a half file never has the final name."""
    part = path.with_name(f"part-{path.name}")
    try:
        model.save(part)
        with zipfile.ZipFile(part, "a") as archive:
            archive.writestr("classes.json", json.dumps(classes))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def plot_history(history: dict[str, list[float]], path: Path) -> None:
    """Draw accuracy and loss by epoch into a PNG; without matplotlib say so, since history.csv has the numbers."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print(f"matplotlib is not installed, so no {path.name}; history.csv has the numbers")
        return
    figure = Figure(figsize=(10, 4), layout="constrained")
    epochs = range(1, len(history["loss"]) + 1)
    for axes, metric, title in zip(figure.subplots(1, 2), ("acc", "loss"), ("Accuracy", "Loss"), strict=True):
        axes.plot(epochs, history[metric], marker=".", label="training")
        axes.plot(epochs, history[f"val_{metric}"], marker=".", label="validation")
        axes.set(title=title, xlabel="epoch")
        axes.legend()
    figure.savefig(path)


def whole(text: str) -> int:
    """A whole number from 0 to 2**32 - 1; ArgumentTypeError for anything else."""
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def positive(text: str) -> int:
    """A whole number from 1 on; ArgumentTypeError for anything else."""
    if (number := whole(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return number


def rate(text: str) -> float:
    """A number above 0; ArgumentTypeError for anything else."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of the command line; ends the process with code 2 and a message if they are wrong."""
    parser = argparse.ArgumentParser(
        description="Train the waste classifier on a folder of photographs.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--data-path", type=Path, required=True, help="folder that holds train/ and validation/")
    add("--epochs", type=positive, default=10, help="times to go through the training images")
    add("--batch-size", type=positive, default=32, help="images per step, over all workers")
    add("--image-size", type=positive, default=256, help="pixels to a side that images are brought to")
    add("--learning-rate", type=rate, default=0.001, help="of the Adam optimizer")
    add("--seed", type=whole, default=0, help="of the first weights and of the order of the images")
    add("--mixed-precision", action="store_true", help="compute in bfloat16: faster where the processor has it")
    add("--cache-mib", type=whole, default=memory_mib() // 4, help="memory that decoded images may take (MiB)")
    add("--output-dir", type=Path, default=Path("outputs"), help="folder for the model, the history and its plot")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, stop: StopRequest) -> None:
    """Set TensorFlow up as the options say, and train. Raises what `train` does, BadCluster, Stopped on a signal."""
    keras.utils.set_random_seed(options.seed)
    tf.config.experimental.enable_op_determinism()
    if options.mixed_precision:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    cluster = Cluster()
    # Only now: with several workers TensorFlow has just put in a handler of its own, which ignores SIGTERM.
    stop.listen()
    with tempfile.TemporaryDirectory() as scratch:
        # Keras wants every worker to save; what the others write is the same and goes away.
        train(options, cluster, options.output_dir if cluster.is_chief else Path(scratch), stop)


def fail(message: str, code: int) -> int:
    """Tell the user, and return the exit code."""
    print(f"train.py: {message}", file=sys.stderr)
    return code


def main() -> int:
    """Run the command line; returns the exit code."""
    options, stop = parse_arguments(), StopRequest()
    try:
        run(options, stop)
    except Exception as problem:
        if stop.number:  # whatever broke off, such as a step that another worker had left
            return stop.tell()
        match problem:
            case UnusableData() | BadCluster():
                return fail(str(problem), 2)
            case OSError():
                return fail(f"can't write below {options.output_dir}: {problem}", 1)
            case tf.errors.OpError():
                return fail(f"the training broke off: {problem.message.splitlines()[0]}", 1)
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
