"""A process that trains one epoch for each line it reads: several of them, asked in turn, make interleaved pairs.

    python bench/epochs_on_demand.py WAY TRAIN_FOLDER

WAY is `tutorial` (the tutorial's script), `train` (training/train.py), `bfloat16` (the same with --mixed-precision) or
`floor` (the model of train.py fed with one batch that lies in memory). For each line of input it answers with a line of
JSON: the seconds of the epoch, and those from its end to where `fit` returns.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

TRAINING = Path(__file__).parents[1] / "training"
SIZE, BATCH = 256, 32


def tutorial(folder: Path) -> tuple[Any, Any]:
    """The tutorial's model and images, with TensorFlow as it comes."""
    import tutorial_script

    images = tutorial_script.flow(folder)
    return tutorial_script.build_model(images.num_classes), images


def ours(way: str, folder: Path) -> tuple[Any, Any]:
    """The model of train.py, and its images or one batch in memory again and again."""
    sys.path.insert(0, str(TRAINING))
    import keras
    import tensorflow as tf

    import images
    import train

    if way == "bfloat16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(0)
    split = images.find_split(folder)
    model = train.build_model(len(split.classes), SIZE, 0.001)
    if way == "floor":
        labels = tf.one_hot(tf.range(BATCH) % len(split.classes), len(split.classes))
        batch = tf.data.Dataset.from_tensors((tf.random.uniform((BATCH, SIZE, SIZE, 3)), labels))
        fixed = tf.data.Options()
        fixed.autotune.enabled = False
        return model, batch.repeat(-(-len(split.files) // BATCH)).with_options(fixed)
    pixels = images.read_all(split, SIZE, keep=True)
    return model, images.batches(split, pixels, size=SIZE, batch_size=BATCH, seed=0)


def main() -> None:
    """Answer each line of input with one epoch's times."""
    way, folder = sys.argv[1], Path(sys.argv[2])
    answers, sys.stdout = sys.stdout, sys.stderr  # what Keras prints is no answer
    if way != "tutorial":
        sys.path.insert(0, str(TRAINING))
        import startup  # noqa: F401  (before TensorFlow, as train.py does)
    import keras

    class End(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
        """Notes when the last epoch ended."""

        at = 0.0

        def on_train_end(self, logs: object = None) -> None:  # noqa: ARG002  (Keras' signature)
            """Note the time."""
            self.at = time.perf_counter()

    model, data = tutorial(folder) if way == "tutorial" else ours(way, folder)
    end = End()
    for _ in sys.stdin:
        start = time.perf_counter()
        model.fit(data, verbose=0, callbacks=[end], shuffle=way == "tutorial")
        returned = time.perf_counter()
        print(json.dumps({"epoch": end.at - start, "stall": returned - end.at}), file=answers, flush=True)


if __name__ == "__main__":
    main()
