"""The hooks of the rehearsal, a part of `trainferry.hookspecs`: what a target is like, and running like there."""

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from trainferry.results import Evidence
    from trainferry.specs.job import Job
    from trainferry.specs.plan import Plan
    from trainferry.specs.rehearsal import RehearsalRules

hookspec = pluggy.HookspecMarker("trainferry")


@hookspec(firstresult=True)
def rehearsal_rules(job: "Job") -> "RehearsalRules | None":
    """Return what the target's nodes are like, so that a rehearsal on this machine meets the same.

    >>> from trainferry import Job
    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.specs import RehearsalRules
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def rehearsal_rules(self):
    ...         return RehearsalRules(network=False)
    >>> Backend("mill", Mill()).rehearsal_rules(Job(name="j", script="a.py")).network
    False
    """


@hookspec(firstresult=True)
def plan_rehearsal(job: "Job", run_id: str, rules: "RehearsalRules") -> "Plan | None":
    """Return the actions that run the job on this machine under the rules of another target; change nothing yet.

    Only a backend whose nodes are this machine can. The script gets a home and a folder for temporary files of its own,
    no terminal, and what is in `trainferry.rehearsing.witness_folder()` on its PYTHONPATH.

    >>> from trainferry import Job, Plan
    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.specs import Action, RehearsalRules
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def plan_rehearsal(self, job, run_id, rules):
    ...         payload = {"s": job.script, "network": rules.network}
    ...         submit = Action(kind="submit", resource="run:" + run_id, summary="grind a handful", payload=payload)
    ...         return Plan(run_id=run_id, backend="mill", job=job, actions=(submit,))
    >>> rules = RehearsalRules(network=False)
    >>> Backend("mill", Mill()).plan_rehearsal(Job(name="j", script="a.py"), "j-1", rules).actions[0].payload["network"]
    False
    """


@hookspec(firstresult=True)
def rehearsal_evidence(ref: str) -> "Evidence | None":
    """Return what a rehearsal showed: the witness's notes, and files that it wrote beside outputs/ and logs/.

    >>> from trainferry.backend import Backend
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.results import Evidence, FileEntry
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def rehearsal_evidence(self, ref):
    ...         return Evidence(events=[{"kind": "start"}], strays=[FileEntry("home/flour.bin", size=1000)])
    >>> Backend("mill", Mill()).rehearsal_evidence("j-1").strays[0].path
    'home/flour.bin'
    """
