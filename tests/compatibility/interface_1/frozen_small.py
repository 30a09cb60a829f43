"""The smallest backend of interface version 1: the four hooks that every backend has, with as few arguments as may be."""

from trainferry.errors import RunNotFound
from trainferry.hookspecs import hookimpl
from trainferry.results import LogChunk
from trainferry.specs import Action, ActionResult, Plan, RunState, RunStatus


class Small:
    interface_version = 1

    @hookimpl
    def plan(self, job, run_id):
        submit = Action(kind="submit", resource=f"run:{run_id}", summary="start it", payload={"script": job.script})
        return Plan(run_id=run_id, backend="frozen-small", job=job, actions=(submit,))

    @hookimpl
    def apply(self, action):
        return ActionResult(ref=action.resource)

    @hookimpl
    def poll(self, refs):
        return {ref: RunStatus(RunState.COMPLETED, exit_code=0) for ref in refs if ref.startswith("run:")}

    @hookimpl
    def read_log(self, ref):
        if not ref.startswith("run:"):
            raise RunNotFound(f"no run {ref}")
        return LogChunk("done\n", cursor="5", finished=True)
