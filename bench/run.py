"""Every benchmark, one after the other, and the README's table of figures from what they measured.

    python bench/run.py                 all of them (about half an hour on two quiet cores)
    python bench/run.py startup mounts  some of them; the other rows of the table stay as they are

Each is a script of its own in this folder, so that a long one can be repeated alone; what they measured lies in
`bench/figures/NAME.json` and is committed with the table that is made of it.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
FIGURES = FOLDER / "figures"
README = FOLDER.parent / "README.md"
ALL = (
    "startup",
    "local_jobs",
    "environments",
    "mounts",
    "run_overhead",
    "emulator",
    "azureml_runs",
    "upload",
    "plugins",
    "new_backend",
    "data_preparation",
    "training",
)
NEEDS_DATA = frozenset({"data_preparation", "training"})
"""Those that take `--data ARCHIVE`, the whole TrashNet archive, which is not part of the repository."""
BEGIN, END = "<!-- figures: written by `make bench` -->", "<!-- end of the figures -->"


def main() -> int:
    """Run what was asked for and write the table; 1 if a benchmark failed to run or a figure misses its bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(ALL)} (all)")
    parser.add_argument("--data", type=Path, metavar="ARCHIVE", help="dataset-resized.zip, for the training figures")
    parser.add_argument("--table-only", action="store_true", help="measure nothing, write the table from figures/")
    options = parser.parse_args()
    if unknown := set(options.names) - set(ALL):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    FIGURES.mkdir(exist_ok=True)
    names = () if options.table_only else options.names or ALL
    missed = [name for name in names if not measure(name, options.data)]
    write_table()
    if missed:
        print(f"these failed or miss a bound: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def measure(name: str, data: Path | None) -> bool:
    """Run one benchmark; whether it ran and kept every bound."""
    print(f"== {name}", file=sys.stderr, flush=True)
    command: list[str | Path] = [sys.executable, FOLDER / f"{name}.py", "--json", FIGURES / f"{name}.json"]
    if name in NEEDS_DATA and data is not None:
        command += ["--data", data]
    return subprocess.run(command, check=False).returncode == 0


def write_table() -> None:
    """Put the figures that there are between the two marks of the README."""
    rows = ["| what | against | reached | range | target | met |", "|---|---|---|---|---|---|"]
    machines: dict[str, Any] = {}
    for name in ALL:
        file = FIGURES / f"{name}.json"
        if file.exists():
            measured = json.loads(file.read_text(encoding="utf-8"))
            machines = measured["machine"]
            rows += [row(figure) for figure in measured["figures"]]
    about = (
        f"Medians of interleaved pairs on {machines.get('cores')} cores, {machines.get('system')}, "
        f"Python {machines.get('python')}, {str(machines.get('date'))[:10]}; `make bench` measures them anew."
    )
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    table = "\n".join(rows)
    README.write_text(f"{before}{BEGIN}\n{table}\n\n{about}\n{END}{after}", encoding="utf-8")


def row(figure: dict[str, Any]) -> str:
    """One figure as a line of the table."""
    unit, samples = figure["unit"], figure["samples"]
    cells = [
        figure["what"],
        figure["against"],
        f"{figure['median']:.3g} {unit}",
        f"{min(samples):.3g} to {max(samples):.3g}",
        figure["target"],
        "yes" if figure["met"] else "no",
    ]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
