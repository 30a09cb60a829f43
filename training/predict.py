"""Say what is on a photograph, with a model that train.py wrote.

    python predict.py outputs/model.keras bottle.jpg can.jpg

The model file is all it takes: the class names travel inside. Loading it runs no code from it.

Exit code 0: done; 1: some image could not be read (the others are answered); 2: unusable model or arguments.
"""

import argparse
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import startup  # noqa: F401  (has to come before TensorFlow)

# isort: split
import keras
import tensorflow as tf

from images import decode, fault_of


class UnusableModel(Exception):
    """The model can't be used; the text says why, to go after its name."""


def load_model(path: Path) -> tuple[keras.Model, list[str]]:
    """The model and the names of its classes, in the order of its outputs. Raises UnusableModel."""
    if not path.is_file():
        raise UnusableModel("there is no such file; train.py writes one below outputs/")
    try:
        with zipfile.ZipFile(path) as archive:
            classes = json.loads(archive.read("classes.json"))
        model = keras.saving.load_model(path, compile=False)
    except KeyError as error:
        raise UnusableModel("it has no class names (member classes.json): train.py did not write this file") from error
    except (zipfile.BadZipFile, OSError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise UnusableModel(f"it is damaged, or no Keras model ({reason})") from error
    if not isinstance(classes, list) or model.output_shape[-1] != len(classes):
        raise UnusableModel(f"its class names don't fit its {model.output_shape[-1]} outputs; train it again")
    return model, [str(name) for name in classes]


def predict(model: keras.Model, classes: list[str], image: Path) -> dict[str, float]:
    """The probability of each class, the most likely first. Raises tf.errors.OpError if the image can't be read."""
    pixels = tf.cast(decode(str(image), model.input_shape[1]), tf.float32) * (1 / 255)
    shares = model(pixels[tf.newaxis], training=False)[0].numpy().tolist()
    return dict(sorted(zip(classes, shares, strict=True), key=lambda pair: -pair[1]))


def answer(image: Path, probabilities: dict[str, float]) -> str:
    """One line for people: the image, its class, and the probability of each class."""
    (first, share), *_ = probabilities.items()
    others = ", ".join(f"{name} {value:.1%}" for name, value in list(probabilities.items())[1:])
    return f"{image}: {first} {share:.1%} ({others})"


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of the command line; ends the process with code 2 and a message if they are wrong."""
    parser = argparse.ArgumentParser(description="Say what is on a photograph.", allow_abbrev=False)
    parser.add_argument("model", type=Path, help="model file that train.py wrote, such as outputs/model.keras")
    parser.add_argument("images", type=Path, nargs="+", metavar="image", help="JPEG or PNG file")
    parser.add_argument("--json", action="store_true", help="print one JSON list instead of a line for each image")
    return parser.parse_args(arguments)


def main() -> int:
    """Run the command line; returns the exit code."""
    options = parse_arguments()
    try:
        model, classes = load_model(options.model)
    except UnusableModel as problem:
        print(f"predict.py: {options.model}: {problem}", file=sys.stderr)
        return 2
    answers: list[dict[str, object]] = []
    for image in options.images:
        try:
            probabilities = predict(model, classes, image)
        except tf.errors.OpError:
            there = image.is_file()
            reason = f"not a readable JPEG or PNG image ({fault_of(image)})" if there else "there is no such file"
            print(f"predict.py: {image}: {reason}", file=sys.stderr)
            answers.append({"image": str(image), "error": reason})
            continue
        answers.append({"image": str(image), "class": next(iter(probabilities)), "probabilities": probabilities})
        if not options.json:
            print(answer(image, probabilities))
    if options.json:
        print(json.dumps(answers, indent=2))
    return 1 if any("error" in one for one in answers) else 0


if __name__ == "__main__":
    sys.exit(main())
