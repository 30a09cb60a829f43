"""The rules about the packages and the image that the script runs with."""

from collections.abc import Mapping

from trainferry.checks.rules.rule import LIKELY, POSSIBLE, E, Rule, W

RULES: Mapping[str, Rule] = {
    "conda-build": Rule(
        W,
        "A conda package names its build",
        "A build is made for one system; another doesn't have it.",
        "Leave out what follows the second =.",
        example="conda: [python=3.7.3=h359304d_0]",
        confidence=LIKELY,
    ),
    "conda-one-system": Rule(
        E,
        "A conda package that exists for another system only",
        "An environment that was exported under macOS or Windows lists packages that Linux doesn't have: "
        "ResolvePackageNotFound.",
        "List what the script imports, not all that is installed.",
        example="conda: [libcxx=4.0.1]",
    ),
    "dockerfile-missing": Rule(
        E,
        "The Dockerfile is not there",
        "The path is relative to the job file, and no part of it is repeated or added.",
        "Correct the path.",
        example="environment: {dockerfile: docker/docker/Dockerfile}",
    ),
    "environment-two-bases": Rule(
        E,
        "The environment is based on two things",
        "An image, a Dockerfile and a ready-made environment exclude one another; the target refuses to choose.",
        "Keep one of them.",
        example="environment: {image: python:3.11, dockerfile: Dockerfile}",
    ),
    "image-without-python": Rule(
        W,
        "The image has no Python",
        "The script is started with python, which the image doesn't bring along.",
        "Take an image with Python in it.",
        example="environment: {image: rocker/r-ver}",
        confidence=LIKELY,
    ),
    "package-gone": Rule(
        E,
        "A package that can't be installed there",
        "The name is a stub, belongs to another system, or is that of an import and not of a package; the "
        "build of the environment would fail.",
        "Write the name of the package that does the same.",
        example="pip: [tensorflow-gpu]",
    ),
    "package-local": Rule(
        E,
        "A package is given as a path of this machine",
        "Where the environment is built, there is no such path.",
        "Put the package into the source folder, or publish it.",
        example="pip: [./dist/mylib-1.0-py3-none-any.whl]",
    ),
    "package-unpinned": Rule(
        W,
        "A framework is not held at a version",
        "What gets installed changes from one day to the next, and with it what works.",
        "Hold it at the version that you tried it with.",
        example="pip: [tensorflow]",
        confidence=POSSIBLE,
    ),
    "too-old-for-keras": Rule(
        W,
        "A package that was written for Keras 2, with Keras 3",
        "It installs without complaint and fails when it meets a model, often after the training.",
        "Take a newer version, or one of TensorFlow before 2.16.",
        example="pip: [mlflow==2.9.2, tensorflow==2.16.1]",
        confidence=LIKELY,
    ),
    "versions-drifted": Rule(
        E,
        "Packages that install together and don't work together",
        "An old package that doesn't hold back what it needs gets the newest of it, and fails when it is imported.",
        "Hold back the package that moved on.",
        example="pip: [tensorflow==2.8.0]   # brings a protobuf that it can't read",
    ),
    "cuda-mismatch": Rule(
        W,
        "The image's CUDA is not the one that TensorFlow was built for",
        "It finds no GPU, says one line about it, and trains on the CPU.",
        "Take the image or the version that fits (tensorflow.org/install/source, tested builds).",
        example="image: ...cuda11.8...   # with tensorflow==2.16.1",
        confidence=LIKELY,
    ),
}
