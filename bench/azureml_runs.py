"""Submitting and watching runs on Azure ML, beside azureml-core itself, against the emulator on loopback.

- a submit, from a prepared plan to the run id, beside `Experiment.submit` of a snapshot with the same files;
- the states of 50 runs, beside 50 calls of `run.get_status()`;
- how long a line takes from the script that prints it to the reader of `follow`.

Each side has its login and its imports behind it: what is compared is the work, not the start.
"""

import contextlib
import io
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from azureml_emulator import AzureMLEmulator
from pairs import Figure, cost, interleave, parser, report, speedup
from trainferry import Job
from trainferry.backend import Backend
from trainferry.progress import silent
from trainferry.site import Site
from trainferry.specs.job import Origin
from trainferry_azureml.plugin import AzureMLBackend

RUNS = 50
FILES = 30
LINES = 20
CLUSTER = "bench"
SCRIPT = "print('hello')\n"
WAITER = "import time\ntime.sleep(3600)\n"
TALKER = """
import time
for _ in range({lines}):
    print(time.time(), flush=True)
    time.sleep(0.7)
"""


def main() -> int:
    """Measure and report; 1 if a bound is missed."""
    arguments = parser(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as name, AzureMLEmulator() as azure:
        scratch = Path(name)
        os.environ |= azure.environ() | {"HOME": str(scratch)}
        bench = Bench(scratch, azure)
        figures = [bench.submit(arguments.pairs), bench.status(arguments.pairs), bench.log(arguments.pairs)]
    return report(figures, arguments.json)


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Without what the SDK prints and warns."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Bench:
    """One workspace of an emulator, our backend bound to it, and the SDK's own objects of it."""

    def __init__(self, scratch: Path, azure: AzureMLEmulator) -> None:
        self.project = scratch / "project"
        self.project.mkdir()
        for number in range(FILES):
            (self.project / f"module_{number}.py").write_text(f"VALUE = {number}\n" * 200, encoding="utf-8")
        site = Site(home=scratch / "home", cache=scratch / "cache", project=self.project)
        self.backend = Backend("azureml", AzureMLBackend())
        where = (azure.subscription_id, azure.resource_group, azure.workspace)
        keys = ("subscription", "resource_group", "workspace")
        self.backend.configure(dict(zip(keys, where, strict=True)), site)
        self.count = 0
        self.environment = ""
        self.finish(self.plan(SCRIPT))
        with hushed():
            from azureml.core import Environment, Experiment, Workspace
            from azureml.core.authentication import ServicePrincipalAuthentication

            login = ServicePrincipalAuthentication(
                os.environ["AZUREML_SERVICE_PRINCIPAL_TENANT_ID"],
                os.environ["AZUREML_SERVICE_PRINCIPAL_ID"],
                os.environ["AZUREML_SERVICE_PRINCIPAL_PASSWORD"],
            )
            self.workspace = Workspace(*where, auth=login)
            self.experiment = Experiment(self.workspace, "bench")
            self.peer_environment = Environment.get(self.workspace, self.environment)

    def plan(self, script: str) -> Any:
        """The plan of a fresh run of a script, with one file changed since the last one."""
        self.count += 1
        (self.project / "train.py").write_text(f"{script}# {self.count}\n", encoding="utf-8")
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        data = {
            "name": "bench",
            "script": "train.py",
            "environment": {"name": "bench", "python": python},
            "compute": {"name": CLUSTER, "size": "Standard_DS3_v2", "max_nodes": 4},
        }
        plan = self.backend.plan(
            Job.model_validate(data).with_origin(Origin(folder=self.project)), f"bench-{self.count}"
        )
        self.environment = plan.actions[2].resource.partition(":")[2]
        return plan

    def finish(self, plan: Any) -> str:
        """Apply a plan, and wait until its run has ended; its reference."""
        ref = str([self.backend.apply(action, silent).ref for action in plan.actions][-1])
        while not self.backend.poll([ref])[ref].state.final:
            time.sleep(0.05)
        return ref

    def submit(self, pairs: int) -> Figure:
        """From the prepared plan to the run id, beside the SDK's own submit of as many files."""

        def ours() -> float:
            action = self.plan(SCRIPT).actions[-1]
            start = time.perf_counter()
            self.backend.apply(action, silent)
            return time.perf_counter() - start

        def peer() -> float:
            self.plan(SCRIPT)
            folder = self.project.with_name("peer")
            shutil.copytree(self.project, folder, dirs_exist_ok=True)
            with hushed():
                from azureml.core import ScriptRunConfig

                configuration = ScriptRunConfig(
                    str(folder), "train.py", compute_target=CLUSTER, environment=self.peer_environment
                )
                start = time.perf_counter()
                self.experiment.submit(configuration, tags={"bench": "1"})
                return time.perf_counter() - start

        seconds = interleave({"azureml-core": peer, "ours": ours}, pairs=pairs)
        what, against = "submit, prepared plan to run id", "azureml-core's Experiment.submit of the same files"
        return cost(what, against, seconds["azureml-core"], seconds["ours"], at_most=1.1)

    def status(self, pairs: int) -> Figure:
        """The states of 50 runs that have not ended: of one that has, the SDK's object asks nobody any more."""
        refs = [str(self.backend.apply(self.plan(WAITER).actions[-1], silent).ref) for _ in range(RUNS)]
        with hushed():
            from azureml.core import Run

            runs = [Run(self.experiment, ref.rpartition("/")[2]) for ref in refs]

        def ours() -> float:
            start = time.perf_counter()
            found = self.backend.poll(refs)
            took = time.perf_counter() - start
            if len(found) < RUNS:
                raise RuntimeError(f"{len(found)} of {RUNS} runs were found")
            return took

        def peer() -> float:
            with hushed():
                start = time.perf_counter()
                for run in runs:
                    run.get_status()
                return time.perf_counter() - start

        seconds = interleave({"azureml-core": peer, "ours": ours}, pairs=pairs)
        for ref in reversed(refs):
            self.backend.cancel(ref)
        what, against = f"status of {RUNS} runs", f"{RUNS} x run.get_status()"
        return speedup(what, against, seconds["azureml-core"], seconds["ours"], at_least=10)

    def log(self, pairs: int) -> Figure:
        """Seconds from a line's print to its reader, the slowest of each run; read as `ferry logs -f` reads."""
        samples = [max(self.delays()) for _ in range(pairs)]
        return Figure(
            "log line printed to line shown, the slowest of 20", "the script's clock", "s", tuple(samples), at_most=3
        )

    def delays(self) -> list[float]:
        """The delay of each line of one run."""
        plan = self.plan(TALKER.format(lines=LINES))
        ref = str([self.backend.apply(action, silent).ref for action in plan.actions][-1])
        return list(_delays(lambda cursor: self.backend.read_log(ref, cursor)))


def _delays(read: Callable[[str | None], Any]) -> Iterator[float]:
    """Follow a log at the pace of the command line; how old each line is when it is seen."""
    cursor, rest, quiet = None, "", time.monotonic()
    while True:
        chunk = read(cursor)
        cursor, now = chunk.cursor, time.time()
        rest += chunk.text
        *lines, rest = rest.split("\n")
        yield from (now - float(line) for line in lines if line[:1].isdigit())
        if chunk.finished:
            return
        if chunk.text:
            quiet = time.monotonic()
        else:
            time.sleep(min(max(0.002, (time.monotonic() - quiet) / 20), 5))


if __name__ == "__main__":
    sys.exit(main())
