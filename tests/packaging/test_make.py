"""The first minute of a newcomer: what `make` says, and how a uv is found or not."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """A checkout in a folder with a space in its name, as far as .ci/find-uv reads it."""
    folder = tmp_path / "my checkout"
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(root / ".ci" / "find-uv", folder / ".ci")
    (folder / "pyproject.toml").write_text('[tool.uv]\nrequired-version = ">=0.9,<1"\n', encoding="utf-8")
    return folder


def find_uv(checkout: Path, tmp_path: Path, **programs: str) -> "subprocess.CompletedProcess[str]":
    """Run .ci/find-uv with a PATH of nothing but the shell's own tools and `programs` (name: shell script)."""
    path = tmp_path / "bin"
    path.mkdir()
    for tool in ("sh", "dirname", "sed"):
        (path / tool).symlink_to(str(shutil.which(tool)))
    for name, script in programs.items():
        (path / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (path / name).chmod(0o755)
    command = [str(checkout / ".ci" / "find-uv")]
    variables = {"HOME": str(tmp_path), "PATH": str(path)}
    return subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)


def test_a_uv_on_path_that_fits_is_taken(checkout: Path, tmp_path: Path) -> None:
    found = find_uv(checkout, tmp_path, uv=f'exec "{find_uv_bin()}" "$@"')
    assert found.stdout == f"{tmp_path}/bin/uv\n"
    assert not (checkout / ".uv").exists()


def test_a_uv_that_does_not_fit_is_replaced_by_one_in_the_checkout(checkout: Path, tmp_path: Path) -> None:
    """The fetch itself is left to a python that writes down what it was asked for."""
    asked = tmp_path / "asked"
    python = f"""
case "$*" in *venv*)
    mkdir -p .uv/bin
    printf '#!/bin/sh\\necho "$@" >"{asked}"; cp "{find_uv_bin()}" .uv/bin/uv' >.uv/bin/python
    chmod +x .uv/bin/python
esac"""
    tools = {name: f'exec {shutil.which(name)} "$@"' for name in ("mkdir", "cp", "chmod")}
    found = find_uv(checkout, tmp_path, uv="exit 2", python3=python, **tools)
    assert found.stdout == f"{checkout}/.uv/bin/uv\n", found.stderr
    assert asked.read_text(encoding="utf-8").split()[-1] == "uv>=0.9,<1"
    assert "Fetching uv >=0.9,<1 into .uv/" in found.stderr


@pytest.mark.parametrize("python", ["exit 1", None], ids=["too old", "none"])
def test_without_a_python_it_says_what_to_install(checkout: Path, tmp_path: Path, python: str | None) -> None:
    found = find_uv(checkout, tmp_path, **({"python3": python} if python else {}))
    assert found.returncode == 1
    assert found.stdout == ""
    assert "needs Python 3.11 or newer" in found.stderr
    assert "apt install python3-venv" in found.stderr


def test_find_python_tells_the_version_that_was_asked_for(root: Path) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    variables = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    found = subprocess.run(
        [root / ".ci" / "find-python", version], env=variables, capture_output=True, text=True, check=True
    )
    said = subprocess.run([found.stdout.strip(), "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"Python {version}.")


def test_find_python_fails_for_a_version_that_is_not_there(root: Path) -> None:
    found = subprocess.run([root / ".ci" / "find-python", "3.99"], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (1, "")


def test_make_alone_explains_every_target(root: Path) -> None:
    said = subprocess.run(["make", "--no-print-directory"], cwd=root, capture_output=True, text=True, check=True).stdout
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):(?! export)", makefile, re.MULTILINE)
    assert {"demo", "test"} < set(targets)
    assert {line.split()[0] for line in said.splitlines()} == set(targets) - {"build"}
