"""Checks of the Python that would run, read as syntax trees and never run.

`program` finds the modules that the script reaches, `names` and `values` say what their names and texts stand for, and
one module for each subject looks for what would fail, cost or lose something on the target's nodes.
"""

import logging
from collections.abc import Iterator
from importlib import import_module

from trainferry.checks.context import Context
from trainferry.checks.rules import found
from trainferry.specs.finding import Finding

SUBJECTS = (
    "importing",
    "lazy",
    "local_paths",
    "reading",
    "dataset_paths",
    "writing",
    "volume",
    "keras_files",
    "keras_metrics",
    "class_count",
    "class_count_torch",
    "keras_calls",
    "leftovers",
    "node",
    "removed",
    "session",
    "fetching",
    "hardware",
    "memory",
    "processes",
    "outcome",
    "json_values",
)
"""Modules of this package; each has `check(context)`."""

_log = logging.getLogger(__name__)


def check(context: Context) -> Iterator[Finding]:
    """All that the subjects find. One that fails costs its own findings and a note, never the job."""
    if context.program is None or not context.program.modules:
        return
    for name in SUBJECTS:
        subject = import_module(f"trainferry.checks.code.{name}")
        try:
            yield from subject.check(context)
        except Exception as error:  # noqa: BLE001  (as the docstring says)
            _log.exception("the check of %s failed", name)
            message = (
                f"the check of {name.replace('_', ' ')} could not be made ({type(error).__name__}: "
                f"{error}); please report this"
            )
            yield found(context.job, "check-broken", message, at=("script",))
