"""What never travels, whatever the ignore file says: histories, secrets, environments, caches, earlier results."""

import contextlib
import os

HISTORIES = frozenset({".git", ".hg", ".svn"})
SECRETS = frozenset(
    {
        ".env",
        ".netrc",
        ".pypirc",
        ".git-credentials",
        ".aws",
        ".azure",
        ".ssh",
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
    }
)
"""Besides these, every name that starts with `.env.` is taken for a file of secrets."""
CACHES = frozenset(
    {
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".ipynb_checkpoints",
        "node_modules",
        ".trainferry",
        ".DS_Store",
    }
)
RESULTS = frozenset({"outputs", "logs"})
"""Folders at the top of the source that a run writes; what lies there would pass for a result of the new run."""

FETCHED = ".trainferry-fetched"
"""File that `mark_fetched` leaves in a folder: there, too, RESULTS are what a run wrote, whoever fetched it."""
_MARK = """\
outputs/ and logs/ beside this file were fetched from a run. They stay at home when a job's source folder travels.
Make them a dataset of the job if it needs them, or remove this file to let them travel.
"""

_NEVER = HISTORIES | SECRETS | CACHES


def never_travels(name: str) -> bool:
    """Whether a file or folder of this name stays at home, at any depth."""
    return name in _NEVER or name.startswith((".env.", FETCHED))


def is_made_here(folder: str) -> bool:
    """Whether a folder is a virtual environment or the home of a run store, told by a file in it, whatever its name."""
    return any(os.path.exists(os.path.join(folder, sign)) for sign in ("pyvenv.cfg", "runs.sqlite3"))


def was_fetched(folder: str) -> bool:
    """Whether `outputs` and `logs` in a folder were fetched from a run, as `mark_fetched` says."""
    return os.path.exists(os.path.join(folder, FETCHED))


def mark_fetched(folder: str) -> None:
    """Mark a folder, made if need be, as one that files of a run are fetched to. Where that can't be, it isn't."""
    mark = os.path.join(folder, FETCHED)
    part = f"{mark}.{os.getpid()}.part"
    with contextlib.suppress(OSError):
        os.makedirs(folder, exist_ok=True)
        with open(part, "w", encoding="utf-8") as stream:
            stream.write(_MARK)
        os.replace(part, mark)
