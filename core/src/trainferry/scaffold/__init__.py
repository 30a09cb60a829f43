"""Writing a new backend: a distribution that installs, runs a job, and keeps the promises that it makes.

The template beside this module is itself a working distribution, for a backend called `newbackend`; making a new one is
putting another name in its place.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from trainferry import __version__
from trainferry.errors import ConfigError, FerryError
from trainferry.plugins import BACKENDS, entries

TEMPLATE = Path(__file__).with_name("template")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 40
"""Most characters of a name: it becomes part of file names, and of what users type."""
RESERVED = frozenset({"core", "newbackend", "testing"})
"""Names whose distribution or module would be taken for one of Trainferry's own."""


def check_name(name: str) -> None:
    """Raise ConfigError if a backend can't be called that, saying what would do."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")[:LONGEST].strip("-")
        hint = f"such as: ferry new-backend {better}" if better else "such as: ferry new-backend slurm"
        raise ConfigError(
            f"a backend can't be called {name!r}: it takes lower-case letters, digits and single dashes, starts with a "
            f"letter, and has at most {LONGEST} characters",
            remedy=hint,
        )
    if name in RESERVED:
        raise ConfigError(f"the name '{name}' is Trainferry's own", remedy="take another, such as that of the target")
    taken = next((entry for entry in entries(BACKENDS) if entry.name == name), None)
    if taken is not None:
        raise ConfigError(
            f"there is a backend of that name already: {taken}",
            remedy=f"take another name, or uninstall it: pip uninstall {taken.distribution}",
        )


def new_backend(name: str, folder: Path) -> list[Path]:
    """Write the distribution of a new backend to `folder`; returns its files, relative to it.

    Made under another name and renamed, so that it is whole or not there. ConfigError for a name that can't be one, and
    FerryError if the folder is there and holds something, or can't be written.
    """
    check_name(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FerryError(f"{folder} is there already", remedy="name another folder: --to FOLDER")
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        written = sorted(_write(name, draft))
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    except OSError as error:
        raise FerryError(
            f"can't write to {folder}: {error.strerror}", remedy="name another folder: --to FOLDER"
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return written


def _write(name: str, draft: Path) -> Iterator[Path]:
    module = name.replace("-", "_")
    for source in TEMPLATE.rglob("*"):
        path = source.relative_to(TEMPLATE)
        if source.is_file() and "__pycache__" not in path.parts:
            home = Path(path.as_posix().replace("newbackend", module).replace("gitignore", ".gitignore"))
            (draft / home).parent.mkdir(parents=True, exist_ok=True)
            (draft / home).write_text(_named(source.read_text(encoding="utf-8"), name), encoding="utf-8")
            yield home


def _named(text: str, name: str) -> str:
    """The text of a template with the backend's name in it."""
    major, minor, *_ = __version__.split(".")
    words = {
        ">=0.0.0,<0.0.1": f">={__version__},<{major}.{int(minor) + 1}",
        "trainferry_newbackend": f"trainferry_{name.replace('-', '_')}",
        "NewBackend": "".join(part.capitalize() for part in name.split("-")),
        "newbackend": name,
    }
    for old, new in words.items():
        text = text.replace(old, new)
    return text
