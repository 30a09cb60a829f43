"""Unpacking and splitting the archive, and what is refused."""

import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

Script = Callable[..., subprocess.CompletedProcess[str]]

JPEG = b"\xff\xd8\xff\xe0 not a whole image, but it begins like one: "


def make_archive(path: Path, names: list[str]) -> Path:
    """A ZIP archive of these names, each with bytes of its own."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, JPEG + name.encode())
    return path


def class_names(count: int, *classes: str) -> list[str]:
    return [f"photos/{name}/{name}{number}.jpg" for name in classes for number in range(count)]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two classes of 20 and 15 images, and the clutter that a Mac leaves."""
    names = [*class_names(20, "glass"), *class_names(15, "paper")]
    return make_archive(tmp_path / "photos.zip", [*names, "__MACOSX/photos/glass/._glass1.jpg", "photos/.DS_Store"])


def prepare(run_script: Script, archive: Path, output: Path, *options: object) -> subprocess.CompletedProcess[str]:
    return run_script("prepare_data.py", archive, "--output", output, "--any-counts", *options)


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_tenth_of_each_class_goes_to_validation(tmp_path: Path, archive: Path, run_script: Script) -> None:
    done = prepare(run_script, archive, tmp_path / "data")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path}/data is ready: 32 images to train, 3 for validation\n"
    files = files_below(tmp_path / "data")
    record = json.loads(files.pop("prepared.json"))
    assert record["counts"] == {"train/glass": 18, "train/paper": 14, "validation/glass": 2, "validation/paper": 1}
    assert sorted(Path(name).name for name in files) == sorted(
        [f"glass{number}.jpg" for number in range(20)] + [f"paper{number}.jpg" for number in range(15)]
    )
    for name, content in files.items():
        assert content == JPEG + f"photos/{Path(name).parent.name}/{Path(name).name}".encode()


def test_the_seed_alone_decides_the_split(tmp_path: Path, archive: Path, run_script: Script) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert prepare(run_script, archive, tmp_path / name, "--seed", seed).returncode == 0
    a, b, c = (files_below(tmp_path / name) for name in "abc")
    assert a == b
    assert a.keys() != c.keys()


def test_preparing_again_changes_nothing_and_says_so(tmp_path: Path, archive: Path, run_script: Script) -> None:
    prepare(run_script, archive, tmp_path / "data")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "data").rglob("*")}
    again = prepare(run_script, archive, tmp_path / "data")
    assert again.stdout == f"{tmp_path}/data is prepared already: 32 images to train, 3 for validation\n"
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "data").rglob("*")} == before


def test_data_from_other_options_or_changed_since_is_left_alone(
    tmp_path: Path, archive: Path, run_script: Script
) -> None:
    prepare(run_script, archive, tmp_path / "data")
    other = prepare(run_script, archive, tmp_path / "data", "--seed", 9)
    next((tmp_path / "data/train/glass").iterdir()).unlink()
    changed = prepare(run_script, archive, tmp_path / "data")
    for done in (other, changed):
        assert done.returncode == 2
        assert f"{tmp_path}/data was made from another archive or with other options" in done.stderr
    assert len(files_below(tmp_path / "data")) == 35


def test_a_folder_that_it_did_not_make_is_left_alone(tmp_path: Path, archive: Path, run_script: Script) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/thesis.txt").write_text("years of work")
    done = prepare(run_script, archive, tmp_path / "data")
    assert done.returncode == 2
    assert "was not made by this script; choose another --output" in done.stderr
    assert files_below(tmp_path / "data") == {"thesis.txt": b"years of work"}


def test_what_a_killed_run_left_is_cleared(tmp_path: Path, archive: Path, run_script: Script) -> None:
    (tmp_path / ".data.partial/train/glass").mkdir(parents=True)
    (tmp_path / ".data.partial/train/glass/half.jpg").write_bytes(b"half")
    assert prepare(run_script, archive, tmp_path / "data").returncode == 0
    assert "half.jpg" not in {path.name for path in (tmp_path / "data").rglob("*")}
    assert not (tmp_path / ".data.partial").exists()


def test_two_runs_at_once_do_not_mix(tmp_path: Path, archive: Path, run_script: Script) -> None:
    import fcntl

    (tmp_path / ".data.partial").mkdir()
    handle = os.open(tmp_path / ".data.partial", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        done = prepare(run_script, archive, tmp_path / "data")
    finally:
        os.close(handle)
    assert done.returncode == 1
    assert "another run is making" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_small_sample_takes_as_many_of_each_class(tmp_path: Path, archive: Path, run_script: Script) -> None:
    prepare(run_script, archive, tmp_path / "data", "--per-class", 10, "--validation-percent", 20)
    counts = json.loads((tmp_path / "data/prepared.json").read_text())["counts"]
    assert counts == {"train/glass": 8, "train/paper": 8, "validation/glass": 2, "validation/paper": 2}


def test_counts_other_than_trashnets_are_refused(tmp_path: Path, archive: Path, run_script: Script) -> None:
    done = run_script("prepare_data.py", archive, "--output", tmp_path / "data")
    assert done.returncode == 2
    assert "it holds glass 20, paper 15; TrashNet is cardboard 403, glass 501" in done.stderr
    assert done.stderr.endswith("For another data set add --any-counts\n")
    assert not (tmp_path / "data").exists()


def test_a_class_too_small_to_split_is_named(tmp_path: Path, run_script: Script) -> None:
    small = make_archive(tmp_path / "small.zip", class_names(9, "glass", "paper"))
    done = prepare(run_script, small, tmp_path / "data")
    assert done.returncode == 2
    assert "class glass has 9 images: 10% of them leaves one part empty" in done.stderr


def flip(path: Path, needle: bytes) -> None:
    """Change one byte of the archive after the first `needle`."""
    data = bytearray(path.read_bytes())
    at = data.index(needle) + len(needle)
    data[at] ^= 0xFF
    path.write_bytes(bytes(data))


def test_a_damaged_image_in_the_archive_leaves_nothing_behind(
    tmp_path: Path, archive: Path, run_script: Script
) -> None:
    flip(archive, JPEG + b"photos/glass/glass7")
    done = prepare(run_script, archive, tmp_path / "data")
    assert done.returncode == 2
    assert "it is damaged, or no ZIP archive (Bad CRC-32 for file 'photos/glass/glass7.jpg')" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["photos.zip"]


def test_a_truncated_archive_a_text_and_a_missing_file(tmp_path: Path, archive: Path, run_script: Script) -> None:
    (tmp_path / "half.zip").write_bytes(archive.read_bytes()[:700])
    (tmp_path / "text.zip").write_text("hello")
    for name in ("half.zip", "text.zip"):
        done = prepare(run_script, tmp_path / name, tmp_path / "data")
        assert done.returncode == 2
        assert done.stderr.startswith(f"prepare_data.py: {tmp_path / name}: it is damaged, or no ZIP archive")
    done = prepare(run_script, tmp_path / "gone.zip", tmp_path / "data")
    assert (done.returncode, done.stderr) == (2, f"prepare_data.py: {tmp_path}/gone.zip: there is no such file\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/etc/glass/a.jpg", "could lead out of the output folder"),
        ("photos/../../glass/a.jpg", "could lead out of the output folder"),
        ("photos\\glass\\a.jpg", "could lead out of the output folder"),
        ("C:/glass/a.jpg", "could lead out of the output folder"),
        ("photos//glass/a.jpg", "could lead out of the output folder"),
        ("photos/./glass/a.jpg", "could lead out of the output folder"),
        ("photos/GLASS/glass1.JPG", "twice, or in two spellings"),
        ("other/glass/glass1.jpg", "two of its folders named 'glass' hold an image of the same name"),
        ("a.jpg", "is in no class folder"),
    ],
)
def test_names_that_could_do_harm_are_refused(tmp_path: Path, run_script: Script, name: str, message: str) -> None:
    bad = make_archive(tmp_path / "bad.zip", [*class_names(10, "glass", "paper"), name])
    done = prepare(run_script, bad, tmp_path / "data")
    assert done.returncode == 2
    assert message in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bad.zip"]


def test_a_link_is_refused(tmp_path: Path, archive: Path, run_script: Script) -> None:
    link = zipfile.ZipInfo("photos/glass/passwords.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(archive, "a") as writer:
        writer.writestr(link, "/etc/passwd")
    done = prepare(run_script, archive, tmp_path / "data")
    assert done.returncode == 2
    assert "'photos/glass/passwords.jpg' is a link or a special file" in done.stderr


def test_a_bomb_is_refused_by_its_sizes(tmp_path: Path, archive: Path, run_script: Script) -> None:
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("photos/glass/big.jpg", JPEG + bytes(20_000_000))
    done = prepare(run_script, archive, tmp_path / "data")
    assert done.returncode == 2
    assert "'photos/glass/big.jpg' would unpack from" in done.stderr


def test_many_members_that_unpack_to_too_much_together_are_refused(tmp_path: Path, run_script: Script) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        for name in class_names(20, "glass", "paper"):
            archive.writestr(name, JPEG)
            # What the archive claims; its list of members is written when it is closed.
            archive.filelist[-1].file_size = archive.filelist[-1].compress_size = 60 * 2**20
    done = prepare(run_script, tmp_path / "bad.zip", tmp_path / "data")
    assert done.returncode == 2
    assert "it would unpack to 2,516,582,400 bytes, more than 2,147,483,648" in done.stderr


def test_an_encrypted_member_is_refused(tmp_path: Path, archive: Path, run_script: Script) -> None:
    data = bytearray(archive.read_bytes())
    at = data.index(b"PK\x01\x02")  # the first entry of the central directory; its flags are 8 bytes on
    data[at + 8] |= 1
    archive.write_bytes(bytes(data))
    done = prepare(run_script, archive, tmp_path / "data")
    assert done.returncode == 2
    assert "is encrypted" in done.stderr


def test_a_file_that_is_no_image_is_refused(tmp_path: Path, archive: Path, run_script: Script) -> None:
    with zipfile.ZipFile(archive, "a") as writer:
        writer.writestr("photos/glass/script.jpg", b"#!/bin/sh\n")
    done = prepare(run_script, archive, tmp_path / "data")
    assert done.returncode == 2
    assert "'photos/glass/script.jpg' is named like an image but is none" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_full_disk_leaves_no_half_data(tmp_path: Path, archive: Path, run_script: Script) -> None:
    import resource

    with zipfile.ZipFile(archive, "a") as writer:
        writer.writestr("photos/glass/large.jpg", JPEG + os.urandom(200_000))

    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = run_script(
        "prepare_data.py", archive, "--output", tmp_path / "data", "--any-counts", preexec_fn=small_files_only
    )
    assert done.returncode == 1
    assert f"can't write {tmp_path}/data: [Errno 27] File too large" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["photos.zip"]


@pytest.mark.parametrize(
    "options", [["--validation-percent", "0"], ["--per-class", "0"], ["--seed", "x"], ["--outpt", "y"]]
)
def test_wrong_options_are_usage_errors(archive: Path, run_script: Script, options: list[str]) -> None:
    done = run_script("prepare_data.py", archive, *options)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: prepare_data.py")


def test_the_real_archive_gives_the_tutorials_counts_and_our_sample(
    tmp_path: Path, run_script: Script, sample: Path
) -> None:
    archive = os.environ.get("TRAINFERRY_TRASHNET_ZIP")
    if not archive:
        pytest.skip("set TRAINFERRY_TRASHNET_ZIP to the archive of all 2,527 images")
    done = run_script("prepare_data.py", archive, "--output", tmp_path / "data")
    assert done.stdout == f"{tmp_path}/data is ready: 2,276 images to train, 251 for validation\n"
    run_script(
        "prepare_data.py", archive, "--output", tmp_path / "sample", "--per-class", 20, "--validation-percent", 20
    )
    assert files_below(tmp_path / "sample") == files_below(sample)


def test_preparing_needs_nothing_but_the_standard_library(tmp_path: Path, archive: Path, training_folder: Path) -> None:
    command: list[str | Path] = [
        sys.executable,
        "-S",
        "-s",
        training_folder / "prepare_data.py",
        archive,
        "--any-counts",
    ]
    done = subprocess.run([*command, "--output", tmp_path / "data"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
