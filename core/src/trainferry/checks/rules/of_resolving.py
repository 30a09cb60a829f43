"""The rules about packages, found when the environment is resolved."""

from collections.abc import Mapping

from trainferry.checks.rules.rule import E, N, Rule, W

RULES: Mapping[str, Rule] = {
    "not-resolved": Rule(
        N,
        "Packages were not checked",
        "Nobody could be asked, so that finding nothing means nothing: the image build may still fail.",
        "Run it again with a connection to the package index; conda packages are seen at the image build only.",
        example="ferry dry-run job.yaml --offline",
    ),
    "package-build": Rule(
        E,
        "A package can't be built from its source",
        "It is published without a wheel, and its own build script fails, as it would in the image build.",
        "Take another version, or the package that it was replaced by.",
        example="pip: [tensorflow-gpu]",
    ),
    "package-clash": Rule(
        E,
        "Two packages resolve, but don't work together",
        "Their makers set no upper bound, so that an install succeeds and the import or the end of the training fails.",
        "Pin the one that moved on below the version that broke the other.",
        example="pip: [tensorflow==2.8.0]   # brings a protobuf that it can't be imported with",
    ),
    "package-conflict": Rule(
        E,
        "Packages contradict each other",
        "No set of versions fits all of them; the image build would fail after minutes.",
        "Loosen the pin that the message names, or take versions that were made for each other.",
        example="pip: [tensorflow==2.13.1, numpy==1.26.4]",
    ),
    "package-no-wheel": Rule(
        E,
        "A package isn't made for this Python or platform",
        "It has no file that could be installed on the target; the image build would fail.",
        "Take a version that supports the Python of the job, or another Python.",
        example='python: "3.13" with pip: [tensorflow==2.15.1]',
    ),
    "package-source-only": Rule(
        W,
        "A package is published as source only",
        "The target builds it, which is slow, and fails where a compiler or a system library is missing.",
        "Take a version that has a wheel, if there is one.",
        example="pip: [termcolor==1.1.0]",
    ),
    "package-syntax": Rule(
        E,
        "A requirement can't be read",
        "pip would refuse it, at the image build.",
        "Write it as NAME, NAME==VERSION or NAME>=VERSION,<VERSION.",
        example='pip: ["tensorflow=2.21"]',
    ),
    "package-unknown": Rule(
        E,
        "There is no such package",
        "The index doesn't know it; a mistyped name may also be somebody else's package.",
        "Correct the name; it may differ from the one that is imported.",
        example="pip: [tensorfow]",
    ),
    "package-version": Rule(
        E,
        "There is no such version of a package",
        "The image build would fail after minutes.",
        "Take a version that there is.",
        example="pip: [tensorflow==2.99.0]",
    ),
}
