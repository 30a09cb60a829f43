"""Ending a run on request."""

import time

from trainferry.errors import BackendError
from trainferry_ray.depot import Depot
from trainferry_ray.target import Ref, Target
from trainferry_ray.watching import status_of

_MARGIN = 60.0
"""Seconds beyond the grace period after which a run that hasn't ended is an error."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


def cancel(target: Target, ref: Ref) -> None:
    """End every process of a run and return when that is done; a run that has ended stays as it is.

    Takes the grace period and some seconds. BackendError if it will not end.
    """
    api = target.running_api()
    api.stop(ref.run_id)
    deadline, pause = time.monotonic() + target.settings.grace_seconds + _MARGIN, _FIRST_PAUSE
    helped = False
    while True:
        job = api.job(ref.run_id)
        status = status_of(target, api, ref.run_id, job)
        if status is None or (status.state.final and (job is None or job["status"] not in {"PENDING", "RUNNING"})):
            return
        if job is not None and job["status"] == "PENDING" and not helped and pause == _LONGEST_PAUSE:
            # Ray's own stop waits until the job has got its resources, which may be never.
            Depot(target).send("give_up_waiting", run_id=ref.run_id)
            helped = True
        if time.monotonic() > deadline:
            raise BackendError(
                f"the run {ref.run_id} has not ended {target.settings.grace_seconds + _MARGIN:.0f} s after it was asked"
                " to",
                remedy=f"look at it on the dashboard: {api.address}",
            )
        time.sleep(pause)
        pause = min(1.5 * pause, _LONGEST_PAUSE)
