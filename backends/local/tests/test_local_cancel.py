"""Cancel, and the death of supervisors: no process is left, and the state says what happened."""

import os
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trainferry.errors import BackendError
from trainferry.specs import RunState

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.local.tests.conftest import Lab

STUBBORN_FAMILY = """
    import os, signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if len(sys.argv) < 4:
        child = [sys.executable, __file__, *sys.argv[1:], "x"]
        subprocess.Popen(child, start_new_session=True)
    print(os.getpid(), flush=True)
    time.sleep(600)
"""
"""A script, its child and its grandchild, each in a session of its own, none of which heeds SIGTERM."""


def family(lab: "Lab", ref: str) -> list[int]:
    """The process ids that the family of a run has printed, when all three are up."""
    lab.until(lambda: len(lab.log(ref).split()) == 3, "three processes")
    return [int(word) for word in lab.log(ref).split()]


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_cancel_ends_grandchildren_that_ignore_sigterm_and_left_the_session(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab(grace_seconds=0.2)
    lab.write(STUBBORN_FAMILY)
    ref = lab.submit(arguments=["a"])
    members = family(lab, ref)
    lab.backend.cancel(ref)
    assert [pid for pid in members if not gone(pid)] == []
    status = lab.status(ref)
    assert (status.state, status.exit_code, status.reason) == (RunState.CANCELED, None, "canceled")
    lab.backend.cancel(ref)
    assert lab.status(ref) == status


def test_a_script_may_use_its_grace_to_save(lab: "Lab") -> None:
    lab.write("""
        import signal, sys, time
        def save(*_):
            open("outputs/saved", "w").write("yes"); sys.exit(0)
        signal.signal(signal.SIGTERM, save)
        print("ready"); time.sleep(600)
    """)
    ref = lab.submit()
    lab.until_log(ref, "ready")
    lab.backend.cancel(ref)
    assert lab.status(ref).state is RunState.CANCELED
    assert (lab.folder(ref) / "work/outputs/saved").read_text() == "yes"


def test_cancel_of_a_waiting_run_takes_it_out_of_the_queue(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab(slots=1)
    lab.write("import os, time\nprint('up')\nwhile not os.path.exists('go'): time.sleep(0.01)")
    first, second = lab.submit(), lab.submit()
    lab.until_log(first, "up")
    lab.backend.cancel(second)
    assert lab.status(second).state is RunState.CANCELED
    assert lab.status(second).reason == "canceled before it started"
    (lab.folder(first) / "work/go").touch()
    assert lab.wait(first).state is RunState.COMPLETED
    assert lab.log(second) == ""
    assert lab.backend.read_log(second, None).finished


def test_cancel_of_a_run_that_has_ended_leaves_it(lab: "Lab") -> None:
    lab.write("pass")
    ref = lab.run()
    lab.backend.cancel(ref)
    assert lab.status(ref).state is RunState.COMPLETED


def test_a_cancel_right_after_the_submit_is_not_lost(lab: "Lab") -> None:
    """Whatever the supervisor is doing just then."""
    lab.write("import time; time.sleep(600)")
    for pause in (0, 0.005, 0.01, 0.02, 0.03, 0.05):
        ref = lab.submit()
        time.sleep(pause)
        lab.backend.cancel(ref)
        assert lab.status(ref).state is RunState.CANCELED


def test_a_killed_supervisor_takes_the_script_along_and_the_run_is_lost(lab: "Lab") -> None:
    lab.write(STUBBORN_FAMILY)
    ref = lab.submit(arguments=["a"])
    members = family(lab, ref)
    (supervisor,) = lab.supervisors()
    os.kill(supervisor, signal.SIGKILL)
    status = lab.wait(ref)
    assert status.state is RunState.LOST
    assert "its supervisor was killed" in status.reason
    assert status.ended is not None
    assert [pid for pid in members if not gone(pid)] == []
    assert lab.client().poll([ref])[ref] == status
    chunk = lab.backend.read_log(ref, None)
    assert len(chunk.text.split()) == 3
    assert chunk.finished


@pytest.mark.parametrize("isolation", ["auto", "off"])
def test_a_killed_supervisor_takes_the_script_along_without_anybody_looking(
    make_lab: "Callable[..., Lab]", isolation: str
) -> None:
    lab = make_lab(isolation=isolation)
    lab.write("import os, time; print(os.getpid()); time.sleep(600)")
    ref = lab.submit()
    lab.until_log(ref, "\n")
    script = int(lab.log(ref))
    os.kill(lab.supervisors()[0], signal.SIGKILL)
    lab.until(lambda: gone(script), "the script to end")


def test_cancel_when_the_supervisor_is_dead_ends_what_it_left(lab: "Lab") -> None:
    lab.write(STUBBORN_FAMILY)
    ref = lab.submit(arguments=["a"])
    members = family(lab, ref)
    (supervisor,) = lab.supervisors()
    os.kill(supervisor, signal.SIGKILL)
    lab.until(lambda: gone(supervisor), "the supervisor to end")
    lab.client().cancel(ref)
    assert [pid for pid in members if not gone(pid)] == []
    assert lab.status(ref).state is RunState.CANCELED


def test_after_a_killed_supervisor_the_queue_goes_on_and_nothing_runs_twice(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab(slots=1)
    lab.write("""
        import os, sys, time
        open("outputs/ran", "a").write("x"); print("up")
        while sys.argv[1] == "wait": time.sleep(1)
    """)
    blocked = lab.submit(arguments=["wait"])
    lab.until_log(blocked, "up")
    rest = [lab.submit(arguments=["go"]) for _ in range(3)]
    os.kill(lab.supervisors()[0], signal.SIGKILL)
    assert lab.wait(blocked).state is RunState.LOST
    assert [lab.wait(ref).state for ref in rest] == [RunState.COMPLETED] * 3
    assert [(lab.folder(ref) / "work/outputs/ran").read_text() for ref in [blocked, *rest]] == ["x"] * 4


def test_supervisors_killed_at_any_moment_lose_no_run_and_run_none_twice(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab(slots=2)
    shared = lab.project.parent / "shared"
    shared.mkdir()
    lab.write("import os, sys; open(f'{sys.argv[1]}/' + os.environ['TRAINFERRY_RUN_ID'], 'a').write('x')")
    refs = [lab.submit(arguments=[str(shared)]) for _ in range(12)]
    for _ in range(6):
        for pid in lab.supervisors()[:1]:
            os.kill(pid, signal.SIGKILL)
        lab.backend.poll(refs)
        time.sleep(0.03)
    ended = {ref: lab.wait(ref).state for ref in refs}
    assert set(ended.values()) <= {RunState.COMPLETED, RunState.LOST}
    ran = {ref: (shared / ref).read_text() if (shared / ref).exists() else "" for ref in refs}
    assert {ran[ref] for ref, state in ended.items() if state is RunState.COMPLETED} <= {"x"}
    # A lost run may have been ended anywhere in its script, also between making the file and writing to it.
    assert {ran[ref] for ref, state in ended.items() if state is RunState.LOST} <= {"", "x"}


def test_a_client_killed_between_making_a_run_and_queueing_it_is_mended_by_a_look(lab: "Lab") -> None:
    lab.write("print('ran')")
    ref = lab.run()
    # The state that such a kill leaves: a whole folder, a state of queued, no entry in the queue, nobody at work.
    queued_again(lab, ref)
    assert list((lab.home / "queue").iterdir()) == []
    assert lab.client().poll([ref])[ref].state is RunState.QUEUED
    assert lab.wait(ref).state is RunState.COMPLETED
    assert lab.log(ref) == "ran\n"


@pytest.mark.parametrize("damage", [b"", b"sta", b"\0\0\0\0", b"state=dreaming\0", b"state=completed\0exit_code=x\0"])
def test_a_damaged_state_is_a_lost_run_and_the_others_are_as_they_were(lab: "Lab", damage: bytes) -> None:
    """What a power cut leaves, when the file was renamed before its content was on the disk."""
    lab.write("print('ran')")
    broken, whole = lab.run(), lab.run()
    (lab.folder(broken) / "state").write_bytes(damage)
    assert lab.status(broken).state is RunState.LOST
    assert lab.status(whole).state is RunState.COMPLETED
    assert lab.log(broken) == "ran\n"
    assert {run.run_id for run in lab.backend.find_runs()} == {broken, whole}


@pytest.mark.parametrize("damage", [b"", b"queued_at=12", b"word=a\0"])
def test_a_damaged_request_is_a_failed_run_that_names_the_file(lab: "Lab", damage: bytes) -> None:
    lab.write("pass")
    ref = lab.run()
    lab.until_idle()
    (lab.folder(ref) / "request").write_bytes(damage)
    (lab.folder(ref) / "state").write_bytes(b"state=queued\0reason=\0")
    with pytest.raises(BackendError, match="is damaged, as by a power cut"):
        lab.backend.cancel(ref)
    lab.status(ref)
    assert lab.status(ref).state is RunState.FAILED
    assert f"{lab.folder(ref)}/request is damaged" in lab.status(ref).reason
    assert [run.tags for run in lab.backend.find_runs(run_id=ref)] == [{}]


def queued_again(lab: "Lab", ref: str) -> None:
    """Put a run that has ended back to where it was when it was submitted."""
    lab.until_idle()
    (lab.folder(ref) / "log").unlink()
    (lab.folder(ref) / "variables").write_bytes(b"A=b\0")
    (lab.folder(ref) / "inputs").mkdir()
    (lab.folder(ref) / "state").write_bytes(b"state=queued\0reason=\0")


def test_a_run_that_can_not_be_claimed_does_not_hold_up_the_others(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab(slots=1)
    lab.write("print('ran')")
    broken, whole = lab.run(), lab.run()
    for ref in (broken, whole):
        queued_again(lab, ref)
    (lab.folder(broken) / "lock").unlink()
    (lab.folder(broken) / "lock").mkdir()
    assert lab.wait(whole).state is RunState.COMPLETED
    assert lab.wait(broken).state is RunState.FAILED
    assert "it can't be started" in lab.status(broken).reason


def test_supervisors_that_end_in_trouble_again_and_again_are_an_error(lab: "Lab") -> None:
    lab.write("print('ran')")
    ref = lab.run()
    queued_again(lab, ref)
    (lab.folder(ref) / "lock").unlink()
    (lab.folder(ref) / "lock").mkdir()
    (lab.folder(ref) / "state").unlink()
    (lab.home / "queue" / f"{0:020d}-{ref}").touch()
    (lab.folder(ref) / "state").mkdir()
    messages: list[str] = []

    def complained() -> bool:
        try:
            lab.backend.poll([])
        except BackendError as error:
            messages.append(error.message)
        return bool(messages)

    lab.until(complained, "an error")
    assert messages[0].startswith(f"runs wait (1), but can't be started: {ref} can't be given up: [Errno 21]")
    shutil.rmtree(lab.folder(ref))


def test_slots_bound_how_many_go_at_once_and_the_queue_is_first_in_first_out(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab(slots=2)
    lab.write("""
        import os, sys, time
        folder = sys.argv[1]
        mine = os.path.join(folder, os.environ["TRAINFERRY_RUN_ID"])
        open(mine, "w").close()
        print(time.monotonic_ns(), len(os.listdir(folder)))
        time.sleep(0.05)
        os.unlink(mine)
    """)
    shared = lab.project.parent / "at once"
    shared.mkdir()
    refs = [lab.submit(arguments=[str(shared)]) for _ in range(8)]
    for ref in refs:
        assert lab.wait(ref).state is RunState.COMPLETED
    started, together = zip(*(map(int, lab.log(ref).split()) for ref in refs), strict=True)
    assert max(together) <= 2
    assert all(started[i] < started[i + 2] for i in range(len(refs) - 2))


def test_an_unreadable_cursor_is_refused(lab: "Lab") -> None:
    lab.write("pass")
    ref = lab.run()
    for cursor in ("x", "-1", "1.5", "٣"):
        with pytest.raises(BackendError, match="is no place in a log"):
            lab.backend.read_log(ref, cursor)
