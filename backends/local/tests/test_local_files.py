"""Logs and files of a run: complete, in order, confined, and never half there."""

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trainferry.errors import BackendError, RunNotFound
from trainferry.progress import Progress, silent
from trainferry.specs import RunState
from trainferry_local.logs import read_log
from trainferry_local.supervision.layout import Run
from trainferry_local.watching import decision

if TYPE_CHECKING:
    from backends.local.tests.conftest import Lab


def test_following_repeats_nothing_and_loses_nothing(lab: "Lab") -> None:
    lab.write("""
        import os, sys
        for number in range(3000):
            os.write(1 + number % 2, f"{number} ä€😀\\n".encode())
    """)
    ref = lab.submit()
    pieces: list[str] = []
    cursor, finished = None, False
    while not finished:
        chunk = lab.client().read_log(ref, cursor) if len(pieces) % 7 == 0 else lab.backend.read_log(ref, cursor)
        cursor, finished = chunk.cursor, chunk.finished
        pieces.append(chunk.text)
        lab.status(ref)
    assert "".join(pieces) == "".join(f"{number} ä€😀\n" for number in range(3000))


def made_run(lab: "Lab", log: bytes, state: str = "running") -> Run:
    """A run as its files have it, with a log of these bytes. While it runs, a supervisor has to hold its lock."""
    run = Run(str(lab.home), "made-1")
    Path(run.folder).mkdir(parents=True, exist_ok=True)
    Path(run.state).write_bytes(b"state=" + state.encode() + b"\0reason=\0")
    Path(run.log).write_bytes(log)
    return run


def test_a_character_in_two_halves_is_read_whole(lab: "Lab") -> None:
    text = "aä€😀z"
    data = text.encode()
    for cut in range(len(data) + 1):
        run = made_run(lab, data[:cut], "running")
        with decision(run) as alone:  # as its supervisor does
            assert alone
            first = read_log(run, None)
        assert ("\ufffd" in first.text, first.finished) == (False, False)
        Path(run.log).write_bytes(data)
        second = read_log(made_run(lab, data, "completed"), first.cursor)
        assert (first.text + second.text, second.finished) == (text, True)


def test_bytes_that_are_no_text_are_replaced(lab: "Lab") -> None:
    run = made_run(lab, b"ok \xff\xfe \xc3( half \xe2\x82", "completed")
    chunk = read_log(run, None)
    assert chunk.text == "ok \ufffd\ufffd \ufffd( half \ufffd"
    assert chunk.finished


def test_a_huge_log_comes_in_pieces(lab: "Lab") -> None:
    data = "ü".encode() * 2_500_000
    run = made_run(lab, b"x" + data, "completed")
    cursor, sizes, text = None, [], ""
    while True:
        chunk = read_log(run, cursor)
        cursor = chunk.cursor
        sizes.append(len(chunk.text))
        text += chunk.text
        if chunk.finished:
            break
    assert len(sizes) == 5
    assert text == "x" + "ü" * 2_500_000
    assert read_log(run, "99999999").text == ""


def test_links_that_lead_out_are_neither_listed_nor_fetched(lab: "Lab", tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    lab.write("""
        import os, sys
        os.symlink(sys.argv[1], "outputs/folder"); os.symlink(sys.argv[1] + "/secret", "outputs/file")
        os.symlink("nowhere", "outputs/broken"); os.symlink("self", "outputs/self")
        open("outputs/real", "w").write("real"); os.symlink("real", "outputs/inner"); os.mkfifo("outputs/pipe")
    """)
    ref = lab.run(arguments=[str(outside)])
    listed = {entry.path: entry.size for entry in lab.backend.list_files(ref)}
    assert listed == {"logs/std_log.txt": 0, "outputs/inner": 4, "outputs/real": 4}
    for name in ("outputs/file", "outputs/folder/secret", "outputs/broken"):
        with pytest.raises(BackendError, match="has no file"):
            lab.backend.fetch(ref, [name], tmp_path / "home", silent)


def test_a_script_that_replaces_its_folders_by_links_shows_nothing_of_what_they_lead_to(lab: "Lab") -> None:
    lab.write("import os; os.rmdir('outputs'); os.symlink('/etc', 'outputs'); os.rmdir('logs')")
    ref = lab.run()
    assert [entry.path for entry in lab.backend.list_files(ref)] == ["logs/std_log.txt"]


def test_fetch_copies_resumes_and_reports(lab: "Lab", tmp_path: Path) -> None:
    lab.write("""
        import os
        os.makedirs("outputs/de ep/ä")
        open("outputs/de ep/ä/model", "wb").write(b"x" * 3_000_000)
        open("logs/mine.txt", "w").write("mine"); print("log")
    """)
    ref = lab.run()
    names = [entry.path for entry in lab.backend.list_files(ref)]
    destination = tmp_path / "home"
    events: list[Progress] = []
    homes = lab.backend.fetch(ref, names, destination, events.append)
    assert [home.relative_to(destination).as_posix() for home in homes] == names
    assert homes[-1].stat().st_size == 3_000_000
    assert [(event.done, event.total) for event in events] == [(1, 3), (2, 3), (3, 3)]
    before = {home: home.stat().st_ino for home in homes}
    homes[0].write_text("damaged")
    assert lab.backend.fetch(ref, names, destination, silent) == homes
    assert {home for home in homes if home.stat().st_ino != before[home]} == {homes[0]}
    assert homes[0].read_text() == "mine"
    assert [path for path in destination.rglob("*") if path.name.endswith(".part")] == []


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "outputs/../../x", "outputs\\..\\..\\x", "", "C:x"])
def test_names_that_lead_out_are_refused_before_anything_is_written(lab: "Lab", tmp_path: Path, name: str) -> None:
    lab.write("open('outputs/a', 'w').close()")
    ref = lab.run()
    with pytest.raises(BackendError, match="leads out of the destination"):
        lab.backend.fetch(ref, ["outputs/a", name], tmp_path / "home", silent)
    assert not (tmp_path / "home").exists()


def test_a_link_in_the_destination_is_not_followed(lab: "Lab", tmp_path: Path) -> None:
    lab.write("open('outputs/a', 'w').write('new')")
    ref = lab.run()
    outside, home = tmp_path / "outside", tmp_path / "home"
    outside.mkdir()
    home.mkdir()
    (home / "outputs").symlink_to(outside)
    with pytest.raises(BackendError, match="a link there leads out"):
        lab.backend.fetch(ref, ["outputs/a"], home, silent)
    assert list(outside.iterdir()) == []
    (home / "outputs").unlink()
    (home / "outputs").mkdir()
    (outside / "mine").write_text("old")
    (home / "outputs/a").symlink_to(outside / "mine")
    lab.backend.fetch(ref, ["outputs/a"], home, silent)
    assert ((outside / "mine").read_text(), (home / "outputs/a").read_text()) == ("old", "new")


def test_a_log_of_the_scripts_own_under_the_same_name_hides_nothing(lab: "Lab") -> None:
    lab.write("open('logs/std_log.txt', 'w').write('mine'); print('ours')")
    ref = lab.run()
    texts = {entry.path: entry.local.read_text() for entry in lab.backend.list_files(ref) if entry.local}
    assert texts == {"logs/std_log.txt": "mine", f"logs/{ref}.txt": "ours\n"}


ON_A_SMALL_DISK = """
import ctypes, os, sys
from pathlib import Path
libc = ctypes.CDLL(None, use_errno=True)
user, group = os.getuid(), os.getgid()
if libc.unshare(0x20000) != 0:
    assert libc.unshare(0x10020000) == 0
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
assert libc.mount(None, b"/", None, 16384 | (1 << 18), None) == 0
small = Path(sys.argv[1]) / "home"
small.mkdir()
assert libc.mount(b"none", bytes(small), b"tmpfs", 0, b"size=2m") == 0, ctypes.get_errno()
sys.path[:0] = [sys.argv[2]]
from conftest import Lab
from trainferry.errors import BackendError
lab = Lab(Path(sys.argv[1]))
lab.write("print('fine'); open('outputs/x', 'w').write('earlier')")
early = lab.run()
lab.write("open('outputs/big', 'wb').write(b'x' * 4_000_000)")
full = lab.submit()
status = lab.wait(full)
print(status.state, status.exit_code, status.reason.splitlines()[0])
(lab.project / "large").mkdir()
(lab.project / "large/file").write_bytes(b"x" * 4_000_000)
(lab.project / ".ferryignore").write_text("large")
copy = {"datasets": {"d": {"path": "large", "mode": "download"}}}
for padding, fields in ((500_000, {}), (0, copy)):
    (lab.project / "padding").write_bytes(b"x" * padding)
    try:
        lab.submit(**fields)
    except BackendError as error:
        print(error.message)
    (lab.folder(full) / "work/outputs/big").unlink(missing_ok=True)
print(lab.status(early).state, lab.log(early).strip(), (lab.folder(early) / "work/outputs/x").read_text())
print(sorted(path.name for path in (lab.home / "runs").iterdir()), list((lab.home / "drafts").iterdir()))
lab.write("print('again')")
print(lab.output().strip())
"""


def test_a_run_that_has_ended_is_removed_with_its_files(lab: "Lab") -> None:
    lab.write(
        "import os; os.makedirs('outputs/sealed'); open('outputs/sealed/x', 'w'); os.chmod('outputs/sealed', 0o500)"
    )
    ref, other = lab.run(), lab.run()
    lab.backend.tear_down(f"run:{ref}")
    lab.backend.tear_down(f"run:{ref}")
    assert [path.name for path in (lab.home / "runs").iterdir()] == [other]
    assert list((lab.home / "drafts").iterdir()) == []
    with pytest.raises(RunNotFound):
        lab.log(ref)


def test_a_run_that_goes_on_is_not_removed(lab: "Lab") -> None:
    lab.write("import time; time.sleep(60)")
    ref = lab.submit()
    with pytest.raises(BackendError, match=f"ferry cancel {ref}"):
        lab.backend.tear_down(f"run:{ref}")
    lab.backend.cancel(ref)
    lab.backend.tear_down(f"run:{ref}")


@pytest.mark.parametrize("resource", ["run:../..", "run:", "run:.", "environment:abc"])
def test_nothing_but_a_run_is_removed(lab: "Lab", resource: str) -> None:
    lab.write("pass")
    ref = lab.run()
    with pytest.raises(BackendError, match="by hand"):
        lab.backend.tear_down(resource)
    assert (lab.home / "runs" / ref).is_dir()


def test_a_full_disk_is_named_and_earlier_runs_stay(tmp_path: Path) -> None:
    """A home on a real file system of two megabytes."""
    command = [sys.executable, "-c", ON_A_SMALL_DISK, str(tmp_path), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    home = tmp_path / "home"
    here = re.compile(re.escape(f"{home}/backends/local/drafts") + r"/[^) ]*(: No space left on device)?")
    assert here.sub("HERE", done.stdout).splitlines() == [
        f"failed 1 exit code 1; the disk that holds {home}/backends/local/runs/try-2 is full",
        "no room left on the disk of HERE (at padding)",
        "no room left on the disk for a copy of the dataset 'd'",
        "completed fine earlier",
        "['try-1', 'try-2'] []",
        "again",
    ]


def test_the_state_of_a_run_survives_a_part_file(lab: "Lab") -> None:
    """What a kill in the middle of writing a state leaves behind is never read."""
    lab.write("pass")
    ref = lab.run()
    (lab.folder(ref) / "state.1.part").write_bytes(b"state=fai")
    assert lab.status(ref).state is RunState.COMPLETED
    assert (lab.folder(ref) / "state.1.part").exists()
