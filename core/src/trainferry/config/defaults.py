"""The settings that hold when nobody says otherwise."""

from typing import Any

ORIGIN = "default"


def read() -> dict[str, Any]:
    """The defaults; the folders follow the platform's habits (XDG on Linux)."""
    from platformdirs import user_cache_path, user_state_path  # noqa: PLC0415  (not needed for --help)

    return {
        "backend": "local",
        "home": str(user_state_path("trainferry", appauthor=False)),
        "cache": str(user_cache_path("trainferry", appauthor=False)),
        "extensions": [],
        "ignore": [],
        "rehearse_on": "local",
    }
