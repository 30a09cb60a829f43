"""The rules about the folder that travels."""

from collections.abc import Mapping

from trainferry.checks.rules.rule import E, Rule, W

RULES: Mapping[str, Rule] = {
    "ignore-pattern": Rule(
        E,
        "A line of the ignore file is no pattern",
        "It would leave out something else than it was meant to, perhaps nothing.",
        "Write it as in a .gitignore.",
        example="!   # a line of .ferryignore",
    ),
    "link-broken": Rule(
        E,
        "A link points at nothing",
        "It can't travel, and what it stood for would be missing.",
        "Mend or remove it, or list it in .ferryignore.",
        example="ln -s nowhere.py src/settings.py",
    ),
    "link-circle": Rule(
        E,
        "A link leads in a circle",
        "A copy of it would have no end.",
        "Remove it, or list it in .ferryignore.",
        example="ln -s .. src/loop",
    ),
    "link-leads-out": Rule(
        E,
        "A link leads out of the source folder",
        "What it points at doesn't travel, and a job could carry off files by accident.",
        "Copy what it points at into the source folder, or make it a dataset.",
        example="ln -s ../shared/settings.py src/settings.py",
    ),
    "link-to-excluded": Rule(
        E,
        "A link points at something that never travels",
        "Following it would carry off a secret, a version history or an environment.",
        "Remove it, or list it in .ferryignore.",
        example="ln -s .env src/settings",
    ),
    "name-not-utf8": Rule(
        E,
        "A file name is not valid UTF-8",
        "Other systems would show or store it under another name.",
        "Rename the file.",
        example="a file that an old Windows program named in Latin-1",
    ),
    "not-a-file": Rule(
        W,
        "A socket, pipe or device stays at home",
        "Only files travel.",
        "List it in .ferryignore to silence this.",
        example="mkfifo src/pipe",
    ),
    "results-hold-code": Rule(
        W,
        "outputs/ or logs/ holds Python files",
        "Both stay at home, since a run writes there; the script couldn't import from them.",
        "Rename the folder if the script needs it.",
        example="from outputs.model import Net",
    ),
    "script-backslash": Rule(
        E,
        "The script's path has backslashes",
        "Only Windows takes them for separators; elsewhere they are part of a name.",
        "Write forward slashes.",
        example="script: src\\train.py",
    ),
    "script-excluded": Rule(
        E,
        "The script doesn't travel",
        "An ignore file, or a rule of what never travels, leaves it out; the run would not find it.",
        "Change the ignore file, or move the script.",
        example="script: train.py   # and *.py in .ferryignore",
    ),
    "script-missing": Rule(
        E,
        "The script is not there",
        "There is nothing to run.",
        "Correct its path, which is relative to the source folder, in upper and lower case as on the disk.",
        example="script: Train.py   # the file is train.py",
    ),
    "script-not-python": Rule(
        E,
        "The script is no Python file",
        "It is given to Python to run.",
        "Name the Python file that does the training.",
        example="script: run.sh",
    ),
    "script-outside": Rule(
        E,
        "The script lies outside of the source folder",
        "Only the source folder travels.",
        "Let source name a folder that holds it, and write the script relative to that.",
        example="script: ../train.py",
    ),
    "source-large": Rule(
        W,
        "The source folder is large",
        "It is copied for every run; Azure ML refuses more than 300 MB.",
        "List what the script doesn't need in .ferryignore, and make data a dataset, which is uploaded once.",
        example="source: .   # with a folder of downloads in it",
    ),
    "source-missing": Rule(
        E,
        "The source folder is not there",
        "There is nothing to send.",
        "Correct source, which is relative to the job file.",
        example="source: scr",
    ),
    "source-unreadable": Rule(
        E,
        "Something in the source folder can't be read",
        "It can't travel, and the script may need it.",
        "Make it readable, or list it in .ferryignore.",
        example="chmod 000 src/secret",
    ),
}
