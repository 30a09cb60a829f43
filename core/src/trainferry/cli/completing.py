"""What completion asks for while the user types: the ids of runs."""

from collections.abc import Sequence


def candidates(what: Sequence[str]) -> list[str]:
    """The newest run ids, and `latest`; nothing at all if anything goes wrong, for nobody reads errors while typing."""
    if list(what) != ["runs"]:
        return []
    try:
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
    except Exception:  # noqa: BLE001  (see above)
        return []
