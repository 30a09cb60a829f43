"""The table of commands: all that `ferry --help` reads. A command's module is imported when it is asked for."""

from typing import NamedTuple


class Command(NamedTuple):
    """One line of `ferry --help`."""

    group: str
    summary: str


COMMANDS: dict[str, Command] = {
    "run": Command("Run", "check, plan and submit a job, then follow it"),
    "plan": Command("Run", "show what running a job would do; change nothing"),
    "check": Command("Run", "find what is wrong with a job without leaving this machine"),
    "runs": Command("Watch", "list runs"),
    "show": Command("Watch", "show one run: state, files, metrics"),
    "logs": Command("Watch", "print the log of a run, or follow it with -f"),
    "wait": Command("Watch", "wait until runs have ended"),
    "cancel": Command("Watch", "end runs and every process of theirs"),
    "fetch": Command("Watch", "bring the files of a run to a folder"),
    "rm": Command("Watch", "forget runs that have ended, and remove their files here"),
    "compare": Command("Compare", "put runs side by side: settings, metrics, time, cost"),
    "plot": Command("Compare", "draw the metrics of runs, here or as a PNG"),
    "init": Command("Set up", "write a job file and a script to start from"),
    "config": Command("Set up", "show every setting and where it came from"),
    "backends": Command("Set up", "list the installed backends, or what one can do"),
    "doctor": Command("Set up", "try what backends need, and say what is missing"),
    "schema": Command("Set up", "write the JSON Schema of job files, for editors"),
    "completion": Command("Set up", "write the completion script of a shell"),
}
"""Every command by name, in the order of the help."""
