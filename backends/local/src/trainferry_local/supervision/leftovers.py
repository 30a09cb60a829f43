"""Removing what a run no longer needs when its script has ended."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trainferry_local.supervision.layout import Run


def remove_inputs(run: Run) -> None:
    """Delete the copies of datasets that the run had; what can't be deleted stays. Links are deleted, not followed."""
    remove_folder(run.inputs)


def remove_folder(folder: str) -> None:
    """Delete a folder with all that is in it, as far as the system allows; links are deleted, not followed."""
    try:
        os.chmod(folder, 0o700)  # a read-only copy says no otherwise
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    remove_folder(entry.path)
                else:
                    os.unlink(entry.path)
        os.rmdir(folder)
    except OSError:
        pass  # the end of the run matters more; the copy costs room, nothing else
