"""Runs what the pages tell a reader to type: every command and every Python block, in order, as real processes.

tests/support/markdown_pages.py lists the markers with which a page says that a block is not run, or how.
"""

import doctest
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from markdown_pages import SHELL, SHOWN, Block, Page, pages

ROOT = Path(__file__).resolve().parents[2]
PAGES = pages(ROOT)
LIMIT = 600
"""Seconds that one command may take."""
PATIENCE = 20.0
"""Seconds that what a page left running has to end by itself."""

# A page's commands share folder and variables, as those of a reader's shell do.
WRAPPER = """
set -a
trap 'code=$?; pwd >"$DOCS_STATE/folder"; env -0 >"$DOCS_STATE/variables"; exit $code' EXIT
eval "$1"
"""


def run_pages() -> list[object]:
    """Make one test case per page that has something to run."""
    cases: list[object] = []
    for page in PAGES:
        todo = [
            block for block in page.blocks if "not-run" not in block.markers and block.language in {*SHELL, "python"}
        ]
        if todo:
            marks = [pytest.mark.slow] if any("slow" in block.markers for block in todo) else []
            cases.append(pytest.param(page, id=page.name, marks=[*marks, pytest.mark.timeout(2 * LIMIT)]))
    return cases


class Reader:
    """Somebody who types what a page says, in a folder of their own."""

    def __init__(self, project: Path, state: Path) -> None:
        state.mkdir()
        self.folder = project
        self.state = state
        self.variables = {
            key: value for key, value in os.environ.items() if not key.startswith(("TRAINFERRY_", "PYTEST_"))
        }
        self.variables |= {
            "DOCS_STATE": str(state),
            "NO_COLOR": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TRAINFERRY_CONFIG": os.devnull,
            "TRAINFERRY_HOME": str(state / "home"),
        }

    def start(self, command: list[str]) -> tuple[int, str]:
        """Run one process to its end; returns its exit code and all that it printed."""
        output = self.state / "output"
        with output.open("w") as stream:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                timeout=LIMIT,
                check=False,
            )
        return done.returncode, output.read_text(encoding="utf-8", errors="replace")

    def running(self) -> list[int]:
        """Processes that something typed here has left, wherever they have detached themselves to."""
        mark, found = f"DOCS_STATE={self.state}".encode(), []
        for process in Path("/proc").glob("[0-9]*"):
            # Another user's, or one that has just ended.
            with suppress(OSError):
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    found.append(int(process.name))
        return found

    def leave(self, patience: float = PATIENCE) -> None:
        """End what still runs, as who shuts a machine down: asked first, and after `patience` seconds not asked."""
        for order in (signal.SIGTERM, signal.SIGKILL):
            for process in self.running():
                with suppress(ProcessLookupError):
                    os.kill(process, order)
            deadline = time.monotonic() + patience
            while self.running() and time.monotonic() < deadline:
                time.sleep(0.05)

    def type(self, command: str) -> tuple[int, str]:
        """Run one command line; a change of folder and new variables hold for the next one."""
        result = self.start(["bash", "--noprofile", "--norc", "-c", WRAPPER, "bash", command])
        self.folder = Path((self.state / "folder").read_text(encoding="utf-8").removesuffix("\n"))
        pairs = (self.state / "variables").read_bytes().decode(errors="surrogateescape").split("\0")
        self.variables = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        return result


def follow(page: Page, block: Block, reader: Reader) -> None:
    """Do what one block says; fails naming page and line."""
    if "file" in block.markers:
        (reader.folder / block.markers["file"]).write_text(block.text, encoding="utf-8")
        return
    expected = int(block.markers.get("exit", "0"))
    if block.language == "python":
        script = reader.state / "block.py"
        script.write_text("\n" * block.line + block.text, encoding="utf-8")
        code, output = reader.start([sys.executable, "-W", "error", str(script)])
        assert code == expected, f"{page.name}:{block.line}: exit code {code}\n{output}"
    elif block.language in SHELL:
        for command in block.commands:
            code, output = reader.type(command.text)
            wanted = expected if command is block.commands[-1] or len(block.commands) == 1 else 0
            assert code == wanted, f"{page.name}:{command.line}: exit code {code} of: {command.text}\n{output}"
            assert as_shown(output, command.shown), (
                f"{page.name}:{command.line}: {command.text}\nprinted:\n{output}\nthe page shows:\n{command.shown}"
            )


def as_shown(output: str, shown: str) -> bool:
    """Compare with what a page shows, where `...` stands for anything; a page may also show nothing."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return not shown or doctest.OutputChecker().check_output(f"{shown}\n", output, flags)


@pytest.mark.parametrize("page", run_pages())
def test_a_page_does_what_it_says(page: Page, tmp_path: Path) -> None:
    project = tmp_path / "project"
    if page.folder:
        ignored = shutil.ignore_patterns("__pycache__", ".*", "outputs", "logs", "tests")
        shutil.copytree(ROOT / page.folder, project, ignore=ignored)
    else:
        project.mkdir()
    reader = Reader(project, tmp_path / "state")
    try:
        for block in page.blocks:
            if "not-run" not in block.markers:
                follow(page, block, reader)
    finally:
        reader.leave()


def test_what_a_page_started_ends_with_it(tmp_path: Path) -> None:
    """A page that fails midway never comes to the line that stops its emulator."""
    reader, other = Reader(tmp_path, tmp_path / "state"), Reader(tmp_path, tmp_path / "other")
    quiet, stubborn = "exec sleep 600", "trap '' TERM; while :; do sleep 0.2; done"
    for one in (reader, other):
        assert one.type(f'setsid bash -c "{quiet}" & setsid bash -c "{stubborn}" & export LEFT=1')[0] == 0
    assert len(reader.running()) >= 2
    reader.leave(patience=0.5)
    assert reader.running() == []
    assert len(other.running()) >= 2
    other.leave(patience=0.5)


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_every_block_is_of_a_language_that_is_run_or_shown(page: Page) -> None:
    """A block in `sh` or `pycon` would look executable and never be executed."""
    known = SHELL | SHOWN | {"python"}
    assert [f"{page.name}:{block.line}: {block.language}" for block in page.blocks if block.language not in known] == []
