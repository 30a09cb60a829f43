"""The snapshot on real folders: what travels, what never does, and what each problem says."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainferry.errors import BackendError
from trainferry.snapshot import copy_snapshot, list_snapshot, mark_fetched

if TYPE_CHECKING:
    from trainferry.progress import Progress


def fill(root: Path, *names: str) -> Path:
    """Make files of these names, each holding its own name."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


def travelling(root: Path, **options: Iterable[Path]) -> list[str]:
    """Paths that travel; the source must be free of problems."""
    snapshot = list_snapshot(root, **options)  # type: ignore[arg-type]
    assert [str(problem) for problem in snapshot.problems] == []
    return [file.path for file in snapshot.files]


def problem(root: Path) -> tuple[str, str]:
    """Rule and message of the one problem of a source."""
    (found,) = list_snapshot(root).problems
    return found.id, found.message


def test_plain_files_travel_with_size_and_executable_bit(tmp_path: Path) -> None:
    fill(tmp_path, "train.py", "model/net.py", "ä b/\n.txt", "run.sh")
    (tmp_path / "run.sh").chmod(0o744)
    snapshot = list_snapshot(tmp_path)
    assert [(f.path, f.size, f.executable) for f in snapshot.files] == [
        ("model/net.py", 12, False),
        ("run.sh", 6, True),
        ("train.py", 8, False),
        ("ä b/\n.txt", 10, False),
    ]
    assert (snapshot.bytes, snapshot.ignore_file) == (36, None)


def test_a_source_without_end_is_given_up_with_its_largest_parts(tmp_path: Path) -> None:
    root = tmp_path / "source"
    fill(root, *(f"data/{n}/x" for n in range(20)), *(f"more/{n}" for n in range(10)), "train.py")
    whole = list_snapshot(root, most=53)
    assert (whole.complete, whole.problems, len(whole.files)) == (True, (), 31)
    stopped = list_snapshot(root, most=52)
    assert not stopped.complete
    (found,) = stopped.problems
    assert (found.id, found.severity) == ("source-too-many", "error")
    assert f"stopped after 52 files and folders in the source folder {root}; most so far: data/ 41" in found.message
    assert ".ferryignore" in found.remedy
    fill(root, ".gitignore")
    (root / ".gitignore").write_text("data\n")
    assert list_snapshot(root, most=52).complete


def test_a_long_look_is_told(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")
    heard: list[Progress] = []
    list_snapshot(tmp_path, report=heard.append, patience=0)
    assert [(event.message, event.total, event.unit) for event in heard] == [
        (f"looking through {tmp_path}", None, "file")
    ]
    list_snapshot(tmp_path, report=heard.append, patience=3600)
    assert len(heard) == 1


@pytest.mark.parametrize(
    "name",
    [
        ".git/config",
        ".git",
        ".env",
        "deep/.env.local",
        "a/__pycache__/x.pyc",
        ".mypy_cache/x",
        "node_modules/x/y.js",
        ".trainferry/x",
        ".ssh/id",
        "id_rsa",
        ".netrc",
        "outputs/model.keras",
        "logs/old.txt",
        ".ipynb_checkpoints/x",
    ],
)
def test_secrets_histories_caches_and_old_results_stay_at_home(tmp_path: Path, name: str) -> None:
    """Even when an ignore file asks for them."""
    fill(tmp_path, "train.py", name)
    (tmp_path / ".ferryignore").write_text("!*\n!.env\n.ferryignore\n")
    assert travelling(tmp_path) == ["train.py"]


def test_a_virtual_environment_is_known_by_its_file_not_its_name(tmp_path: Path) -> None:
    fill(tmp_path, "train.py", "surroundings/pyvenv.cfg", "surroundings/lib/x.py", "venv/really_mine.py")
    assert travelling(tmp_path) == ["train.py", "venv/really_mine.py"]


def test_a_run_store_in_the_source_stays_at_home_whatever_its_name(tmp_path: Path) -> None:
    fill(tmp_path, "train.py", "kept/runs.sqlite3", "kept/runs/a-1.json", "runs/really_mine.py")
    assert travelling(tmp_path) == ["runs/really_mine.py", "train.py"]


def test_results_stay_only_at_the_top_and_code_in_them_is_warned_of(tmp_path: Path) -> None:
    fill(tmp_path, "model/outputs/x.txt", "logs/format.py")
    snapshot = list_snapshot(tmp_path)
    assert [file.path for file in snapshot.files] == ["model/outputs/x.txt"]
    (warning,) = snapshot.problems
    assert (warning.id, warning.severity) == ("results-hold-code", "warning")
    assert "logs/ holds Python files" in warning.message


def test_what_was_fetched_stays_at_home_and_what_lies_beside_it_travels(tmp_path: Path) -> None:
    fill(tmp_path, "train.py", "a-1/outputs/m.keras", "a-1/logs/l", "a-1/look.py", "b/outputs/m", "b/logs.txt")
    mark_fetched(str(tmp_path / "a-1"))
    mark_fetched(str(tmp_path / "a-1"))
    assert travelling(tmp_path) == ["a-1/look.py", "b/logs.txt", "b/outputs/m", "train.py"]
    (tmp_path / "link").symlink_to("a-1/outputs/m.keras")
    assert problem(tmp_path)[0] == "link-to-excluded"
    (tmp_path / "a-1" / ".trainferry-fetched").unlink()
    assert "a-1/outputs/m.keras" in travelling(tmp_path)


def test_a_folder_that_can_not_be_marked_is_left_to_whoever_writes_to_it(tmp_path: Path) -> None:
    fill(tmp_path, "file")
    mark_fetched(str(tmp_path / "file"))
    assert travelling(tmp_path) == ["file"]


def test_a_dataset_in_the_source_does_not_travel_twice(tmp_path: Path) -> None:
    fill(tmp_path, "train.py", "data/full/x.jpg", "data/readme.txt", "one.csv")
    assert travelling(tmp_path, without=[tmp_path / "data/full", tmp_path / "one.csv"]) == [
        "data/readme.txt",
        "train.py",
    ]


@pytest.mark.parametrize("winner", range(3))
def test_the_first_of_the_three_ignore_files_decides(tmp_path: Path, winner: int) -> None:
    names = [".ferryignore", ".amlignore", ".gitignore"]
    fill(tmp_path, "a.txt", "b.txt", "c.txt")
    for name, line in list(zip(names, ("a.txt", "b.txt", "c.txt"), strict=True))[winner:]:
        (tmp_path / name).write_text(line + "\n.*\n")
    assert list_snapshot(tmp_path).ignore_file == names[winner]
    assert travelling(tmp_path) == [name for name in ("a.txt", "b.txt", "c.txt") if name[0] != "abc"[winner]]


def test_an_ignore_file_in_a_subfolder_adds_rules_for_it(tmp_path: Path) -> None:
    fill(tmp_path, "x.log", "sub/x.log", "sub/y.tmp", "y.tmp")
    (tmp_path / ".gitignore").write_text("*.log\n.gitignore\n")
    (tmp_path / "sub/.gitignore").write_text("!x.log\n*.tmp\n")
    assert travelling(tmp_path) == ["sub/x.log", "y.tmp"]


FILES = ["a.txt", "b.py", "data/a.txt", "data/keep/b.py", "data/x/a.txt", "sub/data/c.bin", "sub/b.py"]


@pytest.mark.parametrize(
    "patterns",
    [
        ["data"],
        ["/data"],
        ["data/", "!data/keep"],
        ["data/*", "!data/keep"],
        ["*", "!*/", "!*.py"],
        ["**/a.txt"],
        ["data/**", "!data/keep/", "!data/keep/**"],
        ["*.txt", "!/a.txt"],
        ["# no", "", "sub/**/c.bin", "\\#x"],
        ["[ab].*"],
        ["data/x/", "sub/*.py"],
    ],
)
def test_patterns_mean_what_they_mean_to_git(tmp_path: Path, patterns: list[str]) -> None:
    fill(tmp_path, *FILES)
    (tmp_path / ".gitignore").write_text("\n".join(patterns) + "\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert travelling(tmp_path) == sorted(filter(None, listed.split("\0")))


def test_a_bad_pattern_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / ".ferryignore").write_text("*.txt\n!\n")
    (found,) = list_snapshot(tmp_path).problems
    assert (found.id, found.line) == ("ignore-pattern", 2)
    assert found.file == str(tmp_path / ".ferryignore")


def test_links_inside_arrive_as_what_they_point_at(tmp_path: Path) -> None:
    fill(tmp_path, "real/a.txt")
    (tmp_path / "file").symlink_to("real/a.txt")
    (tmp_path / "folder").symlink_to("real")
    assert travelling(tmp_path) == ["file", "folder/a.txt", "real/a.txt"]
    copy_snapshot(list_snapshot(tmp_path), tmp_path / "outputs")
    assert (tmp_path / "outputs/file").read_text() == "real/a.txt"
    assert not (tmp_path / "outputs/folder").is_symlink()


def test_links_that_lead_out_nowhere_in_a_circle_or_to_a_secret_are_errors(tmp_path: Path) -> None:
    source = fill(tmp_path / "source", "deep/a.txt", ".env")
    fill(tmp_path, "outside.txt")
    for name, target, rule, words in [
        ("link", "../outside.txt", "link-leads-out", "the link link leads out of the source folder, to ../outside.txt"),
        ("sibling", "../source2", "link-leads-out", "leads out"),
        ("gone", "nowhere", "link-broken", "the link gone points at nowhere, which is not there"),
        ("deep/up", "..", "link-circle", "deep/up leads in a circle"),
        ("innocent", ".env", "link-to-excluded", "the link innocent points at .env, which never travels"),
    ]:
        (source / name).symlink_to(target)
        found, message = problem(source)
        assert found == rule
        assert words in message
        (source / name).unlink()


def test_a_link_to_a_dataset_is_left_to_the_dataset(tmp_path: Path) -> None:
    fill(tmp_path / "data", "x.jpg")
    source = fill(tmp_path / "source", "train.py")
    (source / "data").symlink_to(tmp_path / "data")
    assert travelling(source, without=[source / "data"]) == ["train.py"]


def test_odd_things_are_reported_and_stay(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(tmp_path)
        server.bind("plug")
    assert problem(tmp_path)[0] == "not-a-file"
    (tmp_path / "plug").unlink()
    (tmp_path / os.fsdecode(b"caf\xe9")).write_text("x")
    assert problem(tmp_path) == ("name-not-utf8", "the name 'caf\\udce9' is not valid UTF-8")
    assert problem(tmp_path / "missing")[0] == "source-missing"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "locked/x")
    (tmp_path / "locked").chmod(0)
    found, message = problem(tmp_path)
    (tmp_path / "locked").chmod(0o700)
    assert (found, message) == ("source-unreadable", "can't read locked/: Permission denied")


def test_the_fingerprint_follows_path_content_and_executable_bit_only(tmp_path: Path) -> None:
    seen = [list_snapshot(fill(tmp_path, "a", "b")).fingerprint()]
    os.utime(tmp_path / "a", (1, 1))
    assert list_snapshot(tmp_path).fingerprint() == seen[0]
    (tmp_path / "a").chmod(0o755)
    seen.append(list_snapshot(tmp_path).fingerprint())
    (tmp_path / "a").write_text("c")
    seen.append(list_snapshot(tmp_path).fingerprint())
    (tmp_path / "a").rename(tmp_path / "c")
    seen.append(list_snapshot(tmp_path).fingerprint())
    assert len(set(seen)) == 4
    assert all(len(value) == 64 for value in seen)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.text("ab é\n'\"", min_size=1, max_size=4), st.binary(max_size=40), max_size=5))
def test_a_copy_has_the_fingerprint_of_its_source(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    source, copy = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("copy")
    for name, content in files.items():
        (source / name).write_bytes(content)
        (source / name).chmod(0o755 if len(content) % 2 else 0o600)
    snapshot = list_snapshot(source)
    events: list[Progress] = []
    copy_snapshot(snapshot, copy, events.append)
    assert list_snapshot(copy).fingerprint() == snapshot.fingerprint()
    assert len(events) == len(files)


def test_a_file_that_changed_or_vanished_meanwhile_is_named(tmp_path: Path) -> None:
    source = fill(tmp_path / "source", "a.txt")
    snapshot = list_snapshot(source)
    (source / "a.txt").write_text("longer than before")
    with pytest.raises(BackendError, match=r"a\.txt changed while it was copied \(5 bytes were listed, 18 are there\)"):
        copy_snapshot(snapshot, tmp_path / "copy")
    (source / "a.txt").unlink()
    with pytest.raises(BackendError, match=r"can't copy a\.txt: No such file"):
        copy_snapshot(snapshot, tmp_path / "copy")
    with pytest.raises(BackendError, match=r"can't read a\.txt: No such file"):
        snapshot.fingerprint()


def test_a_source_without_ignore_file_imports_neither_pathspec_nor_pydantic(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from trainferry.snapshot import list_snapshot;"
        "list_snapshot(Path(sys.argv[1])).fingerprint(); print(sorted({'pathspec', 'pydantic'} & set(sys.modules)))"
    )
    fill(tmp_path, "train.py")
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
