"""What the findings of the local backend mean."""

from collections.abc import Mapping

from trainferry.checks.rules import Rule
from trainferry.specs.finding import Severity

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE

RULES: Mapping[str, Rule] = {
    "conda-not-local": Rule(
        W,
        "Conda packages are not installed on this machine",
        "The local backend makes environments with uv, from pip packages alone: the script may miss something.",
        "List what is on the package index under pip.",
        example="environment: {conda: [scipy]}",
    ),
    "dataset-not-local": Rule(
        E,
        "A dataset is in the cloud only",
        "A run on this machine reads its data from this machine.",
        "Lay a local copy over it for this backend.",
        example="datasets: {images: {name: waste_images}}",
    ),
    "home-read-only": Rule(
        E,
        "The folder for runs can't be written",
        "No run can be kept.",
        "Set TRAINFERRY_HOME to a folder of yours.",
        example="TRAINFERRY_HOME=/usr/share",
    ),
    "ignored-locally": Rule(
        N,
        "Something in the job means nothing on this machine",
        "There are no images and no clusters here; elsewhere it counts.",
        "Nothing to do.",
        example="compute: {size: Standard_NC4as_T4_v3}",
    ),
    "isolation-missing": Rule(
        W,
        "This system doesn't let a run be isolated",
        "The script sees the whole disk, so that a path which is wrong elsewhere may work here.",
        "Allow user namespaces; 'ferry doctor' says what is in the way.",
        example="in many containers",
    ),
    "isolation-refused": Rule(
        E,
        "Isolation is required, and this system doesn't allow it",
        "The settings say that no run may go without.",
        "Allow user namespaces, or set backends.local.isolation to auto.",
        example='[backends.local] isolation = "require"',
    ),
    "linux-only": Rule(
        E,
        "This is not Linux",
        "Runs are supervised by means that only Linux has.",
        "Run on Linux, or in WSL 2.",
        example="macOS",
    ),
    "little-room": Rule(
        W,
        "The disk is nearly full",
        "A run that can't write its results fails at its end.",
        "Free some space, or set TRAINFERRY_HOME to another disk.",
        example="less than a gigabyte",
    ),
    "nul-byte": Rule(
        E,
        "An argument or a variable holds a NUL byte",
        "No process can be given one.",
        "Take it out.",
        example='arguments: ["a\\0b"]',
    ),
    "source-too-wide": Rule(
        W,
        "The project can't be hidden from the script",
        "Your home or the temporary folder lies in it, which the script needs to see.",
        "Give the job a folder of its own.",
        example="source: ~",
    ),
    "uv-missing": Rule(
        E,
        "uv is not installed",
        "No environment can be made without it.",
        "pip install --force-reinstall uv",
        example="ferry doctor local",
    ),
}
