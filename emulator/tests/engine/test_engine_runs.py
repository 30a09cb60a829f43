"""A run from its order to its end: what the script gets, and what comes back."""

from typing import TYPE_CHECKING

from azureml_emulator.engine.contract import Status

if TYPE_CHECKING:
    from emulator.tests.engine.conftest import Workshop


def test_a_script_runs_to_its_end(workshop: "Workshop") -> None:
    state = workshop.run("import sys; print('hello'); print('there', file=sys.stderr)")
    assert state.status is Status.COMPLETED, state
    assert state.exit_code == 0
    assert workshop.log(state.run_id) == "hello\nthere\n"
    told = [one.status for one in workshop.ears.states[state.run_id]]
    assert told == [Status.PREPARING, Status.QUEUED, Status.RUNNING, Status.FINALIZING, Status.COMPLETED]
