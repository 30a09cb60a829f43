"""Every rule of the core's checks: its severity, why it matters, how to mend it. Messages and documentation use it."""

from collections.abc import Mapping
from dataclasses import dataclass

from trainferry.errors import Location
from trainferry.specs.finding import Finding, Severity
from trainferry.specs.job import Job

Path = tuple[str | int, ...]

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of finding means."""

    severity: Severity
    title: str
    why: str
    how: str


RULES: Mapping[str, Rule] = {
    "argument-bool": Rule(
        W,
        "An option of type bool is given a word for false",
        "argparse turns any text but the empty one into True, so that the run does the opposite of what was asked.",
        "In the script, use action=argparse.BooleanOptionalAction; in the job, --name or --no-name.",
    ),
    "argument-missing": Rule(
        E,
        "An argument that the script requires is not given",
        "The script would end with exit code 2 as soon as it starts, after the queue and the set-up.",
        "Add it to arguments in the job file.",
    ),
    "argument-two-in-one": Rule(
        W,
        "One list item holds an option and its value",
        "Arguments arrive exactly as written, without a shell; the script sees one argument with a space in it.",
        "Write two items: the option, and its value.",
    ),
    "argument-unknown": Rule(
        E,
        "The script has no such option",
        "The script would end with exit code 2 as soon as it starts, after the queue and the set-up.",
        "Correct the name, or add the option to the script.",
    ),
    "argument-value": Rule(
        E,
        "The script refuses the value of an option",
        "argparse checks types and choices; the script would end with exit code 2 as soon as it starts.",
        "Give a value of the type, or one of the choices, that the script asks for.",
    ),
    "dataset-empty": Rule(
        E,
        "A dataset holds no file",
        "A folder without files is uploaded without complaint and found empty by the script, minutes later.",
        "Fill it, or correct its path in the job file.",
    ),
    "dataset-holds-source": Rule(
        W,
        "A dataset holds the source folder",
        "Code, version history and results of earlier runs would all be uploaded as data.",
        "Point the dataset at the folder that holds the data alone.",
    ),
    "dataset-missing": Rule(
        E,
        "A dataset is not there",
        "There is nothing to mount or upload.",
        "Correct its path, which is relative to the job file.",
    ),
    "dataset-unreadable": Rule(
        E,
        "A dataset can't be read",
        "It can be neither mounted nor uploaded as it is.",
        "Give yourself the right to read it: chmod -R u+rX.",
    ),
    "dataset-unused": Rule(
        W,
        "No argument mentions a dataset",
        "It would be mounted or uploaded, but the script is not told where it is.",
        "Pass it on as ${{ datasets.NAME }}, or take it out.",
    ),
    "ignore-pattern": Rule(
        E,
        "A line of the ignore file is no pattern",
        "It would leave out something else than it was meant to, perhaps nothing.",
        "Write it as in a .gitignore.",
    ),
    "link-broken": Rule(
        E,
        "A link points at nothing",
        "It can't travel, and what it stood for would be missing.",
        "Mend or remove it, or list it in .ferryignore.",
    ),
    "link-circle": Rule(
        E,
        "A link leads in a circle",
        "A copy of it would have no end.",
        "Remove it, or list it in .ferryignore.",
    ),
    "link-leads-out": Rule(
        E,
        "A link leads out of the source folder",
        "What it points at doesn't travel, and a job could carry off files by accident.",
        "Copy what it points at into the source folder, or make it a dataset.",
    ),
    "link-to-excluded": Rule(
        E,
        "A link points at something that never travels",
        "Following it would carry off a secret, a version history or an environment.",
        "Remove it, or list it in .ferryignore.",
    ),
    "name-not-utf8": Rule(
        E,
        "A file name is not valid UTF-8",
        "Other systems would show or store it under another name.",
        "Rename the file.",
    ),
    "no-timeout": Rule(
        N,
        "The job has no timeout",
        "A script that hangs keeps its machine, and is paid for, until somebody looks.",
        "Give it a generous one, such as timeout: 2h.",
    ),
    "not-a-file": Rule(
        W,
        "A socket, pipe or device stays at home",
        "Only files travel.",
        "List it in .ferryignore to silence this.",
    ),
    "placeholder-misplaced": Rule(
        W,
        "A placeholder stands where none is replaced",
        "Only arguments have ${{ ... }} replaced; here the script would see it literally.",
        "Pass the path on as an argument.",
    ),
    "placeholder-unclosed": Rule(
        E,
        "A placeholder is not closed",
        "The script would see it literally, as a path that is not there.",
        "Close it with two braces: ${{ datasets.NAME }}.",
    ),
    "placeholder-unknown": Rule(
        E,
        "A placeholder names nothing that there is",
        "There is no path to put in its place.",
        "Name one of the job's datasets: ${{ datasets.NAME }}.",
    ),
    "python-unquoted": Rule(
        W,
        "A Python version is written without quotes",
        "YAML reads 3.10 as the number 3.1; Trainferry doesn't, other tools do.",
        'Put it in quotes: python: "3.10".',
    ),
    "results-hold-code": Rule(
        W,
        "outputs/ or logs/ holds Python files",
        "Both stay at home, since a run writes there; the script couldn't import from them.",
        "Rename the folder if the script needs it.",
    ),
    "script-backslash": Rule(
        E,
        "The script's path has backslashes",
        "Only Windows takes them for separators; elsewhere they are part of a name.",
        "Write forward slashes.",
    ),
    "script-excluded": Rule(
        E,
        "The script doesn't travel",
        "An ignore file, or a rule of what never travels, leaves it out; the run would not find it.",
        "Change the ignore file, or move the script.",
    ),
    "script-missing": Rule(
        E,
        "The script is not there",
        "There is nothing to run.",
        "Correct its path, which is relative to the source folder, in upper and lower case as on the disk.",
    ),
    "script-not-python": Rule(
        E,
        "The script is no Python file",
        "It is given to Python to run.",
        "Name the Python file that does the training.",
    ),
    "script-outside": Rule(
        E,
        "The script lies outside of the source folder",
        "Only the source folder travels.",
        "Let source name a folder that holds it, and write the script relative to that.",
    ),
    "script-syntax": Rule(
        E,
        "The script is not valid Python",
        "It would end as soon as it starts, after the queue and the set-up.",
        "Correct the line.",
    ),
    "source-large": Rule(
        W,
        "The source folder is large",
        "It is copied for every run; Azure ML refuses more than 300 MB.",
        "List what the script doesn't need in .ferryignore, and make data a dataset, which is uploaded once.",
    ),
    "source-missing": Rule(
        E,
        "The source folder is not there",
        "There is nothing to send.",
        "Correct source, which is relative to the job file.",
    ),
    "source-unreadable": Rule(
        E,
        "Something in the source folder can't be read",
        "It can't travel, and the script may need it.",
        "Make it readable, or list it in .ferryignore.",
    ),
}


def found(job: Job, rule: str, message: str, remedy: str = "", *, at: Path | Location | None = None) -> Finding:
    """A finding of a rule. `at` is a path in the job file, whose nearest known place is taken, or a place elsewhere."""
    where = at if isinstance(at, Location) else place_in_job(job, at or ())
    return Finding(
        id=rule,
        severity=RULES[rule].severity,
        message=message,
        remedy=remedy or RULES[rule].how,
        file=where.file if where else None,
        line=where.line if where else None,
        column=where.column if where else None,
    )


def place_in_job(job: Job, path: Path) -> Location | None:
    """Where a path of the job stands in its file; the nearest thing around it, or None if it comes from no file."""
    marks = job.origin.marks
    while path not in marks and path:
        path = path[:-1]
    return marks.get(path) or (Location(job.origin.file) if job.origin.file else None)
