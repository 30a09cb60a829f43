"""What the script sees: the snapshot, its environment, its datasets read-only or as copies, nothing else."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trainferry.errors import BackendError
from trainferry.specs import RunState
from trainferry_local.isolation import Isolation, covers, try_it

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.local.tests.conftest import Lab

needs_namespaces = pytest.mark.skipif(bool(try_it()), reason="this system allows no namespaces")

TRY_TO_WRITE = """
    import json, os, sys
    def attempt(action):
        try:
            return action() or "done"
        except OSError as error:
            return error.errno
    place = sys.argv[1]
    inner = os.path.join(place, "a.txt")
    print(json.dumps({
        "list": sorted(os.listdir(place)),
        "read": open(inner).read(),
        "change": attempt(lambda: open(inner, "a").write("more") and None),
        "create": attempt(lambda: open(os.path.join(place, "new"), "w").close()),
        "delete": attempt(lambda: os.unlink(os.path.join(place, "sub/b.txt"))),
    }))
"""


def data_folder(lab: "Lab", where: str = "data") -> Path:
    """A small dataset inside the project."""
    folder = lab.project / where
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("content")
    (folder / "sub/b.txt").write_text("b")
    return folder


def contents(folder: Path) -> dict[str, str]:
    """Every file of a folder with its text."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def attempts(lab: "Lab", mode: str) -> dict[str, object]:
    """What comes of a script's tries to read and write a dataset."""
    lab.write(TRY_TO_WRITE)
    datasets = {"d": {"path": "data", "mode": mode}}
    result: dict[str, object] = json.loads(lab.output(datasets=datasets, arguments=["${{ datasets.d }}"]))
    return result


@needs_namespaces
def test_a_mounted_dataset_is_the_original_and_refuses_writes_with_errno_30(lab: "Lab") -> None:
    data = data_folder(lab)
    assert attempts(lab, "mount") == {
        "list": ["a.txt", "sub"],
        "read": "content",
        **dict.fromkeys(("change", "create", "delete"), errno.EROFS),
    }
    assert contents(data) == {"a.txt": "content", "sub/b.txt": "b"}


def test_a_downloaded_dataset_may_be_written_and_the_original_stays(lab: "Lab") -> None:
    data = data_folder(lab)
    assert attempts(lab, "download") == {
        "list": ["a.txt", "sub"],
        "read": "content",
        **dict.fromkeys(("change", "create", "delete"), "done"),
    }
    assert contents(data) == {"a.txt": "content", "sub/b.txt": "b"}


@pytest.mark.parametrize("mode", ["mount", "download"])
def test_without_isolation_the_original_is_safe_all_the_same(make_lab: "Callable[..., Lab]", mode: str) -> None:
    lab = make_lab(isolation="off")
    data = data_folder(lab)
    got = attempts(lab, mode)
    if mode == "mount" and os.geteuid() != 0:  # root may write to anything, here to the copy
        assert {got["change"], got["create"], got["delete"]} == {errno.EACCES}
    assert contents(data) == {"a.txt": "content", "sub/b.txt": "b"}


@pytest.mark.parametrize("isolation", ["auto", "off"])
@pytest.mark.parametrize("mode", ["mount", "download"])
def test_copies_and_places_of_datasets_are_gone_after_the_run(
    make_lab: "Callable[..., Lab]", isolation: str, mode: str
) -> None:
    lab = make_lab(isolation=isolation)
    data = data_folder(lab)
    lab.write("pass")
    ref = lab.run(datasets={"d": {"path": "data", "mode": mode}})
    assert not (lab.folder(ref) / "inputs").exists()
    assert len(contents(data)) == 2


@pytest.mark.parametrize("mode", ["mount", "download"])
def test_a_dataset_of_one_file_keeps_its_name(lab: "Lab", mode: str) -> None:
    lab.write("import sys; print(sys.argv[1].rpartition('/')[2], open(sys.argv[1]).read())")
    (lab.project / "tab le.csv").write_text("1,2")
    datasets = {"d": {"path": "tab le.csv", "mode": mode}}
    assert lab.output(datasets=datasets, arguments=["${{ datasets.d }}"]) == "tab le.csv 1,2\n"


@needs_namespaces
def test_only_the_snapshot_of_the_project_is_visible(lab: "Lab") -> None:
    lab.write("secret", ".env")
    lab.write("x", "sub/other.txt")
    script = lab.write("""
        import os, sys
        print(sorted(os.listdir(".")), os.listdir(sys.argv[1]))
        for place in (sys.argv[1] + "/new", "outputs/new", os.environ["HOME"] + "/new"):
            try:
                open(place, "w").close()
                print("done")
            except OSError as error:
                print(error.errno)
    """)
    assert lab.output(arguments=[str(script.parent)]) == (
        f"['logs', 'outputs', 'sub', 'train.py'] []\n{errno.EROFS}\ndone\ndone\n"
    )


@needs_namespaces
def test_a_home_inside_the_project_stays_in_use(make_lab: "Callable[..., Lab]") -> None:
    """As the demo has it: state, cache and environments all lie below the project."""
    lab = make_lab()
    inside = lab.project / ".trainferry"
    lab.site = type(lab.site)(home=inside / "home", cache=inside / "cache", project=lab.project)
    lab.home = lab.site.backend_home("local")
    lab.backend = lab.client()
    lab.write("import os, sys; print(os.listdir(sys.argv[1]), sys.prefix); open('outputs/x', 'w').write('kept')")
    ref = lab.run(arguments=[str(lab.project)], environment={"python": f"3.{sys.version_info.minor}", "name": "e"})
    (prefix,) = (inside / "cache/environments").glob("*-py*[0-9_4]")
    assert lab.log(ref) == f"['.trainferry'] {prefix}\n"
    assert (lab.folder(ref) / "work/outputs/x").read_text() == "kept"


@needs_namespaces
def test_with_the_current_interpreter_editable_installs_inside_the_project_can_be_imported(
    lab: "Lab", monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.write("NAME = 'editable'", "lib/src/mypackage.py")
    lab.write(
        "import sys; sys.path.append(sys.argv[1]); import mypackage; print(mypackage.NAME)\n"
        "try: open(sys.argv[1] + '/x', 'w')\nexcept OSError as error: print(error.errno)"
    )
    monkeypatch.syspath_prepend(lab.project / "lib/src")
    monkeypatch.syspath_prepend(lab.project.parent)
    (lab.project / ".ferryignore").write_text("lib\n")
    assert lab.output(arguments=[str(lab.project / "lib/src")]) == f"editable\n{errno.EROFS}\n"


@needs_namespaces
def test_the_mounts_of_a_run_are_seen_by_nobody_else(lab: "Lab") -> None:
    data_folder(lab)
    lab.write("print('up')\nimport os, time\nwhile not os.path.exists('go'): time.sleep(0.01)")
    ref = lab.submit(datasets={"d": {"path": "data"}})
    lab.until_log(ref, "up")
    assert list((lab.folder(ref) / "inputs/d").iterdir()) == []
    assert str(lab.project.parent) not in Path("/proc/self/mounts").read_text()
    (lab.folder(ref) / "work/go").touch()
    lab.wait(ref)


@needs_namespaces
def test_the_script_keeps_its_user(lab: "Lab") -> None:
    lab.write("import os; print(os.getuid(), os.geteuid(), os.getgid())")
    assert lab.output() == f"{os.getuid()} {os.geteuid()} {os.getgid()}\n"


def test_links_inside_a_dataset_work(lab: "Lab") -> None:
    data = data_folder(lab)
    (data / "link.txt").symlink_to("a.txt")
    lab.write("import sys; print(open(sys.argv[1] + '/link.txt').read())")
    assert lab.output(datasets={"d": {"path": "data"}}, arguments=["${{ datasets.d }}"]) == "content\n"


def test_a_dataset_that_vanished_after_the_plan_is_named(lab: "Lab") -> None:
    lab.write("pass")
    data_folder(lab)
    plan = lab.plan(datasets={"photos": {"path": "data"}})
    (lab.project / "data").rename(lab.project.parent / "away")
    with pytest.raises(BackendError, match="the dataset 'photos' is not on this machine"):
        lab.apply(plan)


def test_too_wide_folders_are_not_hidden_but_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, project = tmp_path / "me", tmp_path / "me/project"
    (project / "src").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "elsewhere"))
    assert covers(project / "src", project) == ([project], [])
    assert covers(project / "src", None) == ([project / "src"], [])
    assert covers(project, home) == ([project], [home])
    assert covers(Path("/"), None) == ([], [Path("/")])


def test_a_source_that_is_the_home_is_warned_of(lab: "Lab", monkeypatch: pytest.MonkeyPatch) -> None:
    lab.write("pass")
    monkeypatch.setenv("HOME", str(lab.project))
    findings = lab.backend.plan(lab.job(), "r-1").findings
    assert [finding.id for finding in findings if finding.severity == "warning"] == (
        [] if try_it() else ["source-too-wide"]
    )


REFUSE = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
user = os.getuid()  # the new namespace knows it by no number until the map is written
assert libc.unshare(0x10000000) == 0
for name, text in (
    ("/proc/self/setgroups", "deny"),
    ("/proc/self/uid_map", f"1000 {user} 1"),
    ("/proc/sys/user/max_mnt_namespaces", "0"),
):
    with open(name, "w") as stream:
        stream.write(text)
libc.prctl(38, 1, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Starts a program as an ordinary user of a system that allows no mount namespaces, as many containers don't."""

IN_A_STRICT_SYSTEM = """
import sys
from pathlib import Path
sys.path[:0] = [sys.argv[3]]
from conftest import Lab
from trainferry.specs import RunState
folder = Path(sys.argv[1])
lab = Lab(folder, isolation=sys.argv[2])
lab.write("import sys; print(open(sys.argv[1] + '/a.txt').read())\\nopen(sys.argv[1] + '/a.txt', 'w')")
(lab.project / "data").mkdir(exist_ok=True)
(lab.project / "data/a.txt").write_text("content")
job = lab.job(datasets={"d": {"path": "data"}}, arguments=["${{ datasets.d }}"])
first = lab.backend.plan(job, "a-1")
print([finding.id for finding in first.findings])
if not first.errors:
    ref = lab.apply(first)
    print(lab.wait(ref).state, lab.status(ref).reason.splitlines()[-1])
    print([finding.id for finding in lab.client().plan(job, "a-2").findings])
    print((lab.project / "data/a.txt").read_text())
"""


def in_a_strict_system(tmp_path: Path, isolation: str) -> str:
    """What the script above prints on a system without mount namespaces."""
    here = str(Path(__file__).parent)
    inner = [sys.executable, "-c", IN_A_STRICT_SYSTEM, str(tmp_path), isolation, here]
    done = subprocess.run([sys.executable, "-c", REFUSE, *inner], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


@needs_namespaces
def test_where_namespaces_are_refused_datasets_are_read_only_copies_and_it_is_said_once(tmp_path: Path) -> None:
    assert in_a_strict_system(tmp_path, "auto").splitlines() == [
        "['isolation-missing']",
        "failed PermissionError: [Errno 13] Permission denied: "
        f"'{tmp_path}/home/backends/local/runs/a-1/inputs/d/a.txt'",
        "[]",
        "content",
    ]


@needs_namespaces
def test_isolation_that_is_required_but_refused_is_an_error(tmp_path: Path) -> None:
    assert in_a_strict_system(tmp_path, "require") == "['isolation-refused']\n"


def test_what_was_found_out_about_isolation_is_kept_with_the_cache(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = Isolation(cache)
    assert not first.told
    obstacle = first.obstacle()
    assert not cache.exists()
    first.remember()
    assert Isolation(cache).told
    assert Isolation(cache).obstacle() == obstacle
    (cache / "local-isolation").write_text("another start of the machine\nno")
    assert not Isolation(cache).told
    assert Isolation(cache).obstacle() == obstacle


def test_a_run_that_can_not_be_isolated_after_all_fails_with_the_step(lab: "Lab") -> None:
    """The dataset vanishes between submit and start: the mount, not the script, says so."""
    lab.write("import os, time\nprint('up')\nwhile not os.path.exists('go'): time.sleep(0.01)")
    data_folder(lab)
    lab.backend = lab.client(slots=1)
    first = lab.submit()
    lab.until_log(first, "up")
    second = lab.submit(datasets={"d": {"path": "data"}})
    (lab.project / "data").rename(lab.project.parent / "away")
    (lab.folder(first) / "work/go").touch()
    status = lab.wait(second)
    if not try_it():
        assert status.state is RunState.FAILED
        assert status.reason.startswith("can't set up the isolation: No such file or directory")
