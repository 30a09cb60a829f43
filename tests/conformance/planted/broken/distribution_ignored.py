"""A job for two nodes runs on one, without a word."""

from trainferry_mill.plugin import Mill

from trainferry.hookspecs import hookimpl
from trainferry.specs import Job, Plan

CAUGHT_BY = "test_several_processes_are_given_or_refused[pytorch]"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def plan(self, job: Job, run_id: str) -> Plan:
        """Leave out what it can't do."""
        plan = super().plan(job, run_id)
        return plan.model_copy(update={"findings": ()})
