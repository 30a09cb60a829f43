"""Uploads while the storage misbehaves, and uploads that are killed: complete at last, or one error with the cause."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from blob_storage import ACCOUNT, HASTY, KEY, Storage, content
from trainferry.errors import BackendError
from trainferry_azureml.data import ContainerAccess, Patience, plan_upload, upload
from trainferry_azureml.data.blocks import BLOCK

KINDS: dict[str, dict[str, Any]] = {
    "throttled": {"kind": "throttle", "status": 429, "seconds": 0.01},
    "busy": {"kind": "error", "status": 503},
    "broken": {"kind": "error", "status": 500},
    "cut off": {"kind": "disconnect"},
    "cut in the answer": {"kind": "drop", "bytes": 10},
    "slow": {"kind": "delay", "seconds": 0.05},
}


def many_files(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.bin").write_bytes(random.Random(number).randbytes(2000))  # noqa: S311
    return folder


@pytest.mark.parametrize("name", KINDS)
def test_a_fifth_of_all_requests_failing_costs_time_only(
    storage: Storage, access: ContainerAccess, tmp_path: Path, name: str
) -> None:
    folder = many_files(tmp_path / "data", 60)
    storage.faults({"probability": 0.2, **KINDS[name]})
    version = upload(plan_upload(folder, access, patience=HASTY), patience=HASTY)
    struck = storage.counts()[0]["struck"]
    storage.faults()
    assert struck >= 5
    assert len(content(access, version.prefix)) == 60
    assert plan_upload(folder, access, thorough=True).complete


def test_silence_is_a_failure_that_is_tried_again(storage: Storage, access: ContainerAccess, tmp_path: Path) -> None:
    folder = many_files(tmp_path / "data", 10)
    storage.faults({"kind": "hang", "count": 2, "methods": ["PUT"]})
    upload(plan_upload(folder, access), patience=Patience(seconds=20, first_wait=0.01, timeout=0.5))
    assert plan_upload(folder, access).complete


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            {"kind": "error", "status": 503},
            r"can't upload .*: 127\.0\.0\.1:\d+ answered 503 ServerBusy.*\(tried \d+ times",
        ),
        ({"kind": "throttle", "status": 429, "seconds": 60}, "answered 429 TooManyRequests"),
        ({"kind": "disconnect"}, r"no connection to 127\.0\.0\.1"),
        ({"kind": "hang"}, "gave no answer in time"),
        ({"kind": "expired_token"}, "answered 403 AuthenticationFailed"),
    ],
)
def test_what_does_not_pass_is_one_error_with_the_cause(
    storage: Storage, access: ContainerAccess, tmp_path: Path, fault: dict[str, Any], message: str
) -> None:
    folder = many_files(tmp_path / "data", 30)
    plan = plan_upload(folder, access)
    storage.faults({"methods": ["PUT"], "after": 5, **fault})
    with pytest.raises(BackendError, match=message) as caught:
        upload(plan, patience=Patience(seconds=0.5, first_wait=0.05, timeout=0.2))
    assert caught.value.remedy
    storage.faults()
    again = plan_upload(folder, access)
    assert again.send_files == 25, "what arrived before the fault is kept"
    upload(again, patience=HASTY)
    assert plan_upload(folder, access, thorough=True).complete


CLIENT = """
import sys
from pathlib import Path
from trainferry_azureml.data import AccountKey, ContainerAccess, plan_upload, upload
url, account, key, folder = sys.argv[1:]
upload(plan_upload(Path(folder), ContainerAccess(url, AccountKey(account, key))), connections=4)
"""


def test_a_client_that_is_killed_anywhere_loses_nothing(
    storage: Storage, access: ContainerAccess, tmp_path: Path
) -> None:
    """Five kills, each after a random number of further requests; never a manifest before all is there."""
    folder = many_files(tmp_path / "data", 80)
    (folder / "large.bin").write_bytes(os.urandom(3 * BLOCK + 5))
    draw = random.Random(20)  # noqa: S311
    missing = [plan_upload(folder, access).send_files]
    for _ in range(5):
        stop_at = draw.randrange(3, 25)
        # Everything is slowed down, so that there is a time to kill it in.
        storage.faults({"kind": "delay", "seconds": 0.02})
        client = subprocess.Popen([sys.executable, "-c", CLIENT, access.url, ACCOUNT, KEY, str(folder)])
        deadline = time.monotonic() + 30
        while storage.counts()[0]["seen"] < stop_at and client.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        client.send_signal(signal.SIGKILL)
        client.wait()
        storage.faults()
        plan = plan_upload(folder, access)
        missing.append(plan.send_files)
        if plan.complete:
            assert plan_upload(folder, access, thorough=True).complete
    assert missing == sorted(missing, reverse=True)
    assert missing[-1] < missing[0], "each try went on where the last one stopped"
    version = upload(plan_upload(folder, access), patience=HASTY)
    assert content(access, version.prefix) == {path.name: path.read_bytes() for path in folder.iterdir()}


MEASURE = (
    CLIENT
    + """
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
)


def test_memory_stays_bounded_whatever_the_size(storage: Storage, access: ContainerAccess, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.bin").write_bytes(os.urandom(1 << 20) * 40)
    command = [sys.executable, "-c", MEASURE, access.url, ACCOUNT, KEY, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert int(done.stdout) < 100, "MiB"
