"""Runs that several tests look at: each is made once, however many tests ask for it, and as early as may be."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from trainferry.specs import Job, RunStatus
from trainferry.testing import scripts
from trainferry.testing.kit import Kit, Started

ARGUMENTS = {
    "empty": "",
    "spaces": " a  b ",
    "single-quote": "it's",
    "double-quote": 'say "no"',
    "backslash": "a\\b\\\\",
    "newline": "two\nlines",
    "tab": "a\tb",
    "unicode": "ünï漢\U0001f600",
    "option": "--flag=a b",
    "dash": "-",
    "two-dashes": "--",
    "star": "*",
    "dollar": "$HOME ${PATH}",
    "command": "$(id) `id`",
    "semicolon": "a; echo b | cat > c &",
    "percent": "%s %d %%",
    "braces": "{a} {0} {{b}}",
    "hash": "# no comment",
    "tilde": "~/x",
    "json": '{"a": [1, "b"]}',
    "long": "x" * 20_000,
}
"""Arguments that have been mangled on their way somewhere, each under what is hard about it."""

VARIABLES = {"KIT_PLAIN": "a", "KIT_SPACES": " a  b ", "KIT_LINES": "a\nb", "KIT_SIGN": "a=b", "KIT_EMPTY": ""}
SECRET = "s3cr3t-kit-5f1c9e"  # noqa: S105  (a made-up one, to be looked for)

BESIDE: dict[str, str | bytes] = {
    "beside/module.py": "ANSWER = 42\n",
    "data.bin": bytes(range(256)),
    ".env": f"TOKEN={SECRET}\n",
    "id_rsa": SECRET,
    "left/at/home.txt": SECRET,
    ".ferryignore": "left/\n",
}
"""What lies beside the script of the reporting job; the last four are not to travel, but for the list itself."""

DATASET: dict[str, bytes] = {
    "plain.txt": b"plain",
    "empty.txt": b"",
    "force.txt": b"force",
    "delete.txt": b"delete",
    "rename.txt": b"rename",
    "folder/deep/data.bin": bytes(range(256)) * 1000,
    "folder/\u00fcn\u00ef c\u00f6d\u00e9.txt": "ü".encode(),
}


@dataclass
class Canceled:
    """What was seen of a run that was canceled."""

    ref: str = ""
    before: dict[str, int] = field(default_factory=dict)
    """How many processes of each generation this machine saw before."""
    after: dict[str, int] = field(default_factory=dict)
    """How many it saw right after the cancel returned."""
    seconds: float = 0.0
    status: RunStatus | None = None
    error: str = ""
    error_again: str = ""
    """What a second cancel raised."""


def _reporting(kit: Kit) -> Job:
    arguments = tuple(ARGUMENTS.values())
    environment = {"current": True, "variables": {**VARIABLES, "KIT_API_TOKEN": SECRET}}
    return kit.job(scripts.REPORTING, BESIDE, arguments=arguments, environment=environment)


def lay_out(folder: Path) -> Path:
    """Write the kit's dataset to a folder."""
    for name, content in DATASET.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def _dataset_job(kit: Kit, mode: str) -> Job:
    folder = lay_out(kit.project / f"data-{mode}")
    single = kit.project / f"single {mode}.txt"
    single.write_text("single", encoding="utf-8")
    datasets = {
        "pictures": {"path": folder.name, "mode": mode},
        "label_file": {"path": single.name, "mode": mode},
    }
    inner = "inner=${{datasets.pictures}}/folder/deep/data.bin"
    arguments = [inner, "pictures=${{ datasets.pictures }}", "label=${{ datasets.label_file }}"]
    arguments.append("${{ datasets.label_file }}")
    return kit.job(scripts.DATASETS, datasets=datasets, arguments=arguments)


def _writing(kit: Kit) -> Job:
    return kit.job(scripts.WRITING, arguments=[f"{size} {name}" for name, size in scripts.FILES.items()])


BEFOREHAND: Mapping[str, Callable[[Kit], Job]] = {
    "reporting_run": _reporting,
    "printing_run": lambda kit: kit.job(scripts.PRINTING),
    "writing_run": _writing,
    "mounting_run": lambda kit: _dataset_job(kit, "mount"),
    "downloading_run": lambda kit: _dataset_job(kit, "download"),
    "failing_run": lambda kit: kit.job(scripts.FAILING),
    "crashing_run": lambda kit: kit.job(scripts.CRASHING),
    "killed_run": lambda kit: kit.job(scripts.KILLED),
}
"""Runs that are submitted before the first test, so that a slow backend works on all of them at once."""


def start(kit: Kit, name: str) -> Started:
    """Submit a shared run, unless that was done before."""
    started: Started = kit.shared(f"{name} started", lambda: kit.submit(BEFOREHAND[name](kit)))
    return started


def ended(kit: Kit, name: str) -> str:
    """The reference of a shared run that has ended."""
    ref = start(kit, name).ref
    kit.shared(f"{name} ended", lambda: kit.wait(ref))
    return ref


@pytest.fixture
def reporting_run(kit: Kit) -> dict[str, Any]:
    """What a script saw of itself: arguments, variables, files."""
    report: dict[str, Any] = kit.shared("report", lambda: kit.report(ended(kit, "reporting_run")))
    return report


@pytest.fixture
def printing_run(kit: Kit) -> str:
    """A completed run with thousands of lines."""
    return ended(kit, "printing_run")


@pytest.fixture
def writing_run(kit: Kit) -> str:
    """A completed run that wrote `scripts.FILES`."""
    return ended(kit, "writing_run")


@pytest.fixture
def mounting_run(kit: Kit) -> dict[str, Any]:
    """What a script could do to mounted datasets."""
    report: dict[str, Any] = kit.shared("mounting", lambda: kit.report(ended(kit, "mounting_run")))
    return report


@pytest.fixture
def downloading_run(kit: Kit) -> dict[str, Any]:
    """What a script could do to downloaded datasets."""
    report: dict[str, Any] = kit.shared("downloading", lambda: kit.report(ended(kit, "downloading_run")))
    return report


@pytest.fixture
def failing_run(kit: Kit) -> str:
    """A run whose script exited with 3."""
    return ended(kit, "failing_run")


@pytest.fixture
def crashing_run(kit: Kit) -> str:
    """A run whose script raised an exception."""
    return ended(kit, "crashing_run")


@pytest.fixture
def killed_run(kit: Kit) -> str:
    """A run whose script was killed by a signal."""
    return ended(kit, "killed_run")


GENERATIONS = ("script", "child", "grandchild")


def count(kit: Kit, token: str) -> dict[str, int]:
    """How many processes of each generation of a TREE this machine sees."""
    found = list(kit.processes(token).values())
    young = [words for words in found if f"{token}-grandchild" in words and f"{token}-child" not in words]
    middle = [words for words in found if f"{token}-child" in words]
    old = [words for words in found if token in words]
    return dict(zip(GENERATIONS, (len(old), len(middle), len(young)), strict=True))


@pytest.fixture
def canceled_run(kit: Kit) -> Canceled:
    """A run with a stubborn child and grandchild that was canceled twice."""
    seen: Canceled = kit.shared("canceled", lambda: _cancel(kit))
    return seen


def _cancel(kit: Kit) -> Canceled:
    token = f"{kit.token}-tree"
    started = kit.submit(kit.job(scripts.TREE, arguments=[token, str(scripts.LIMIT)]))
    kit.until_log(started.ref, scripts.READY)
    seen = Canceled(started.ref, before=count(kit, token))
    begun = time.monotonic()
    seen.error = _error_of(lambda: kit.backend.cancel(started.ref))
    seen.seconds = time.monotonic() - begun
    seen.after = count(kit, token)
    seen.error_again = _error_of(lambda: kit.backend.cancel(started.ref))
    with suppress(AssertionError):
        seen.status = kit.wait(started.ref)
    return seen


def _error_of(act: Callable[[], object]) -> str:
    try:
        act()
    except Exception as error:  # noqa: BLE001  (a test tells it)
        return f"{type(error).__name__}: {error}"
    return ""
