"""Sets of packages that an index resolves without complaint, and that are known not to work together.

Their makers left out an upper bound, and the other package moved on afterwards.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trainferry.specs.finding import Confidence, Severity

_RAISES = "its import ends with an error"


@dataclass(frozen=True, slots=True)
class Clash:
    """Two packages that don't work together in these versions."""

    package: str
    versions: str
    other: str
    other_versions: str
    why: str
    remedy: str
    severity: Severity = Severity.ERROR
    confidence: Confidence = Confidence.CERTAIN


_NUMPY_2 = "it was built for NumPy 1, and NumPy 2 changed the binary interface (NumPy 2.0 migration guide)"


def _numpy(package: str, versions: str, why: str = _NUMPY_2) -> Clash:
    return Clash(package, versions, "numpy", ">=2", why, 'add "numpy<2", or take a newer ' + package)


CLASHES: tuple[Clash, ...] = (
    Clash(
        *("tensorflow", "<2.8.1", "protobuf", ">=3.21"),
        f'{_RAISES} "Descriptors cannot be created directly" (protobuf 4.21 release notes)',
        'add "protobuf<3.21"',
    ),
    Clash(
        *("tensorboard", "<2.9", "protobuf", ">=3.21"),
        f'{_RAISES} "Descriptors cannot be created directly" (protobuf 4.21 release notes)',
        'add "protobuf<3.21"',
    ),
    Clash(
        *("onnx", "<1.13", "protobuf", ">=3.21"),
        f'{_RAISES} "Descriptors cannot be created directly" (protobuf 4.21 release notes)',
        'add "protobuf<3.21"',
    ),
    Clash(
        *("tensorflow", "<2.9", "numpy", ">=1.24"),
        "it uses numpy.object and numpy.bool, which NumPy 1.24 removed (its release notes)",
        'add "numpy<1.24"',
        confidence=Confidence.LIKELY,
    ),
    _numpy("tensorflow", "<2.16"),
    _numpy("pandas", "<2.2.2"),
    _numpy("scipy", "<1.13"),
    _numpy("scikit-learn", "<1.4.2"),
    _numpy("matplotlib", "<3.8.4"),
    _numpy("h5py", "<3.11"),
    _numpy("opencv-python", "<4.10"),
    _numpy("opencv-python-headless", "<4.10"),
    _numpy("torch", "<2.3", "tensors can't be turned into arrays: PyTorch before 2.3 was built for NumPy 1"),
    Clash(
        *("mlflow", "<2.13", "keras", ">=3"),
        "its autolog and log_model were made for Keras 2 and fail when the training ends (mlflow issues 10775, 11411)",
        "take mlflow>=2.13, or tensorflow<2.16, which brings Keras 2",
        Severity.WARNING,
        Confidence.LIKELY,
    ),
    Clash(
        *("tensorflow-addons", ">=0", "keras", ">=3"),
        "it was given up before Keras 3 and imports what that doesn't have",
        "take tensorflow<2.16, or do without tensorflow-addons",
        confidence=Confidence.LIKELY,
    ),
    Clash(
        *("tensorflow-hub", "<0.16", "keras", ">=3"),
        "its KerasLayer is no layer for Keras 3",
        "take tensorflow-hub>=0.16 and tf-keras, or tensorflow<2.16",
        Severity.WARNING,
        Confidence.LIKELY,
    ),
    Clash(
        *("keras", ">=3", "tensorflow", "<2.16"),
        "Keras 3 needs TensorFlow 2.16 or newer (Keras' compatibility table)",
        "take tensorflow>=2.16, or keras<3",
    ),
    Clash(
        *("jinja2", "<3", "markupsafe", ">=2.1"),
        f"{_RAISES} \"cannot import name 'soft_unicode'\" (MarkupSafe 2.1 changes)",
        'add "markupsafe<2.1", or take jinja2>=3',
    ),
    Clash(
        *("flask", "<2.2", "werkzeug", ">=3"),
        f"{_RAISES} \"cannot import name 'url_quote'\" (Werkzeug 3.0 changes)",
        'add "werkzeug<3", or take a newer flask',
    ),
)


def clashes(packages: Mapping[str, str]) -> Iterator[Clash]:
    """Those clashes that a set of packages (name to version) has; of several that one remedy mends, the first."""
    told: set[tuple[str, str]] = set()
    for clash in CLASHES:
        here = _fits(packages.get(clash.package), clash.versions)
        if here and _fits(packages.get(clash.other), clash.other_versions):
            marks = {(clash.other, clash.remedy), (clash.package, clash.other)}
            if not marks & told:
                yield clash
            told |= marks


def _fits(version: str | None, wanted: str) -> bool:
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    try:
        return version is not None and SpecifierSet(wanted).contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False
