"""The tutorial's training script, written anew for today's Keras: what training/train.py is compared with.

Two ImageDataGenerators, the same small network, Adam, ten epochs; the model and the history at the end. Only the last
line had to change: Keras 3 refuses `model.save("outputs/")`. With `--order SEED` the images come in the order that
training/train.py takes with that seed, so that the losses can be compared digit by digit.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import keras  # noqa: TID253  (here and below: they are what this script is about)
import numpy as np  # noqa: TID253
import tensorflow as tf  # noqa: TID253


def flow(folder: Path, *, shuffle: bool = True) -> Any:
    """The images of a folder of class folders, as the tutorial reads them: 32 at a time, 256 x 256, 0 to 1."""
    generator = tf.keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
    return generator.flow_from_directory(
        folder, target_size=(256, 256), batch_size=32, class_mode="categorical", shuffle=shuffle
    )


def build_model(classes: int) -> keras.Model:
    """The tutorial's network, compiled."""
    model = keras.Sequential(
        [
            keras.Input((256, 256, 3)),
            keras.layers.Conv2D(32, (2, 2), activation="relu"),
            keras.layers.MaxPooling2D(2, 2),
            keras.layers.Flatten(),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["acc"])
    return model


def take_order(images: Any, seed: int, epochs: int) -> None:
    """Have the generator take, epoch by epoch, the order that training/train.py takes with this seed."""
    orders = orders_of_fit(images.n, seed, epochs)
    # Keras asks for a new order more often than once an epoch, such as after its first look at the data.
    images._set_index_array = lambda: setattr(images, "index_array", orders[0])  # noqa: SLF001  (there is no other way)
    images.on_epoch_begin = lambda: setattr(images, "index_array", orders.pop(0) if len(orders) > 1 else orders[0])


def orders_of_fit(count: int, seed: int, epochs: int) -> list[Any]:
    """The order of each epoch in which `fit` goes through `count` shuffled rows: from a fit that notes them.

    Drawing them from the dataset itself gives others: Keras makes more iterators than it goes through.
    """
    seen: list[int] = []

    def note(row: Any) -> Any:
        seen.append(int(row))
        return np.zeros(1, np.float32)

    def sample(row: Any) -> tuple[Any, Any]:
        return tf.ensure_shape(tf.numpy_function(note, [row], tf.float32), (1,)), tf.zeros(1)

    keras.utils.set_random_seed(seed)
    rows = tf.data.Dataset.range(count).shuffle(count, seed=seed).map(sample).batch(count)
    nothing = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    nothing.compile(loss="mse")
    nothing.fit(rows, epochs=epochs, verbose=0)
    return [np.array(seen[start : start + count]) for start in range(0, len(seen), count)]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-path", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--order", type=int, metavar="SEED")
    parser.add_argument("--output-dir", type=Path, default=Path("outputs"))
    options = parser.parse_args()

    train, validation = flow(options.data_path / "train"), flow(options.data_path / "validation", shuffle=False)
    if options.order is not None:
        take_order(train, options.order, options.epochs)
        keras.utils.set_random_seed(options.order)
        tf.config.experimental.enable_op_determinism()
    model = build_model(train.num_classes)
    history = model.fit(
        train, validation_data=validation, epochs=options.epochs, verbose=2, shuffle=options.order is None
    ).history
    options.output_dir.mkdir(parents=True, exist_ok=True)
    model.save(options.output_dir / "model.keras")
    (options.output_dir / "history.json").write_text(json.dumps(history))


if __name__ == "__main__":
    main()
