"""What never travels, whatever the ignore file says: histories, secrets, environments, caches, earlier results."""

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

_NEVER = HISTORIES | SECRETS | CACHES


def never_travels(name: str) -> bool:
    """Whether a file or folder of this name stays at home, at any depth."""
    return name in _NEVER or name.startswith(".env.")


def is_made_here(folder: str) -> bool:
    """Whether a folder is a virtual environment or the home of a run store, told by a file in it, whatever its name."""
    return any(os.path.exists(os.path.join(folder, sign)) for sign in ("pyvenv.cfg", "runs.sqlite3"))
