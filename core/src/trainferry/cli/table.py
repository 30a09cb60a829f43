"""The table of commands: all that `ferry --help` reads. A command's module is imported when it is asked for."""

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("Run", "check, plan and submit a job, then follow it"),
    "plan": ("Run", "show what running a job would do; change nothing"),
    "up": ("Run", "make what a job needs at the target, once: nothing runs"),
    "down": ("Run", "remove what 'ferry up' made"),
    "check": ("Run", "find what is wrong with a job without leaving this machine"),
    "dry-run": ("Run", "find out here whether a job would run there: check, resolve, plan, rehearse"),
    "rehearse": ("Run", "run the script on a sample, here, under the target's rules"),
    "explain": ("Run", "tell more about a finding"),
    "runs": ("Watch", "list runs"),
    "show": ("Watch", "show one run: state, files, metrics"),
    "logs": ("Watch", "print the log of a run, or follow it with -f"),
    "wait": ("Watch", "wait until runs have ended"),
    "cancel": ("Watch", "end runs and every process of theirs"),
    "fetch": ("Watch", "bring the files of a run to a folder"),
    "rm": ("Watch", "forget runs that have ended, and remove their files here"),
    "compare": ("Compare", "put runs side by side: settings, metrics, time, cost"),
    "plot": ("Compare", "draw the metrics of runs, here or as a PNG"),
    "init": ("Set up", "write a job file and a script to start from"),
    "config": ("Set up", "show every setting and where it came from"),
    "backends": ("Set up", "list the installed backends, or what one can do"),
    "doctor": ("Set up", "try what backends need, and say what is missing"),
    "emulate": ("Set up", "run a cloud on this machine, to practise on"),
    "schema": ("Set up", "write the JSON Schema of job files, for editors"),
    "completion": ("Set up", "write the completion script of a shell"),
}
"""Group and summary of every command by its name, in the order of the help."""
