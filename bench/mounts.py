"""Mounting a dataset of 100,000 files against one of 10, on the local backend: nothing is copied, so both are equal.

Each way is a whole run of a script that reads one file of the dataset, from `run()` to `wait()` returned.
"""

import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from pairs import cost, interleave, parser, report
from trainferry import Ferry, Job, RunState

MANY, FEW = 100_000, 10


def main() -> int:
    """Measure and report; 1 if the bound is missed."""
    arguments = parser(__doc__).parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        project = scratch / "project"
        project.mkdir()
        os.chdir(project)
        os.environ.update(TRAINFERRY_HOME=str(scratch / "home"), TRAINFERRY_CACHE=str(scratch / "cache"))
        os.environ["TRAINFERRY_CONFIG"] = os.devnull
        (project / "read.py").write_text("import sys\nopen(sys.argv[1] + '/0/0').read()\n", encoding="utf-8")
        with Ferry(backend="local") as ferry:
            ways = {f"{count} files": partial(mounted, ferry, make(scratch, count)) for count in (FEW, MANY)}
            seconds = interleave(ways, arguments.pairs)
    what = f"run with a mounted dataset of {MANY} files"
    few, many = seconds[f"{FEW} files"], seconds[f"{MANY} files"]
    return report([cost(what, f"of {FEW} files", few, many, at_most=1.15)], arguments.json)


def make(scratch: Path, count: int) -> Path:
    """A folder of so many small files, a thousand in each subfolder."""
    folder = scratch / f"data-{count}"
    for number in range(count):
        place = folder / str(number // 1000)
        if number % 1000 == 0:
            place.mkdir(parents=True)
        (place / str(number % 1000)).write_bytes(b"x")
    return folder


def mounted(ferry: Ferry, data: Path) -> float:
    """Seconds of one run that mounts the dataset."""
    dataset = {"path": str(data), "mode": "mount"}
    job = Job.model_validate(
        {"name": "read", "script": "read.py", "arguments": ["${{ datasets.d }}"], "datasets": {"d": dataset}}
    )
    start = time.perf_counter()
    run = ferry.run(job).wait()
    took = time.perf_counter() - start
    if run.state is not RunState.COMPLETED:
        raise RuntimeError(f"{run}: {run.record.reason}")
    return took


if __name__ == "__main__":
    sys.exit(main())
