"""Writing a new backend: what is written, and what is said when it can't be."""

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from trainferry import __version__
from trainferry.cli.main import main
from trainferry.errors import ConfigError, FerryError
from trainferry.scaffold import TEMPLATE, check_name, new_backend

FEW = 100


def code_lines(file: Path) -> int:
    """Lines that hold code: neither empty nor a comment, nor part of a docstring."""
    text = file.read_text(encoding="utf-8")
    tree = ast.parse(text)
    docstrings: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            first = node.body[0]
            docstrings |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(number not in docstrings and line.strip()[:1] not in ("", "#") for number, line in lines)


def test_the_backend_is_short() -> None:
    source = TEMPLATE / "src" / "trainferry_newbackend"
    assert len((source / "plugin.py").read_text(encoding="utf-8").splitlines()) <= FEW
    assert code_lines(source / "plugin.py") + code_lines(source / "runner.py") <= FEW


@pytest.mark.parametrize(
    ("name", "module", "kind"), [("slurm", "slurm", "Slurm"), ("my-mill-2", "my_mill_2", "MyMill2")]
)
def test_everything_carries_the_new_name(tmp_path: Path, name: str, module: str, kind: str) -> None:
    folder = tmp_path / "new"
    written = new_backend(name, folder)
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert found == set(written)
    assert {Path(f"src/trainferry_{module}/plugin.py"), Path(f"tests/test_{module}.py"), Path(".gitignore")} <= found
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == f"trainferry-{name}"
    assert project["entry-points"]["trainferry.backends"] == {name: f"trainferry_{module}.plugin:{kind}"}
    assert project["dependencies"][0].startswith(f"trainferry-core>={__version__},<")
    for path in found:
        text = (folder / path).read_text(encoding="utf-8")
        assert "newbackend" not in (text + str(path)).lower().replace(name, "")
        if path.suffix == ".py":
            ast.parse(text)


def test_a_folder_that_is_empty_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    new_backend("mill", folder)
    assert (folder / "pyproject.toml").is_file()


@pytest.mark.parametrize("there", ["file", "folder"])
def test_what_is_there_stays_as_it_is(tmp_path: Path, there: str) -> None:
    target = tmp_path / "mill"
    mine = target if there == "file" else target / "mine.txt"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(FerryError, match="is there already") as caught:
        new_backend("mill", target)
    assert "--to FOLDER" in caught.value.remedy
    assert mine.read_text() == "mine"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine], "nothing else was written"


def test_a_folder_that_can_not_be_made_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_text("")
    with pytest.raises(FerryError, match="can't write to"):
        new_backend("mill", folder / "file" / "mill")
    assert [path.name for path in folder.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("My_Mill", "new-backend my-mill"),
        ("2mill", "new-backend mill"),
        ("", "new-backend slurm"),
        ("../mill", "new-backend mill"),
        ("mill-", "new-backend mill"),
        ("a" * 41, "new-backend aaa"),
        ("münze", "new-backend m-nze"),
    ],
)
def test_a_bad_name_is_refused_with_a_better_one(name: str, words: str) -> None:
    with pytest.raises(ConfigError, match="can't be called") as caught:
        check_name(name)
    assert words in caught.value.remedy


def test_names_that_are_taken_are_refused(shelf: Path) -> None:
    with pytest.raises(ConfigError, match=r"already: shelf \(trainferry-shelf 0.3\)") as caught:
        check_name("shelf")
    assert "pip uninstall trainferry-shelf" in caught.value.remedy
    with pytest.raises(ConfigError, match="is Trainferry's own"):
        check_name("core")


def test_the_command_says_what_it_wrote_and_what_to_type_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-backend", "mill"]) == 0
    printed = capsys.readouterr()
    assert "wrote trainferry-mill/pyproject.toml" in printed.out
    assert "cd trainferry-mill && pip install -e '.[test]' && pytest" in printed.err
    assert main(["new-backend", "mill", "--to", "other", "--json"]) == 0
    assert "tests/test_mill.py" in json.loads(capsys.readouterr().out)["files"]
    assert main(["new-backend", "mill"]) == 1
    assert main(["new-backend", "Mill"]) == 2


def test_as_written_it_runs_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed as far as Python can tell, it takes the example from submit to log."""
    new_backend("mill", tmp_path / "new")
    metadata = tmp_path / "site" / "trainferry_mill-0.1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "entry_points.txt").write_text("[trainferry.backends]\nmill = trainferry_mill.plugin:Mill\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}/new/src:{tmp_path}/site")
    ferry = Path(sys.executable).with_name("ferry")
    command: list[str | Path] = [ferry, "run", tmp_path / "new" / "example" / "job.yaml", "--on", "mill"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "hello world" in done.stdout
