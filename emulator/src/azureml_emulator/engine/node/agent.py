"""The agent's process: from an assignment to the end of every process it started.

Its standard input is its tie to the emulator: the first line is the assignment, a later line asks for the end, and the
end of the input means that the emulator is gone, killed perhaps, and nothing may be left behind.
"""

import fcntl
import json
import os
import select

from azureml_emulator.engine.node import kernel, tree
from azureml_emulator.engine.node.assignment import Assignment, Process, Status, write_status
from azureml_emulator.engine.node.workplace import NotPrepared, prepare

_LONGEST_WAIT = 500
"""Milliseconds between two looks for orphans that have ended."""


def main() -> None:
    """Do what standard input says; returns when nothing of it is left."""
    assignment: Assignment = json.loads(_first_line())
    lock = os.open(assignment["lock"], os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    if assignment["separate"]:
        _separate()
    else:
        kernel.adopt_orphans()
    _Agent(assignment).run()


def _first_line() -> bytes:
    """Read byte by byte up to a line's end: what follows belongs to the poll."""
    line = bytearray()
    while chunk := os.read(0, 1):
        if chunk == b"\n":
            break
        line += chunk
    return bytes(line)


def _separate() -> None:
    """Go on as the first process of a namespace: whatever way it ends, the kernel kills all others in it.

    The process that was started stays outside and waits: through it the emulator sees the node's mounts.
    """
    kernel.separate()
    inner = os.fork()
    if inner:
        os.close(0)
        _, status = os.waitpid(inner, 0)
        os._exit(0 if status == 0 else 1)
    kernel.die_with_parent()
    kernel.show_own_processes()


class _Agent:
    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.places: dict[int, int] = {}
        """Place in the assignment of each process, by process id."""
        self.ended: dict[int, int] = {}
        self.status: Status = {"phase": "preparing", "codes": {}, "error": "", "errno": 0, "abandoned": False}

    def run(self) -> None:
        self._tell()
        try:
            prepare(self.assignment)
            for place, process in enumerate(self.assignment["processes"]):
                self.places[start(process, self.assignment["work"])] = place
            self.status["phase"] = "running"
            self._tell()
        except NotPrepared as error:
            self.status["error"], self.status["errno"] = str(error), error.errno
        else:
            self._watch()
        if not tree.end_all(self.assignment["grace"]) and not self.status["error"]:
            self.status["error"] = "some processes could not be ended"
        self.status["phase"] = "ended"
        self._tell()
        while not self.status["abandoned"] and os.read(0, 4096):
            pass  # stay, so that the node's disk can be looked at, until the emulator lets go

    def _tell(self) -> None:
        write_status(self.assignment["status"], self.status)

    def _watch(self) -> None:
        """Note exit codes until the emulator asks for the end, or is gone."""
        poll = select.poll()
        poll.register(0, select.POLLIN | select.POLLHUP)
        handles = {os.pidfd_open(process): process for process in self.places}
        for handle in handles:
            poll.register(handle, select.POLLIN)
        while True:
            events = poll.poll(_LONGEST_WAIT)
            tree.reap(self.ended)
            codes = {str(self.places[process]): code for process, code in self.ended.items() if process in self.places}
            if codes != self.status["codes"]:
                self.status["codes"] = codes
                self._tell()
            for handle, _ in events:
                if handle == 0:
                    self.status["abandoned"] = not os.read(0, 4096)
                    return
                poll.unregister(handle)
                os.close(handle)


def start(process: Process, work: str) -> int:
    """Start a process in the folder `work`, with a session of its own, no terminal and no input; returns its id.

    NotPrepared if the program can't be run.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _become(process, work, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        code = stream.read()  # ends when the exec succeeds, because that closes the other end
    if code:
        os.waitpid(child, 0)
        raise NotPrepared(f"start {process['command'][0]}", OSError(int(code), os.strerror(int(code))))
    return child


def _become(process: Process, work: str, complaints: int) -> None:
    """In the child: become the program, or send the number of the error."""
    try:
        os.setsid()
        kernel.die_with_parent()
        kernel.default_signals()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        log = os.open(process["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir(work)
        os.execve(process["command"][0], process["command"], process["variables"])
    except OSError as error:
        os.write(complaints, str(error.errno).encode())
    except BaseException:  # noqa: BLE001  (the forked child must not go on as an agent)
        os.write(complaints, b"22")
    os._exit(127)
