"""Makes the folder of a case as the corpus describes it: files, data, and what its set-up does."""

import ast
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpus_mapping import Mapped, map_job

IMAGES = 8
CLASSES = ("cat", "dog", "bird")
SETUP_SECONDS = 120
CONVERT = f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).with_name("corpus_convert.py")}" "$@"\n'
"""Stands in for ImageMagick's `convert`, which few machines have."""


@dataclass
class Folder:
    """A case on the disk."""

    job: Path
    mapped: Mapped
    exported: dict[str, str] = field(default_factory=dict)
    """Variables that are set on the laptop."""
    trouble: str = ""
    """What went wrong when the set-up ran; the case is tried all the same."""


def lay_out(case: dict[str, Any], folder: Path) -> Folder:
    """Write the case below `folder` and return its job file."""
    files: dict[str, str] = case.get("files") or {}
    setup = str(case.get("setup") or "")
    folder.mkdir(parents=True)
    spec = str(case.get("spec") or "")
    (folder / "job.yaml").write_text(spec, encoding="utf-8")
    _data(folder, setup, files)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if text.endswith("\n") or not text else text + "\n", encoding="utf-8")
    if not any(name.endswith(".py") for name in files) and not (folder / "src").is_symlink():
        (folder / "src").mkdir(exist_ok=True)
        (folder / "src" / "train.py").write_text('print("hi")\n', encoding="utf-8")
    trouble = _run_setup(folder, setup)
    exported = dict(re.findall(r"^\s*export (\w+)=(\S+)", setup, re.MULTILINE))
    mapped = map_job((folder / "job.yaml").read_text(encoding="utf-8"), lambda name: (folder / name).read_text("utf-8"))  # type: ignore[arg-type]
    _fill(folder, mapped)
    (folder / "job.yaml").write_text(mapped.text, encoding="utf-8")
    _scripts(folder, mapped)
    (folder / "ok.jpg").unlink(missing_ok=True)
    return Folder(folder / "job.yaml", mapped, exported, trouble)


def picture(path: Path, number: int) -> None:
    """A small JPEG."""
    from PIL import Image  # noqa: PLC0415

    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.effect_noise((48, 48), 10 + number % 40).convert("RGB")
    image.save(path, "JPEG")


def _data(folder: Path, setup: str, files: dict[str, str]) -> None:
    """The data that a case has unless it says otherwise: three classes of eight pictures."""
    picture(folder / "ok.jpg", 1)
    own = re.search(
        r"mkdir[^\n;&]*\bdata/\{|put (images|files|"
        r"pictures)",
        setup,
    ) is not None or any(name.startswith("data/") for name in files)
    if own:
        return
    for name in CLASSES:
        for number in range(IMAGES):
            picture(folder / "data" / name / f"{name}{number}.jpg", number)


def _run_setup(folder: Path, setup: str) -> str:
    """Run the set-up in the case's folder; what is prose in it is left out. Returns what went wrong."""
    lines = [re.sub(r"\s+and put .*", "", line) for line in setup.splitlines()]
    lines = [
        line
        for line in lines
        if line.strip() and not line.lstrip().startswith("#") and not re.match(r"\s*export ", line)
    ]
    if not lines:
        return ""
    tools = folder.parent / "tools"
    tools.mkdir(exist_ok=True)
    for name in ("convert", "magick"):
        (tools / name).write_text(CONVERT, encoding="utf-8")
        (tools / name).chmod(0o755)
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder.parent), "LANG": "C.UTF-8"}
    (folder / ".cache").mkdir(exist_ok=True)
    try:
        command = [shutil.which("bash") or "bash", "-c", "\n".join(lines)]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SETUP_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "the set-up took too long"
    return done.stderr.strip()[-200:] if done.returncode else ""


def _fill(folder: Path, mapped: Mapped) -> None:
    """Put pictures into class folders that the set-up has made and left empty, where the data holds nothing else."""
    import yaml  # noqa: PLC0415

    try:
        job = yaml.safe_load(mapped.text)
    except yaml.YAMLError:
        return
    if not isinstance(job, dict) or not isinstance(job.get("datasets"), dict):
        return
    for dataset in job["datasets"].values():
        root = folder / str(dataset.get("path", "")) if isinstance(dataset, dict) and dataset.get("path") else None
        if root is None or not root.is_dir() or any(path.is_file() for path in root.rglob("*")):
            continue
        for number, leaf in enumerate(path for path in root.rglob("*") if path.is_dir() and not any(path.iterdir())):
            for count in range(IMAGES):
                picture(leaf / f"{number}_{count}.jpg", count)


def _scripts(folder: Path, mapped: Mapped) -> None:
    """The launcher of a command, and the path of the data where a script has 'data' for it."""
    source = folder / mapped.source
    if mapped.command is not None:
        source.mkdir(parents=True, exist_ok=True)
        (source / "launch_command.py").write_text(launcher(mapped.command), encoding="utf-8")
    if not mapped.inputs or not source.is_dir():
        return
    for path in source.rglob("*.py"):
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        mended = with_data_path(text, mapped.inputs)
        if mended != text:
            path.write_text(mended, encoding="utf-8", errors="surrogateescape")
            _pass_data(folder, mapped)


def _pass_data(folder: Path, mapped: Mapped) -> None:
    """Give the script the path of its data, if the job doesn't yet."""
    missing = [name for name in mapped.inputs if f"--{name}" not in mapped.text]
    if not missing:
        return
    more = ", ".join(f'"--{name}", "${{{{ datasets.{name} }}}}"' for name in missing)
    if "arguments: [" in mapped.text:
        text = mapped.text.replace("arguments: [", f"arguments: [{more}, ", 1)
    else:
        text = mapped.text + f"arguments: [{more}]\n"
    mapped.text = text
    (folder / "job.yaml").write_text(text, encoding="utf-8")


def launcher(command: str) -> str:
    """A Python file that does what a command line does, and ends as it ends."""
    words = command.split()
    plain = not set(command) & set(";|&><$`'\"")
    if plain and words[:2] == ["python", "-m"]:
        rest = words[3:]
        return (
            f"import runpy\nimport sys\n\nsys.argv[1:] = {rest!r}\nrunpy.run_module({words[2]!r}, "
            "run_name='__main__', alter_sys=True)\n"
        )
    return (
        f"import subprocess\nimport sys\n\n"
        f"sys.exit(subprocess.run(['bash', '-c', {command!r}, 'job', *sys.argv[1:]]).returncode)\n"
    )


def with_data_path(text: str, inputs: dict[str, str]) -> str:
    """A script with the path of the input that it is given in place of constants such as 'data'; lines stay.

    The first input is what 'data' stands for, unless another one has the constant's own path.
    """
    names = list(inputs)
    own = {path.removeprefix("./").rstrip("/"): name for name, path in inputs.items()}
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # no Python, or not in UTF-8
        return text
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    places = [node for node in constants if re.fullmatch(r"(\./)?data(/.*)?", str(node.value))]
    places = [node for node in places if node.lineno == node.end_lineno and not _is_name_of_option(tree, node)]
    if not places or re.search(r"^from __future__", text, re.MULTILINE):
        return text
    lines = text.encode().splitlines(keepends=True)
    for node in sorted(places, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        line = lines[node.lineno - 1]
        path = str(node.value).removeprefix("./").rstrip("/")
        start = max((one for one in own if one and (path + "/").startswith(one + "/")), key=len, default="data")
        value = f"DATA[{names.index(own.get(start, names[0]))}]"
        below = path.removeprefix(start)
        fresh = f"({value} + {below!r})" if below else value
        lines[node.lineno - 1] = line[: node.col_offset] + fresh.encode() + line[node.end_col_offset :]
    body = b"".join(lines).decode()
    if "argparse" in text:
        values = ", ".join(f"sys.argv[sys.argv.index('--{name}') + 1]" for name in names)
        prelude = f"import sys; DATA = [{values}]; "
    else:
        options = "; ".join(f"_p.add_argument('--{name}')" for name in names)
        values = ", ".join(f"_a.{name.replace('-', '_')}" for name in names)
        prelude = f"import argparse; _p = argparse.ArgumentParser(); {options}; _a = _p.parse_known_args()[0]; "
        prelude += f"DATA = [{values}]; "
    simple = isinstance(tree.body[0], ast.Import | ast.ImportFrom | ast.Assign | ast.Expr) and tree.body[0].lineno == 1
    return prelude + ("" if simple and ast.get_docstring(tree) is None else "\n") + body


def _is_name_of_option(tree: ast.Module, constant: ast.Constant) -> bool:
    """Whether a constant 'data' is no path: a key, or the name of something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and node.slice is constant:
            return True
        if isinstance(node, ast.Dict) and constant in node.keys:
            return True
        if (
            isinstance(node, ast.Call)
            and constant in node.args
            and getattr(node.func, "attr", "") in ("add_argument", "get")
        ):
            return True
    return False


def remove(folder: Path) -> None:
    """Take a case off the disk."""
    shutil.rmtree(folder, ignore_errors=True)
