"""What is inside the wheels and the sdists: all of the code, its types and licence, and nothing else."""

import shutil
import subprocess
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest
from uv import find_uv_bin

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dist(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every distribution built anew; the wheel is built from the sdist, so that neither lacks a file."""
    folder = tmp_path_factory.mktemp("dist")
    command = [find_uv_bin(), "build", "--all-packages", "--quiet", "--out-dir", str(folder)]
    subprocess.run(command, cwd=root, check=True, stdin=subprocess.DEVNULL)
    return folder


def names(wheel: Path) -> set[str]:
    """List the files in a wheel."""
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_each_wheel_holds_exactly_the_source_of_its_package(root: Path, dist: Path) -> None:
    sources = [root / "core" / "src", root / "emulator" / "src"]
    for source in [*sources, *root.glob("backends/*/src"), *root.glob("extensions/*/src")]:
        for package in (folder for folder in source.iterdir() if folder.is_dir()):
            expected = {
                file.relative_to(source).as_posix()
                for file in package.rglob("*")
                if file.is_file() and "__pycache__" not in file.parts
            }
            wheels = [wheel for wheel in dist.glob("*.whl") if f"{package.name}/__init__.py" in names(wheel)]
            assert len(wheels) == 1, f"{package.name} is in {wheels}"
            assert {name for name in names(wheels[0]) if ".dist-info/" not in name} == expected


def test_the_umbrella_holds_no_code(dist: Path) -> None:
    (wheel,) = dist.glob("trainferry-*.whl")
    assert [name for name in names(wheel) if ".dist-info/" not in name] == []


def test_each_wheel_carries_the_licence(dist: Path) -> None:
    wheels = list(dist.glob("*.whl"))
    assert len(wheels) >= 3
    assert [
        wheel.name for wheel in wheels if not any(name.endswith("/licenses/LICENSE") for name in names(wheel))
    ] == []


def test_no_sdist_carries_caches_or_environments(dist: Path) -> None:
    unwanted = {"__pycache__", ".venv", ".git", ".mypy_cache", ".pytest_cache", ".ruff_cache", "uv.lock"}
    sdists = list(dist.glob("*.tar.gz"))
    assert len(sdists) >= 3
    for sdist in sdists:
        with tarfile.open(sdist) as archive:
            found = [name for name in archive.getnames() if unwanted & set(Path(name).parts)]
        assert found == [], sdist.name


def test_a_wheel_builds_without_the_checkout_around_it(root: Path, tmp_path: Path) -> None:
    """A distribution's folder must not lean on files beside it."""
    shutil.copytree(root / "core", tmp_path / "core", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    command = [find_uv_bin(), "build", "--wheel", "--quiet", "--no-sources", "--out-dir", "out", "core"]
    subprocess.run(command, cwd=tmp_path, check=True, stdin=subprocess.DEVNULL)
    assert list((tmp_path / "out").glob("trainferry_core-*.whl"))
