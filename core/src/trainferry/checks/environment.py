"""Checks of the environment: packages that can't be installed, versions that don't go together, images, files."""

import re
import sys
from collections.abc import Iterator

from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.checks.rules.rule import LIKELY, POSSIBLE, W
from trainferry.specs.finding import Finding

_GONE = {
    "tensorflow-gpu": "an empty stub that fails to install since 2.12: write tensorflow[and-cuda]",
    "tensorflow-macos": "for macOS only: write tensorflow",
    "tensorflow-metal": "for macOS only: take it out",
    "tensorflow-intel": "for Windows only: write tensorflow",
    "tf-nightly-gpu": "gone: write tf-nightly[and-cuda]",
    "tf-estimator-nightly": "gone: take it out",
    "keras-gpu": "a conda package only: write tensorflow",
    "sklearn": "a stub that fails to install: write scikit-learn",
    "pil": "without files: write pillow",
    "cv2": "no package: write opencv-python-headless",
    "opencv": "no package: write opencv-python-headless",
    "skimage": "no package: write scikit-image",
    "yaml": "no package: write PyYAML",
    "dotenv": "not what provides dotenv: write python-dotenv",
    "pywin32": "for Windows only: take it out",
    "pypiwin32": "for Windows only: take it out",
    "pywinpty": "for Windows only: take it out",
    "windows-curses": "for Windows only: take it out",
    "wmi": "for Windows only: take it out",
    "win32-setctime": "for Windows only: take it out",
    "pyobjc": "for macOS only: take it out",
    "pyobjc-core": "for macOS only: take it out",
    "pytorch": "an empty stub that fails to install: write torch",
    "pytorch-cuda": "a conda package: write torch, whose wheels bring CUDA along",
    "cudatoolkit": "a conda package: list it under conda, or take an image with CUDA",
    "cudnn": "a conda package: write nvidia-cudnn-cu12, or take an image with CUDA",
    "beautifulsoup": "for Python 2 only: write beautifulsoup4",
    "mysql-python": "for Python 2 only: write mysqlclient",
    "opencv-python-contrib": "no package: write opencv-contrib-python",
    "scikit-sklearn": "no package: write scikit-learn",
    "tensorflow-cuda": "no package: write tensorflow[and-cuda]",
    "keras-preprocess": "no package: write keras-preprocessing",
    "torch-vision": "not what provides torchvision: write torchvision",
    "torch-gpu": "no package: write torch",
    "win32api": "for Windows only: take it out",
    "appnope": "for macOS only: take it out",
    "mkl-fft": "a conda package: list it under conda",
    "mkl-service": "a conda package: list it under conda",
}
"""Names that pip would refuse on Linux, or that lead to nothing (their pages on the index)."""

_NOT_CONDA = {
    "torch": "pytorch",
    "sklearn": "scikit-learn",
    "opencv-python": "opencv",
    "opencv-python-headless": "opencv",
    "cv2": "opencv",
    "pil": "pillow",
    "skimage": "scikit-image",
    "yaml": "pyyaml",
    "azureml-core": "",
    "azureml-defaults": "",
    "azureml-mlflow": "",
    "azureml-sdk": "",
    "tensorflow-cpu": "tensorflow",
    "tensorflow-addons": "",
    "tensorflow-text": "",
}
"""Names that no channel of conda has, and what conda calls them; empty for what pip alone has."""
_BACKPORTS = frozenset(
    {"typing", "dataclasses", "enum", "argparse", "pathlib", "contextvars", "graphlib", "tomllib", "concurrent"}
)
"""Modules of Python that the index has packages of, too."""
_ONE_SYSTEM = re.compile(
    r"libcxx|libcxxabi|appnope|python\.app|pyobjc.*|llvm-openmp-osx|clangxx?_osx.*|"
    r"vc|vs20\d\d_runtime|vc14_runtime|ucrt|pywin32|pywin32-ctypes|pywinpty|winpty|wincertstore|win_inet_pton|menuinst|m2w64-.*|"
    r"msys2-conda-epoch|icc_rt|console_shortcut|powershell_shortcut|libcrc32c-win|tensorflow-metal|.*[-_]win[-_]64"
)
"""Conda packages that exist for macOS or Windows only; what an export from there lists."""
_BUILD = re.compile(r"^[^=<>!~ ]+={1,2}[^=<>!~ ]+=[^=]+$")

_WITHOUT_PYTHON = re.compile(
    r"(docker\.io/)?(library/)?(rocker/.*|r-base|ubuntu|debian|alpine|busybox|centos|fedora|amazonlinux|node|golang|openjdk|"
    r"eclipse-temurin|nginx|httpd|julia|rust|scratch|nvidia/cuda|hello-world|bash)(:.*|@.*)?"
)
"""Images that come without python, by their documentation."""


def check(context: Context) -> Iterator[Finding]:
    """What can be said of the environment offline."""
    if context.job.environment.current:
        return
    yield from _pip(context)
    yield from _conda(context)
    yield from _bases(context)
    yield from _together(context)


def _pip(context: Context) -> Iterator[Finding]:
    for number, text in enumerate(context.job.environment.pip):
        at = ("environment", "pip", number)
        requirement = text.partition(" #")[0].strip()
        if (
            re.match(r"\.{0,2}/|[A-Za-z]:[\\/]", requirement)
            or "file:" in requirement
            or (requirement.endswith((".whl", ".tar.gz")) and "://" not in requirement)
        ):
            message = (
                f"'{requirement}' is a path on this machine, where nothing is installed from when the "
                "job runs elsewhere"
            )
            yield found(context.job, "package-local", message, at=at)
        elif re.search(r"git\+ssh|git@", requirement):
            message = f"'{requirement}' is fetched with a key that only this machine has"
            yield found(
                context.job,
                "package-local",
                message,
                "write git+https://, or publish the package",
                at=at,
                severity=W,
                confidence=LIKELY,
            )
        elif (
            match := re.match(r"(-e|--editable|-r|--requirement|-f|--find-links)(?:[ =]+|(?=[./]))(.+)", requirement)
        ) is not None:
            message = f"'{requirement}' is an option of pip that leads to this machine: the list holds packages only"
            remedy = f"list what {match[2]} asks for, or put the package into the source folder"
            yield found(context.job, "package-local", message, remedy, at=at)
    for name, known in context.packages.requirements.items():
        if name in sys.stdlib_module_names and name not in _BACKPORTS and name not in _GONE:
            at = ("environment", "pip", _place(context, name))
            yield found(
                context.job, "package-gone", f"{name} is a part of Python, and no package", "take it out", at=at
            )
        if name in _GONE and not known.marker:
            at = ("environment", "pip", _place(context, name))
            yield found(
                context.job,
                "package-gone",
                f"{name} is {_GONE[name].partition(':')[0]}",
                _GONE[name].partition(": ")[2],
                at=at,
            )


def _place(context: Context, name: str) -> int:
    pip = context.job.environment.pip
    return next((number for number, text in enumerate(pip) if text.lower().replace("_", "-").startswith(name)), 0)


def _conda(context: Context) -> Iterator[Finding]:
    for number, text in enumerate(context.job.environment.conda):
        at = ("environment", "conda", number)
        name = re.split(r"[=<>!~ ]", text.rpartition("::")[2], maxsplit=1)[0]
        if _ONE_SYSTEM.fullmatch(name):
            message = (
                f"{text}: {name} exists for macOS or Windows only; an environment that was exported "
                "there doesn't build on Linux"
            )
            yield found(
                context.job,
                "conda-one-system",
                message,
                "take it out, and list only what the script imports: conda env export --from-history",
                at=at,
            )
        elif name.lower() in _NOT_CONDA:
            right = _NOT_CONDA[name.lower()]
            message = f"conda's channels have no package {name}: ResolvePackageNotFound"
            remedy = f"write {right}" if right else "list it under pip"
            yield found(context.job, "package-gone", message, remedy, at=at, confidence=LIKELY)
        elif _BUILD.match(text):
            message = f"{text} names a build, which is made for one system"
            yield found(context.job, "conda-build", message, f"write {text.rpartition('=')[0]}", at=at)


def _bases(context: Context) -> Iterator[Finding]:
    environment = context.job.environment
    bases = [key for key in ("image", "dockerfile", "curated") if getattr(environment, key)]
    if len(bases) > 1:
        message = f"the environment gives {' and '.join(bases)}: only one of them can be what it is built on"
        yield found(
            context.job,
            "environment-two-bases",
            message,
            "keep one; a Dockerfile names its base image itself, after FROM",
            at=("environment", bases[1]),
        )
    if environment.dockerfile:
        yield from _dockerfile(context, environment.dockerfile)
    image = environment.image or ""
    if _WITHOUT_PYTHON.fullmatch(image) and not environment.conda:
        message = f"the image {image} comes without python, which the script is started with"
        yield found(
            context.job,
            "image-without-python",
            message,
            "take an image with python in it, such as python:3.11-slim",
            at=("environment", "image"),
        )


def _dockerfile(context: Context, name: str) -> Iterator[Finding]:
    path = context.job.folder / name
    at = ("environment", "dockerfile")
    if not path.exists():
        below = (
            sorted(file for file in context.job.folder.glob("**/Dockerfile*") if file.is_file())[:5]
            if _is_small(context)
            else []
        )
        close = [str(file.relative_to(context.job.folder)) for file in below]
        message = f"the Dockerfile '{name}' is not there; the path is relative to the job file"
        yield found(context.job, "dockerfile-missing", message, f"did you mean {close[0]}?" if close else "", at=at)
    elif path.is_dir():
        yield found(
            context.job,
            "dockerfile-missing",
            f"'{name}' is a folder, not a Dockerfile",
            f"write {name.rstrip('/')}/Dockerfile",
            at=at,
        )
    else:
        text = path.read_text(encoding="utf-8", errors="replace")
        if not re.search(r"^\s*FROM\s", text, re.MULTILINE | re.IGNORECASE):
            yield found(
                context.job,
                "dockerfile-missing",
                f"the Dockerfile '{name}' has no FROM: it is based on nothing",
                "begin with FROM and an image",
                at=at,
            )


def _is_small(context: Context) -> bool:
    """Whether the folder of the job is small enough to look through."""
    return len(context.travelling) < 5_000  # noqa: PLR2004


def _together(context: Context) -> Iterator[Finding]:
    """Versions that resolve, install, and then fail when they are imported."""
    packages, job = context.packages, context.job
    at = ("environment", "pip")
    name = packages.tensorflow
    version = packages.version(name) if name else None
    if name and version:
        text, plain = str(version), version.release[:3]
        old = plain < (2, 6, 4) or (2, 7, 0) <= plain < (2, 7, 2) or (2, 8, 0) <= plain < (2, 8, 1)
        if old and packages.allows("protobuf", "4.21.0"):
            message = (
                f"{name} {text} doesn't hold protobuf back, and fails to import with protobuf 3.21 or newer "
                "('Descriptors cannot be created directly')"
            )
            yield found(job, "versions-drifted", message, "add protobuf<3.21 to pip", at=at)
        if plain < (2, 12) and packages.allows("numpy", "2.0.2") and _minor(context) >= 9:  # noqa: PLR2004
            message = f"{name} {text} doesn't hold numpy back, and fails to import with numpy 2"
            yield found(job, "versions-drifted", message, "add numpy<1.24 to pip", at=at, confidence=LIKELY)
    yield from _with_keras_3(context)
    yield from _cuda(context)
    yield from _unpinned(context)
    legacy = context.variables.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")
    if legacy and packages.keras == 3 and not packages.has("tf-keras") and not packages.is_open:  # noqa: PLR2004
        message = "TF_USE_LEGACY_KERAS is set, for which TensorFlow imports the package tf-keras, and it isn't there"
        yield found(
            job,
            "versions-drifted",
            message,
            "add tf-keras to pip, or set TF_USE_LEGACY_KERAS to 0",
            at=at,
            severity=W,
            confidence=LIKELY,
        )


def _minor(context: Context) -> int:
    import sys  # noqa: PLC0415

    python = context.job.environment.python
    return int(python.split(".")[1]) if python else sys.version_info[1]


_OLD_FOR_KERAS_3 = {
    "mlflow": ("2.12", "its keras and autolog parts were written for Keras 2"),
    "mlflow-skinny": ("2.12", "its keras and autolog parts were written for Keras 2"),
    "tensorflow-addons": ("99", "it was given up before Keras 3"),
    "tensorflow-hub": ("0.16.1", "its KerasLayer needs Keras 2"),
    "scikeras": ("0.13", "it was written for Keras 2"),
    "keras-tuner": ("1.4.6", "it was written for Keras 2"),
    "keras-cv": ("0.6", "it was written for Keras 2"),
    "wandb": ("0.16", "its Keras callback was written for Keras 2"),
    "shap": ("0.44", "its deep explainer was written for Keras 2"),
    "tensorflow-probability": ("0.24", "it needs tf-keras"),
    "tf2onnx": ("1.17", "it reads models of Keras 2"),
    "onnxmltools": ("99", "it reads models of Keras 2"),
    "tensorflow-model-optimization": ("99", "it needs tf-keras"),
    "keras-rl2": ("99", "it was written for Keras 2"),
    "segmentation-models": ("99", "it was written for Keras 2"),
}
"""The first version of a package that works with Keras 3, and why older ones don't (their release notes)."""


def _with_keras_3(context: Context) -> Iterator[Finding]:
    packages = context.packages
    if packages.keras != 3:  # noqa: PLR2004
        return
    for name, (version, why) in _OLD_FOR_KERAS_3.items():
        if name in packages.declared and (version == "99" or packages.at_least(name, version) is False):
            held = packages.version(name)
            message = f"{name}{f' {held}' if held else ''} is too old for the Keras 3 that is installed: {why}"
            remedy = f"write {name}>={version}" if version != "99" else "hold tensorflow<2.16, or do without it"
            yield found(
                context.job, "too-old-for-keras", message, remedy, at=("environment", "pip", _place(context, name))
            )
    if "keras" in packages.declared and packages.tensorflow:
        held = packages.version(packages.tensorflow)
        if held is not None and held.release < (2, 16):
            message = (
                f"Keras 3 with {packages.tensorflow} {held}, which was made for Keras 2: tf.keras and "
                "keras are two different things then"
            )
            yield found(
                context.job,
                "too-old-for-keras",
                message,
                "write tensorflow>=2.16, or keras<3",
                at=("environment", "pip"),
            )


_CUDA = [((2, 15), 12, 13), ((2, 12), 11, 12), ((2, 5), 11, 12), ((2, 1), 10, 11), ((1, 13), 10, 11)]
"""From a version of TensorFlow on, the first CUDA that its wheels take, and the first that they don't (its table of
tested builds)."""


def _cuda(context: Context) -> Iterator[Finding]:
    packages = context.packages
    match = re.search(r"cuda[-:]?(\d+)(?:\.\d+)?", (context.job.environment.image or "").lower())
    version = packages.version("tensorflow")
    if not match or version is None or "and-cuda" in packages.requirements["tensorflow"].extras:
        return
    known = next(((least, above) for since, least, above in _CUDA if version.release[:2] >= since), None)
    there = int(match[1])
    if known and not known[0] <= there < known[1]:
        message = (
            f"TensorFlow {version} was built for CUDA {known[0]}, and the image brings CUDA {there}: "
            "it finds no GPU, and quietly trains on the CPU"
        )
        yield found(context.job, "cuda-mismatch", message, at=("environment", "image"))


def _unpinned(context: Context) -> Iterator[Finding]:
    for name in ("tensorflow", "keras", "torch", "tensorflow-cpu", "transformers", "pytorch-lightning"):
        requirement = context.packages.requirements.get(name)
        if requirement is not None and not requirement.specifier and not requirement.url:
            message = f"{name} is not held at a version: what gets installed changes from one day to the next"
            yield found(
                context.job,
                "package-unpinned",
                message,
                f"write {name}==VERSION, the one you tried it with",
                at=("environment", "pip", _place(context, name)),
                confidence=POSSIBLE,
            )
