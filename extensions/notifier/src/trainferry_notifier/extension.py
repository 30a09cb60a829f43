"""The notifier: it hears when a run changes its state, and tells a program or a web address of the ends.

It hears what a client notices: `ferry run`, `logs -f`, `wait` or `runs`, whichever looks first. Each end is told once.
What goes wrong in the telling is one line in the log, and never hurts the run.
"""

import logging
from typing import TYPE_CHECKING

from trainferry.hookspecs import hookimpl

if TYPE_CHECKING:
    from trainferry.specs import RunRecord, RunState
    from trainferry_notifier.settings import NotifierSettings

log = logging.getLogger(__name__)


class Notifier:
    """Tells somebody that a run has ended."""

    interface_version = 1

    @hookimpl
    def settings_model(self) -> "type[NotifierSettings]":
        """Give the settings `[extension_settings.notifier]`."""
        from trainferry_notifier.settings import NotifierSettings

        return NotifierSettings

    @hookimpl
    def configure(self, settings: "NotifierSettings") -> bool:
        """Take whom to tell."""
        self._settings = settings
        return True

    @hookimpl
    def run_changed(self, run: "RunRecord", old: "RunState", new: "RunState") -> None:
        """Tell everybody who is to know; one who can't be told doesn't keep it from the others."""
        if str(new) not in self._settings.states:
            return
        from trainferry.masking import mask_text
        from trainferry_notifier import telling

        message = telling.message_of(run, old, new)
        for tell in (telling.tell_command, telling.tell_address):
            try:
                tell(self._settings, message)
            except Exception as error:  # noqa: BLE001  (whatever it is, the run goes on)
                log.warning("the notifier could not tell of %s: %s", run.id, mask_text(str(error)))
