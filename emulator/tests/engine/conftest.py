"""What the engine's tests share: a workshop with folders as storage, ears for events, and real runs."""

import hashlib
import shutil
import textwrap
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from azureml_emulator.engine.contract import ClusterSpec, RunState, Status, StoredFile, WorkOrder
from azureml_emulator.engine.engine import Engine

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds after which something that a test waits for counts as never."""


class FolderStorage:
    """A source is the path of a folder."""

    def list_files(self, source: str) -> Sequence[StoredFile]:
        """Every file of the folder."""
        top = Path(source)
        if not top.is_dir():
            raise FileNotFoundError(2, "No such container or path", source)
        files = [path for path in sorted(top.rglob("*")) if path.is_file()]
        return [
            StoredFile(
                path=path.relative_to(top).as_posix(),
                size=path.stat().st_size,
                version=hashlib.sha256(path.read_bytes()).hexdigest(),
            )
            for path in files
        ]

    def fetch(self, source: str, file: StoredFile, target: Path) -> None:
        """Copy one file."""
        shutil.copyfile(Path(source, file.path), target)


class Ears:
    """Hears the events of all runs, and keeps what was said."""

    def __init__(self) -> None:
        self.states: dict[str, list[RunState]] = {}
        self.logs: dict[str, dict[str, bytes]] = {}
        self.files: dict[str, dict[str, bytes]] = {}
        self.outputs: dict[tuple[str, str], dict[str, bytes]] = {}
        self.deaf = threading.Event()
        """While set, each event is refused, as by a service that is down."""
        self.refused = 0
        self.pieces = 0
        """Of logs, as many as were told."""
        self.late = False
        """Somebody else has heard the beginning of the logs."""

    def run_changed(self, state: RunState) -> None:
        """Keep a state."""
        self._listen()
        self.states.setdefault(state.run_id, []).append(state)

    def log_grew(self, run_id: str, name: str, offset: int, data: bytes) -> None:
        """Keep what is new of a log; there may be no gap and no repetition."""
        self._listen()
        logs = self.logs.setdefault(run_id, {})
        if self.late:
            logs.setdefault(name, bytes(offset))
        assert offset == len(logs.get(name, b"")), name
        logs[name] = logs.get(name, b"") + data
        self.pieces += 1

    def file_changed(self, run_id: str, name: str, path: Path) -> None:
        """Keep the file's content."""
        self._listen()
        self.files.setdefault(run_id, {})[name] = path.read_bytes()

    def output_changed(self, run_id: str, output: str, name: str, path: Path) -> None:
        """Keep the file's content."""
        self._listen()
        self.outputs.setdefault((run_id, output), {})[name] = path.read_bytes()

    def _listen(self) -> None:
        if self.deaf.is_set():
            self.refused += 1
            raise ConnectionError("the service is down")


class Workshop:
    """An engine with everything it needs below one temporary folder."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.home = folder / "emulator"
        self.cache = cache
        self.storage = FolderStorage()
        self.ears = Ears()
        self.count = 0
        self.cluster = ClusterSpec(name="cpu", max_nodes=4, allocation_seconds=0)
        self.engine = self.new_engine()

    def new_engine(self, obstacle: str | None = None) -> Engine:
        """Another engine over the same folders, as a restarted emulator has."""
        self.engine = Engine(self.home, self.cache, self.storage, self.ears, grace=0.5, obstacle=obstacle)
        self.engine.clusters.put(self.cluster)
        return self.engine

    def snapshot(self, script: str, **files: str) -> str:
        """A source with `train.py` and other files."""
        return self.source({"train.py": textwrap.dedent(script), **files})

    def source(self, files: dict[str, str]) -> str:
        """A source with these files."""
        self.count += 1
        top = self.folder / f"source-{self.count}"
        for name, text in files.items():
            path = top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return str(top)

    def order(self, script: str = "print('hello')", script_name: str = "train.py", **fields: Any) -> WorkOrder:
        """An order to run a script, given as text, on the cluster."""
        self.count += 1
        data = {"run_id": f"run-{self.count}", "cluster": "cpu", "script": script_name, **fields}
        return WorkOrder.model_validate({"snapshot": self.snapshot(script), **data})

    def submit(self, script: str = "print('hello')", **fields: Any) -> str:
        """Submit such an order; returns the run's id."""
        order = self.order(script, **fields)
        self.engine.submit(order)
        return order.run_id

    def run(self, script: str = "print('hello')", **fields: Any) -> RunState:
        """Submit such an order and wait for its end."""
        return self.wait(self.submit(script, **fields))

    def wait(self, run_id: str) -> RunState:
        """Wait until the end of a run was told."""
        return until(lambda: next((state for state in self.ears.states.get(run_id, []) if state.status.final), None))

    def wait_for(self, run_id: str, status: Status) -> None:
        """Wait until a run has a state."""
        until(lambda: any(state.status is status for state in self.ears.states.get(run_id, [])))

    def until(self, condition: Callable[[], T | None]) -> T:
        """Wait for something to be true, and return it."""
        return until(condition)

    def state(self, run_id: str) -> RunState:
        """How a run stands now, by the engine."""
        state = self.engine.state(run_id)
        assert state is not None
        return state

    def work(self, run_id: str) -> Path:
        """The working folder of a run's first node, while the run goes."""
        return self.home / "runs" / run_id / "node-0" / "mnt" / "azureml" / "cr" / "j" / run_id / "exe" / "wd"

    def log(self, run_id: str, name: str = "user_logs/std_log.txt") -> str:
        """What was told of a log up to now."""
        return self.ears.logs.get(run_id, {}).get(name, b"").decode()


def until(condition: Callable[[], T | None]) -> T:
    """Wait for something to be true, and return it."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)
    return found


@pytest.fixture(scope="session")
def image_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images that all tests share, so that an empty environment is built once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A requirement that needs no index: a wheel of our own."""
    path = tmp_path_factory.mktemp("wheels") / "tiny-1.0-py3-none-any.whl"
    info = "tiny-1.0.dist-info"
    files = {
        "tiny.py": "WHO = 'a tiny package'\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)
    return f"tiny @ {path.as_uri()}"


@pytest.fixture
def workshop(tmp_path: Path, image_cache: Path) -> Iterator[Workshop]:
    """A workshop whose engine is started; whatever still runs in it at the end is ended."""
    shop = Workshop(tmp_path, image_cache)
    shop.engine.start()
    yield shop
    shop.engine.close()
