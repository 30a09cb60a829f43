"""A plan leaves something behind on this machine."""

from trainferry_mill.plugin import Mill

from trainferry.hookspecs import hookimpl
from trainferry.specs import Job, Plan

CAUGHT_BY = "test_planning_changes_nothing_on_this_machine"


class Broken(Mill):
    """The correct backend with this mistake."""

    @hookimpl
    def plan(self, job: Job, run_id: str) -> Plan:
        """Make the folder for the run already."""
        (self.home / run_id).mkdir(parents=True)
        return super().plan(job, run_id)
