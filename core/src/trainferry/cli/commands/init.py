"""ferry init: a job to start from."""

import argparse
import shlex
from pathlib import Path

from trainferry.cli.output import Output
from trainferry.errors import FerryError

DESCRIPTION = """Write a job file and a small script, ready to run.

Nothing that is there already is overwritten without --force."""
EXAMPLES = [("ferry init", "in this folder"), ("ferry init first", "in the folder first/, made if need be")]

JOB = """\
# A job for Trainferry. 'ferry check job.yaml' finds mistakes, 'ferry run job.yaml' runs it.
name: {name}
script: train.py                     # relative to source, the folder that travels (this one if left out)
arguments: [--epochs, 5]             # one item each, passed on exactly as written
environment: current                 # or a table: {{python: "3.11", pip: [tensorflow==2.21.0]}}
metrics: outputs/history.csv         # what 'ferry plot' and 'ferry compare' read
timeout: 1h                          # no run goes on for longer
# datasets:                          # "${{{{ datasets.images }}}}" among the arguments becomes the path
#   images: {{path: data/images, mode: mount}}
# compute: {{name: gpu-cluster, size: Standard_NC4as_T4_v3, max_nodes: 4}}   # for a cluster
"""
SCRIPT = '''\
"""Fits a line by gradient descent: a stand-in for your training. It knows nothing of Trainferry."""

import argparse
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=5)
epochs = parser.parse_args().epochs

points = [(x / 10, 3 * x / 10 + 1) for x in range(10)]
slope = offset = 0.0
outputs = Path("outputs")
outputs.mkdir(exist_ok=True)
with (outputs / "history.csv").open("w") as history:
    print("epoch,loss", file=history)
    for epoch in range(epochs):
        errors = [slope * x + offset - y for x, y in points]
        slope -= 0.5 * sum(e * x for e, (x, _) in zip(errors, points)) / len(points)
        offset -= 0.5 * sum(errors) / len(points)
        loss = sum(e * e for e in errors) / len(points)
        print(f"epoch {epoch + 1}: loss {loss:.4f}", flush=True)
        print(f"{epoch},{loss}", file=history, flush=True)
(outputs / "model.txt").write_text(f"y = {slope:.3f} x + {offset:.3f}\\n")
'''

_WORDS_OF_YAML = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="where (default: here)")
    parser.add_argument("--force", action="store_true", help="overwrite job.yaml and train.py")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0 when the files are written."""
    output = Output(arguments)
    folder: Path = arguments.folder
    texts = {"job.yaml": JOB.format(name=_name_after(folder)), "train.py": SCRIPT}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "train.py").exists() and not arguments.force:
            del texts["train.py"]
        if (folder / "job.yaml").exists() and not arguments.force:
            raise FerryError(
                f"{folder / 'job.yaml'} is there already", remedy="--force overwrites it, or name another folder"
            )
        for file, text in texts.items():
            half = folder / f".{file}.part"
            half.write_text(text, encoding="utf-8")
            half.replace(folder / file)
            output.answer(f"wrote {folder / file}")
    except OSError as error:
        raise FerryError(f"can't write to {folder}: {error.strerror}", remedy="name another folder") from error
    output.document({"files": [str((folder / file).absolute()) for file in texts]})
    output.say(f"try: ferry run {shlex.quote(str(folder / 'job.yaml'))}")
    return 0


def _name_after(folder: Path) -> str:
    """A job's name as YAML, after its folder; in quotes if YAML could take it for something else than text."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in folder.absolute().name)
    name = kept.strip("._-")[:100] or "job"
    return name if name[0].isalpha() and name.lower() not in _WORDS_OF_YAML else f'"{name}"'
