"""The supervisor's life: take runs from the queue, one after the other, until there are none."""

from __future__ import annotations

import os
import sys
import time

from trainferry_local.supervision import execution, kernel, locks, queueing, states, tree
from trainferry_local.supervision.leftovers import remove_inputs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trainferry_local.supervision.layout import Run

SLOT = 3
"""Descriptor of the slot's lock, taken by whoever started this process: so there is never a moment without a holder."""


TROUBLE = 3
"""Exit code when a run could not be claimed; the reason is in the supervisor's log."""


def main(home: str) -> None:
    """Work until the queue is empty. One process for each slot; the script's processes are its descendants."""
    os.set_inheritable(SLOT, False)  # noqa: FBT003  (positional only)
    os.closerange(SLOT + 1, 4096)
    os.chdir(home)
    kernel.become_subreaper()
    skipped: set[str] = set()
    while True:
        claimed = queueing.claim_next(home, skipped)
        if claimed is not None:
            _take(*claimed)
            continue
        locks.free(SLOT)
        # A run that was queued just now found the slot taken and relies on us.
        left = skipped.intersection(waiting := queueing.waiting(home))
        if len(left) == len(waiting) or not locks.try_again(SLOT):
            os._exit(TROUBLE if left else 0)  # a run that another supervisor was faster to claim is no trouble


def _take(run: Run, lock: int) -> None:
    """Carry a claimed run to its end; whatever goes wrong here is written down as the run's failure."""
    try:
        state = execution.execute(run)
    except Exception as error:  # noqa: BLE001  (the run must end in a state that says what happened)
        sys.excepthook(*sys.exc_info())
        tree.end_all({}, 0)
        now = time.time()
        state = states.State(states.FAILED, reason=f"the supervisor failed: {error}", started=now, ended=now)
    remove_inputs(run)
    states.write_last_state(run, state)
    locks.release(lock)
