"""What goes wrong on nodes, on demand; and nodes where the system allows little."""

import json
import os
from typing import TYPE_CHECKING

import pytest

from azureml_emulator.engine.contract import Status

if TYPE_CHECKING:
    from emulator.tests.engine.conftest import Workshop

WAIT = "import time; print('going', flush=True); time.sleep(600)"


def test_a_lost_node_fails_its_run(workshop: "Workshop") -> None:
    run_id = workshop.submit(WAIT)
    workshop.until(lambda: workshop.log(run_id))
    lost = workshop.engine.faults.lose_node("cpu")
    state = workshop.wait(run_id)
    assert state.status is Status.FAILED
    assert state.error is not None
    assert (state.error.code, state.error.kind) == ("ServiceError", "NodeLost")
    assert lost in state.error.message


def test_a_preempted_run_is_queued_and_runs_again(workshop: "Workshop") -> None:
    workshop.engine.clusters.put(workshop.cluster.model_copy(update={"priority": "lowpriority"}))
    script = """
        import os, time
        print("attempt in", os.environ["AZ_BATCH_NODE_ID"], flush=True)
        flag = os.environ["FLAG"]
        if not os.path.exists(flag):
            open(flag, "w").close()
            time.sleep(600)
    """
    run_id = workshop.submit(script, variables={"FLAG": str(workshop.folder / "flag")})
    workshop.until(lambda: workshop.log(run_id))
    workshop.engine.faults.preempt("cpu")
    state = workshop.wait(run_id)
    assert state.status is Status.COMPLETED, state
    assert state.attempt == 2
    told = [(one.attempt, one.status) for one in workshop.ears.states[run_id]]
    assert told == [
        (1, Status.PREPARING),
        (1, Status.QUEUED),
        (1, Status.RUNNING),
        (2, Status.QUEUED),
        (2, Status.RUNNING),
        (2, Status.FINALIZING),
        (2, Status.COMPLETED),
    ]
    assert len(set(workshop.log(run_id).splitlines())) == 2, "on another node"


def test_a_full_disk(workshop: "Workshop") -> None:
    script = """
        import json, os
        open("outputs/small", "w").write("fits")
        try:
            with open("outputs/large", "wb") as stream:
                for _ in range(64):
                    stream.write(bytes(65536))
        except OSError as error:
            print(error.errno)
            os.remove("outputs/large")
    """
    workshop.engine.faults.fill_disk("cpu", 1_000_000)
    state = workshop.run(script)
    assert state.status is Status.COMPLETED, state
    assert workshop.log(state.run_id) == "28\n"
    assert workshop.ears.files[state.run_id] == {"outputs/small": b"fits"}
    workshop.engine.faults.fill_disk("cpu", None)
    assert workshop.log(workshop.run(script).run_id) == ""


def test_a_disk_too_small_for_a_download(workshop: "Workshop") -> None:
    data = workshop.source({"large.bin": "x" * 1_000_000})
    workshop.engine.faults.fill_disk("cpu", 200_000)
    state = workshop.run(inputs=[{"name": "data", "source": data, "mode": "download"}])
    assert state.status is Status.FAILED
    assert state.error is not None
    assert (state.error.code, state.error.kind) == ("UserError", "DiskFull")
    assert "No space left" in state.error.message
    mounted = workshop.run(inputs=[{"name": "data", "source": data, "mode": "mount"}])
    assert mounted.status is Status.COMPLETED, "a mount takes no room"


def test_a_deleted_cluster_ends_its_runs(workshop: "Workshop") -> None:
    run_id = workshop.submit(WAIT)
    workshop.until(lambda: workshop.log(run_id))
    workshop.engine.clusters.remove("cpu")
    state = workshop.wait(run_id)
    assert state.error is not None
    assert (state.error.code, state.error.kind) == ("UserError", "ComputeUnavailable")
    assert "The compute target was deleted" in state.error.message


def test_processes_see_only_their_own_node(workshop: "Workshop") -> None:
    state = workshop.run("import os; print(sorted(int(n) for n in os.listdir('/proc') if n.isdigit()))")
    assert state.status is Status.COMPLETED
    assert len(json.loads(workshop.log(state.run_id))) == 2, "the agent and the script"


@pytest.fixture
def plain(workshop: "Workshop") -> "Workshop":
    """A workshop on a machine that allows no namespaces."""
    workshop.engine.close()
    workshop.new_engine(obstacle="unshare: Operation not permitted").start()
    return workshop


def test_without_namespaces_a_mount_is_a_copy_and_the_log_says_so(plain: "Workshop") -> None:
    data = plain.source({"a.txt": "content"})
    script = """
        import os, stat, sys
        print(open(sys.argv[1] + "/a.txt").read(), oct(stat.S_IMODE(os.stat(sys.argv[1] + "/a.txt").st_mode)))
    """
    inputs = [{"name": "data", "source": data}]
    for _ in range(2):
        state = plain.run(script, inputs=inputs, arguments=["DatasetConsumptionConfig:data"])
        assert state.status is Status.COMPLETED, state
        assert plain.log(state.run_id) == "content 0o444\n"
    said = plain.log(state.run_id, "system_logs/data_capability/data-capability.log")
    assert "This machine allows no mounts (unshare: Operation not permitted)" in said


def test_without_namespaces_cancel_still_ends_the_whole_family(plain: "Workshop") -> None:
    script = """
        import os, subprocess, sys, time
        if len(sys.argv) < 3:
            subprocess.Popen([sys.executable, "train.py", *sys.argv[1:], "x"], start_new_session=True)
        print(os.getpid(), flush=True)
        time.sleep(600)
    """
    run_id = plain.submit(script)
    plain.until(lambda: plain.log(run_id).count("\n") == 3)
    processes = [int(line) for line in plain.log(run_id).split()]
    plain.engine.cancel(run_id)
    assert plain.wait(run_id).status is Status.CANCELED
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
