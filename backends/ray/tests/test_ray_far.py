"""A client that sees nothing of the cluster's disks: all travels through Ray's job service."""

import os
from pathlib import Path

import pytest

from ray_lab import Lab, carriers
from trainferry.errors import BackendError, RunNotFound
from trainferry.progress import Progress, silent
from trainferry.specs import ActionKind, RunState
from trainferry_ray.node.errands import ERRAND_PREFIX
from trainferry_ray.settings import RaySettings
from trainferry_ray.target import Targets


@pytest.fixture(scope="module")
def reading_run(far: Lab) -> str:
    """A run that read an uploaded dataset, tried to write it, and wrote files of its own."""
    data = far.project / "data"
    (data / "sub").mkdir(parents=True)
    (data / "a.txt").write_text("alpha")
    (data / "sub" / "big.bin").write_bytes(bytes(range(256)) * 5000)
    (data / "empty").touch()
    script = """
        import hashlib, os, pathlib, sys
        top = pathlib.Path(sys.argv[1])
        for path in sorted(top.rglob("*")):
            if path.is_file():
                print(path.relative_to(top), hashlib.sha256(path.read_bytes()).hexdigest())
        try:
            (top / "a.txt").write_text("changed")
        except OSError as error:
            print("refused", error.errno)
        os.makedirs("outputs/deep")
        open("outputs/deep/model.bin", "wb").write(bytes(range(256)) * 200_000)
        open("outputs/empty", "w").close()
        print("h\\xe4lfte".encode("latin-1")[:2], "ü", flush=True)
        os.write(1, b"\\xff raw bytes\\nno newline at the end")
    """
    job = far.job(script, datasets={"d": {"path": "data"}}, arguments=["${{ datasets.d }}"])
    plan = far.plan(job)
    assert [action.kind for action in plan.actions] == [ActionKind.UPLOAD, ActionKind.SUBMIT]
    return far.completed(job)


def test_an_uploaded_dataset_arrives_whole_and_refuses_to_be_written(far: Lab, reading_run: str) -> None:
    lines = far.log(reading_run).splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["a.txt", "empty", "sub/big.bin"]
    assert "refused 30" in lines or "refused 13" in lines
    assert (far.project / "data" / "a.txt").read_text() == "alpha"


def test_the_log_is_what_the_script_printed_and_nothing_of_rays(far: Lab, reading_run: str) -> None:
    text = far.log(reading_run)
    assert text.startswith("a.txt ")
    assert text.endswith("\ufffd raw bytes\nno newline at the end")
    assert far.backend.read_log(reading_run, None).finished


def test_the_same_content_is_uploaded_once(far: Lab, reading_run: str) -> None:
    events: list[Progress] = []
    job = far.job("print(1)", datasets={"other": {"path": "data"}})
    upload = far.plan(job).actions[0]
    assert upload.bytes == 5 + 256 * 5000
    assert far.backend.apply(upload, events.append).details["bytes"] == 0


def test_files_come_home_verified_and_a_broken_fetch_goes_on(far: Lab, reading_run: str, tmp_path: Path) -> None:
    names = [entry.path for entry in far.backend.list_files(reading_run)]
    assert names == ["logs/std_log.txt", "outputs/deep/model.bin", "outputs/empty"]
    model = tmp_path / "outputs" / "deep" / "model.bin"
    model.parent.mkdir(parents=True)
    model.with_name(".model.bin.part").write_bytes(bytes(range(256)) * 100_000)  # what a killed client left
    homes = far.backend.fetch(reading_run, names, tmp_path, silent)
    assert [home.relative_to(tmp_path).as_posix() for home in homes] == names
    assert model.read_bytes() == bytes(range(256)) * 200_000
    assert sorted(path.name for path in model.parent.iterdir()) == ["model.bin"]
    stamp = model.stat().st_mtime_ns
    far.backend.fetch(reading_run, ["outputs/deep/model.bin"], tmp_path, silent)
    assert model.stat().st_mtime_ns == stamp


def test_half_a_file_of_another_content_is_not_gone_on_with(far: Lab, reading_run: str, tmp_path: Path) -> None:
    part = tmp_path / "logs" / ".std_log.txt.part"
    part.parent.mkdir()
    part.write_bytes(b"something else")
    (home,) = far.backend.fetch(reading_run, ["logs/std_log.txt"], tmp_path, silent)
    assert home.read_bytes().startswith(b"a.txt ")
    with pytest.raises(BackendError, match="no file outputs/none"):
        far.backend.fetch(reading_run, ["outputs/none"], tmp_path, silent)


def test_a_run_that_fails_tells_its_exit_code_and_last_lines(far: Lab) -> None:
    ref = far.submit(far.job("print('last words')\nraise SystemExit(7)"))
    status = far.wait(ref)
    assert (status.state, status.exit_code) == (RunState.FAILED, 7)
    assert "last words" in status.reason
    assert status.started is not None
    assert status.ended is not None
    assert status.started <= status.ended


def test_a_run_is_followed_while_it_goes_on_and_canceled_with_its_tree(far: Lab) -> None:
    mark = f"mark-{os.urandom(4).hex()}"
    script = """
        import signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        inner = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
        outer = (
            "import subprocess, sys, time; "
            f"subprocess.Popen([sys.executable, '-c', {inner!r}, sys.argv[1]], start_new_session=True); time.sleep(300)"
        )
        subprocess.Popen([sys.executable, "-c", outer, sys.argv[1]], start_new_session=True)
        time.sleep(0.5)
        print("ready", flush=True)
        time.sleep(300)
    """
    ref = far.submit(far.job(script, arguments=[mark]))
    far.until_printed(ref, "ready")
    assert far.status(ref).state is RunState.RUNNING
    assert len(carriers(mark)) == 3
    far.backend.cancel(ref)
    assert carriers(mark) == []
    far.backend.cancel(ref)
    assert far.status(ref).state is RunState.CANCELED


def test_the_cluster_forgets_errands(far: Lab, reading_run: str) -> None:
    api = Targets(far.site, RaySettings(**far.settings)).current.running_api()

    def errands() -> list[str]:
        return [name for name in api.jobs() if name.startswith(ERRAND_PREFIX)]

    first = errands()

    def forgotten() -> bool:
        far.backend.list_files(reading_run)
        return not set(first) & set(errands())

    far.until(forgotten, "errands of some seconds ago to be forgotten")
    with pytest.raises(RunNotFound):
        far.backend.read_log(f"nobody@{api.address}", None)
