"""The hook about findings, a part of `trainferry.hookspecs`: what a backend's own findings mean."""

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainferry.checks.rules import Rule

hookspec = pluggy.HookspecMarker("trainferry")


@hookspec(firstresult=True)
def rules() -> "Mapping[str, Rule] | None":
    """Return what the backend's own findings mean, by their ids: `ferry explain`, SARIF and the reference show it.

    >>> from trainferry.backend import Backend
    >>> from trainferry.checks.rules import Rule
    >>> from trainferry.hookspecs import hookimpl
    >>> from trainferry.specs import Severity
    >>> class Mill:
    ...     interface_version = 1
    ...     @hookimpl
    ...     def rules(self):
    ...         why = "Nothing turns the stones."
    ...         return {"no-water": Rule(Severity.ERROR, "The brook is dry", why, "Wait for rain.", example="July")}
    >>> Backend("mill", Mill()).rules()["no-water"].how
    'Wait for rain.'
    """
