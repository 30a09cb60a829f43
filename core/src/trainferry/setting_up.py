"""The once-only set-up of a job's target: what of a plan needs the user's consent, and what can be removed again."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from trainferry.errors import FerryError
from trainferry.specs.plan import Action, ActionKind

if TYPE_CHECKING:
    from trainferry.specs.plan import Plan


def needs_consent(plan: "Plan") -> list[Action]:
    """The actions that make something which only 'ferry up' may make, having shown it."""
    return [action for action in plan.actions if action.consent and action.kind is not ActionKind.REUSE]


def refuse_without_consent(plan: "Plan") -> None:
    """Raise FerryError if a submit would make something that the user has to agree to first."""
    for action in needs_consent(plan):
        raise FerryError(
            f"nothing was submitted: first somebody has to agree to this: {action.summary}",
            remedy="'ferry up JOB' shows all that will be made, asks, and makes it",
        )


def removable(plan: "Plan", kinds: Iterable[str] = (), *, everything: bool = False) -> list[str]:
    """What of a plan's resources is there, the last one first: the order in which to remove them.

    `kinds` limits them to some types, such as `compute`. What was made with consent, and may hold more than this job's
    things, is left out unless `everything` or `kinds` names it.
    """
    wanted = set(kinds)
    there = [action for action in plan.actions if action.kind is ActionKind.REUSE]
    chosen = [
        action.resource
        for action in there
        if (action.resource.partition(":")[0] in wanted if wanted else everything or not action.consent)
    ]
    return list(dict.fromkeys(reversed(chosen)))
