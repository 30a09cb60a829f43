"""Starting one process of the script."""

from __future__ import annotations

import os

from trainferry_local.supervision import kernel, view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class StartFailed(Exception):
    """The script could not be started; the text says which step failed and why."""


def start(command: Sequence[str], variables: Mapping[str, str], work: str, log: str, seen: view.View) -> int:
    """Start a process that runs `command` in the folder `work`, all output appended to `log`; returns its id.

    It has a session of its own and no terminal, and is killed if this process dies. Returns when the program runs;
    raises StartFailed if it can't.
    """
    reader, writer = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _become(command, variables, work, log, seen, writer, parent)
    os.close(writer)
    with open(reader, encoding="utf-8", errors="replace") as stream:
        complaint = stream.read()  # ends when the exec succeeds, because it closes the other end
    if complaint:
        os.waitpid(child, 0)
        raise StartFailed(complaint)
    return child


def _become(
    command: Sequence[str],
    variables: Mapping[str, str],
    work: str,
    log: str,
    seen: view.View,
    complaints: int,
    parent: int,
) -> None:
    """In the child: become the script, or say why not and end."""
    step = "open the log"
    try:
        os.setsid()
        kernel.default_signals()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        if seen:
            step = "set up the isolation"
            view.enter(seen)
        step = f"enter {work}"
        os.chdir(work)
        step = f"start {command[0]}"
        kernel.die_with_parent(parent)  # last, because a change of rights would undo it
        os.execve(command[0], list(command), dict(variables))
    except BaseException as error:  # noqa: BLE001  (told to the parent, whatever it is)
        reason = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        where = (
            f" ({error.filename})" if isinstance(error, OSError) and error.filename not in {None, command[0]} else ""
        )
        os.write(complaints, f"can't {step}: {reason}{where}".encode(errors="replace"))
    os._exit(127)
