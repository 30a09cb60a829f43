"""What may not be tracked by git: locks and addresses that tie the project to one package index, and build outputs."""

import re
import subprocess
from pathlib import Path

import pytest

# Put together here, so that this file doesn't hold what it looks for.
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("anaconda", "org"))]
GENERATED = re.compile(r"(^|/)(uv\.lock|__pycache__/|\.venv/|dist/|[^/]+\.egg-info/|[^/]+\.pyc$)")
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def tracked(root: Path) -> list[Path]:
    """Every file that git tracks here."""
    if not (root / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    return [file for name in listing.split("\0") if name and (file := root / name).is_file()]


def test_no_lock_and_no_build_output_is_tracked(root: Path, tracked: list[Path]) -> None:
    names = [file.relative_to(root).as_posix() for file in tracked]
    assert [name for name in names if GENERATED.search(name)] == []


def test_no_package_index_is_named(root: Path, tracked: list[Path]) -> None:
    """Whoever uses a mirror must not be sent elsewhere."""
    pattern = re.compile("|".join(map(re.escape, HOSTS)).encode())
    assert [str(file.relative_to(root)) for file in tracked if pattern.search(file.read_bytes())] == []


def test_no_tracked_file_is_large(root: Path, tracked: list[Path]) -> None:
    """A clone stays small; full data sets are fetched, not committed."""
    assert [str(file.relative_to(root)) for file in tracked if file.stat().st_size > MEBIBYTE] == []


def test_scripts_can_be_run(root: Path, tracked: list[Path]) -> None:
    """A file that starts with #! and isn't executable fails only where it is needed."""
    scripts = [file for file in tracked if file.read_bytes()[:2] == b"#!"]
    assert scripts
    assert [str(file.relative_to(root)) for file in scripts if not file.stat().st_mode & 0o100] == []
