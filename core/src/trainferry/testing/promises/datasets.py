"""Promise 7, datasets: a mounted one can't be written, a downloaded one can, and the original stays as it was."""

import hashlib
from typing import Any

import pytest

from trainferry.testing.kit import Kit, digests
from trainferry.testing.runs import DATASET

WRITES = ("create", "overwrite", "append", "force", "delete", "rename", "make")
EXPECTED = {name: hashlib.sha256(content).hexdigest() for name, content in DATASET.items()}
SINGLE = hashlib.sha256(b"single").hexdigest()

Report = dict[str, Any]


def refuses(kit: Kit) -> None:
    """Skip where the backend itself says that its mounts are not read-only."""
    if "rehearsal_rules" in kit.backend.capabilities and not kit.backend.rehearsal_rules(kit.job()).mount_read_only:
        pytest.skip(f"the backend '{kit.target.name}' says that its mounts can be written here (rehearsal_rules)")


@pytest.mark.parametrize("write", WRITES)
def test_a_mounted_dataset_can_not_be_written(kit: Kit, mounting_run: Report, write: str) -> None:
    refuses(kit)
    assert mounting_run["pictures"][write] in ("EROFS", "EACCES", "EPERM")


def test_a_mounted_file_can_not_be_written(kit: Kit, mounting_run: Report) -> None:
    refuses(kit)
    assert mounting_run["label"]["append"] in ("EROFS", "EACCES", "EPERM")


@pytest.mark.parametrize("write", WRITES)
def test_a_downloaded_dataset_can_be_written(kit: Kit, downloading_run: Report, write: str) -> None:
    assert downloading_run["pictures"][write] == "done"


def test_a_downloaded_file_can_be_written(kit: Kit, downloading_run: Report) -> None:
    assert downloading_run["label"]["append"] == "done"


@pytest.mark.parametrize("mode", ["mount", "download"])
def test_every_file_of_a_dataset_arrives_unchanged(kit: Kit, request: pytest.FixtureRequest, mode: str) -> None:
    report = request.getfixturevalue("mounting_run" if mode == "mount" else "downloading_run")
    assert report["pictures"]["files"] == EXPECTED


@pytest.mark.parametrize("mode", ["mount", "download"])
def test_a_dataset_may_be_a_single_file_that_keeps_its_name(
    kit: Kit, request: pytest.FixtureRequest, mode: str
) -> None:
    report = request.getfixturevalue("mounting_run" if mode == "mount" else "downloading_run")
    assert report["label"]["file"] == SINGLE
    assert report["label"]["name"] == f"single {mode}.txt"


@pytest.mark.parametrize("mode", ["mount", "download"])
def test_a_path_may_go_on_behind_a_dataset(kit: Kit, request: pytest.FixtureRequest, mode: str) -> None:
    report = request.getfixturevalue("mounting_run" if mode == "mount" else "downloading_run")
    assert report["inner"]["file"] == EXPECTED["folder/deep/data.bin"]


@pytest.mark.parametrize("mode", ["mount", "download"])
def test_a_dataset_that_is_a_part_of_one_argument_may_be_another_argument_alone(
    kit: Kit, request: pytest.FixtureRequest, mode: str
) -> None:
    report = request.getfixturevalue("mounting_run" if mode == "mount" else "downloading_run")
    assert report["alone"]["name"] == f"single {mode}.txt"


@pytest.mark.parametrize("mode", ["mount", "download"])
def test_the_original_stays_as_it_was(kit: Kit, request: pytest.FixtureRequest, mode: str) -> None:
    """Whatever the script tried, and whether or not it was refused."""
    request.getfixturevalue("mounting_run" if mode == "mount" else "downloading_run")
    found = {name: digest for name, digest in digests(kit.project / f"data-{mode}").items() if digest != "folder"}
    assert found == EXPECTED
    assert (kit.project / f"single {mode}.txt").read_bytes() == b"single"
