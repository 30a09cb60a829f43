"""Ways to plant a mistake in the correct backend without writing it anew."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trainferry_mill.plugin import Mill

from trainferry.specs import Action


def changed_runner(old: str, new: str) -> Path:
    """A runner in which one piece of the correct one is replaced; the piece must be there exactly once."""
    text = Mill.runner.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ValueError(f"not once in the runner: {old}")
    file = Path(tempfile.mkdtemp(prefix="planted-")) / "runner.py"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


def changed(action: Action, change: Callable[[dict[str, Any]], None]) -> Action:
    """An action whose payload was changed."""
    data = action.model_dump(mode="json")
    change(data["payload"])
    return Action.model_validate(data)
