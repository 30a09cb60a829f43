"""What completion asks for while the user types: the ids of runs, the names of backends and of profiles."""

from collections.abc import Sequence

WORDS = ("runs", "backends", "profiles")
"""What may be asked for."""


def candidates(what: Sequence[str]) -> list[str]:
    """The words that fit; nothing at all if anything goes wrong, for nobody reads errors while typing."""
    try:
        match list(what):
            case ["runs"]:
                return _runs()
            case ["backends"]:
                return _backends()
            case ["profiles"]:
                return _profiles()
    except Exception:  # noqa: BLE001  (see above)
        return []
    return []


def _runs() -> list[str]:
    """The newest run ids, and `latest`."""
    from trainferry.config import load_config  # noqa: PLC0415
    from trainferry.runs import RunStore  # noqa: PLC0415

    home = load_config().site().home
    if not (home / "runs.sqlite3").exists():
        return []
    store = RunStore(home)
    try:
        return ["latest", *(record.id for record in store.list(limit=50))]
    finally:
        store.close()


def _backends() -> list[str]:
    from trainferry.plugins import BACKENDS, entries  # noqa: PLC0415

    return sorted({entry.name for entry in entries(BACKENDS)})


def _profiles() -> list[str]:
    from trainferry.config import load_config  # noqa: PLC0415

    return sorted({name for layer in load_config().layers for name in layer.data.get("profiles", {})})
