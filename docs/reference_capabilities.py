"""Makes docs/reference/capabilities.md from what the backends of this repository implement."""

import inspect
import tomllib
from pathlib import Path

from trainferry.backend import Backend
from trainferry.hookspecs import REQUIRED
from trainferry.plugins import load_backend
from trainferry.testing.requirements import TOLD, hooks

ROOT = Path(__file__).parent.parent
INTRODUCTION = """\
Which hooks each backend of this repository implements. Nobody writes this down: it is read from the plugins, as
`ferry backends NAME` does, and the [conformance kit](conformance.md) asks that each claim is kept, and that asking for
what is missing raises `CapabilityMissing`."""


def capabilities_page() -> str:
    """The page: a line for each hook, a column for each backend."""
    backends = {name: load_backend(name) for name in names()}
    known = hooks()
    parts = ["# What each backend can do", INTRODUCTION]
    sections = {
        "Every backend has these": [name for name in known if name in REQUIRED],
        "A backend may have these": [name for name in known if name not in (*REQUIRED, *TOLD)],
        "Without these there is nothing to set, to find, to explain or to hear": [*TOLD],
    }
    for title, some in sections.items():
        head = f"| hook | {' | '.join(backends)} | what it does |\n|---|{'---|' * len(backends)}---|"
        parts += [f"## {title}", "\n".join([head, *(row(name, known[name], backends) for name in some)])]
    return "\n\n".join(parts) + "\n"


def names() -> list[str]:
    """The backends of this repository, by their entry points."""
    found: set[str] = set()
    for file in (ROOT / "backends").glob("*/pyproject.toml"):
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        found |= project["entry-points"]["trainferry.backends"].keys()
    return sorted(found)


def row(name: str, hook: object, backends: dict[str, Backend]) -> str:
    """One hook: which backends have it, and the first sentence of its documentation."""
    marks = ["yes" if name in backend.capabilities else "" for backend in backends.values()]
    purpose = (inspect.getdoc(hook) or "").partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    return f"| [`{name}`](hooks.md#{name}) | {' | '.join(marks)} | {purpose} |"
