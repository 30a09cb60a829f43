"""A fifth of all requests fails, in each way that requests fail: the job completes, or the true cause is told once."""

import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from azure_lab import Lab
from trainferry.errors import FerryError
from trainferry.specs import RunState

FAULTS: dict[str, dict[str, Any]] = {
    "throttle": {"seconds": 0.1},
    "error": {"status": 500},
    "unavailable": {"kind": "error", "status": 503},
    "slow": {"seconds": 0.5},
    "disconnect": {},
    "drop": {"bytes": 10},
    "expired_token": {},
}
SERVICES = (
    "arm",
    "compute",
    "environment",
    "datastore",
    "dataset",
    "history",
    "content",
    "execution",
    "artifact",
)
"""Those that take a token; the one that gives it out is not among them."""
TRUE_CAUSES = ("429", "500", "503", "no answer", "401", "can't log in")


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_job_survives_a_fifth_of_its_requests_failing(lab: Lab, fault: str, tmp_path: Path) -> None:
    rule = dict(FAULTS[fault])
    lab.write(fault, "data/one.txt")
    lab.write("import pathlib\npathlib.Path('outputs/h.csv').write_text('epoch,loss\\n0,1\\n')\nprint('done')\n")
    backend = lab.client(retry_seconds=30)
    kind = str(rule.pop("kind", fault))
    for service in SERVICES if kind == "expired_token" else ("*",):
        lab.azure.admin.add_fault(kind, service=service, probability=0.2, seed=7, **rule)
    run_id = f"faulty-{uuid.uuid4().hex[:8]}"
    began = time.monotonic()
    try:
        plan = backend.plan(lab.job(datasets={"in": {"path": "data"}}), run_id)
        assert [str(finding) for finding in plan.errors] == []
        ref = lab.apply(plan, backend)
        lab.until(lambda: backend.poll([ref])[ref].state.final, "the run to end")
        assert backend.poll([ref])[ref].state is RunState.COMPLETED
        pieces, cursor, finished = [], None, False
        while not finished:
            chunk = backend.read_log(ref, cursor)
            pieces.append(chunk.text)
            cursor, finished = chunk.cursor, chunk.finished
        assert "".join(pieces) == "done\n"
        (home,) = backend.fetch(ref, ["outputs/h.csv"], tmp_path / "results", lab.report)
        assert home.read_text() == "epoch,loss\n0,1\n"
    except FerryError as error:
        message = str(error)
        assert any(cause in message for cause in TRUE_CAUSES), message
        assert len(message.splitlines()) <= 2, message
        # Only a service that again and again refuses good tokens may end it: the SDK gives up at the first refusal.
        assert fault == "expired_token", f"after {time.monotonic() - began:.0f} s: {message}"
    lab.azure.admin.clear_faults()
    assert len(backend.find_runs(run_id=run_id)) <= 1
