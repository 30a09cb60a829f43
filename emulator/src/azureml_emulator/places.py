"""Folders of the emulator on this machine: what can be made again, and what a state folder holds."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

APP = "azureml-emulator"


def cache_folder() -> Path:
    """Folder of this user for what can be fetched again (Azurite, Node); AZUREML_EMULATOR_CACHE overrides it."""
    chosen = os.environ.get("AZUREML_EMULATOR_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir(APP))


def default_state() -> Path:
    """State folder of the command line if none is named; AZUREML_EMULATOR_STATE overrides it."""
    chosen = os.environ.get("AZUREML_EMULATOR_STATE")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir(APP))


@dataclass(frozen=True, slots=True)
class State:
    """What one emulator keeps: everything it knows lies below `root`, and a restart on it goes on where it was."""

    root: Path

    @property
    def settings(self) -> Path:
        """Account, keys and ports that must outlive a restart; readable by this user only."""
        return self.root / "emulator.json"

    @property
    def running(self) -> Path:
        """Where the running emulator says how to reach it; absent while none runs."""
        return self.root / "running.json"

    @property
    def database(self) -> Path:
        """Every resource that was made, in SQLite."""
        return self.root / "state.sqlite3"

    @property
    def certificates(self) -> Path:
        """The authority and the server's certificate."""
        return self.root / "tls"

    @property
    def client(self) -> Path:
        """Folder for what clients keep of the cloud, which mustn't be what they keep of the real one."""
        return self.root / "azure-config"

    @property
    def blobs(self) -> Path:
        """Azurite's own folder."""
        return self.root / "azurite"

    @property
    def work(self) -> Path:
        """Snapshots unpacked, nodes and logs of runs."""
        return self.root / "work"

    @property
    def log(self) -> Path:
        """The emulator's own log."""
        return self.root / "emulator.log"


def write_json(file: Path, data: Any, *, private: bool = False) -> None:
    """Write a JSON file whole or not at all; `private` keeps it from other users."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(data, stream, indent=1)
    part.replace(file)


def read_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file; empty if there is no such file or it is damaged."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
