"""The tutorial's control script, for a current Keras: a small network that sorts images of waste into six classes."""

import argparse
import csv
from pathlib import Path
from typing import Any

import keras

parser = argparse.ArgumentParser()
parser.add_argument("--data-path", type=Path, required=True)
parser.add_argument("--epochs", type=int, default=10)
options = parser.parse_args()


def images(part: str) -> Any:
    """One part of the data, scaled."""
    folder = options.data_path / part
    found = keras.utils.image_dataset_from_directory(folder, label_mode="categorical", image_size=(256, 256))
    scale = keras.layers.Rescaling(1 / 255)
    return found.map(lambda batch, labels: (scale(batch), labels))


model = keras.Sequential(
    [
        keras.layers.Input((256, 256, 3)),
        keras.layers.Conv2D(32, (2, 2), activation="relu"),
        keras.layers.MaxPooling2D(2, 2),
        keras.layers.Flatten(),
        keras.layers.Dense(6, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["acc"])
history = model.fit(images("train"), validation_data=images("validation"), epochs=options.epochs, verbose=2)
model.save("outputs/model.keras")
with Path("outputs/history.csv").open("w", newline="") as stream:
    writer = csv.writer(stream)
    writer.writerow(history.history)
    writer.writerows(zip(*history.history.values(), strict=True))
print("saved")
