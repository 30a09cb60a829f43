"""Whether this machine lets nodes have mounts and process ids of their own."""

import tempfile
import time
from pathlib import Path

from azureml_emulator.engine.agents import Agent, assignment

_PATIENCE = 10.0


def obstacle() -> str:
    """Why a node can't be kept apart here, in the system's words; empty if it can.

    Found out by doing all of it once, in a process of its own.
    """
    with tempfile.TemporaryDirectory(prefix="azureml-emulator-") as name:
        folder = Path(name)
        (folder / "content").mkdir()
        task = assignment(folder, [], disk=folder / "disk", work=folder / "disk" / "wd", separate=True)
        task["disk_bytes"] = 1 << 16
        task["binds"] = [
            {"source": str(folder / "content"), "target": str(folder / "disk" / "data"), "writable": False}
        ]
        agent = Agent(folder, task)
        deadline = time.monotonic() + _PATIENCE
        while (status := agent.status())["phase"] == "preparing" and time.monotonic() < deadline:
            time.sleep(0.002)
        agent.close()
        return status["error"] or ("" if status["phase"] == "running" else "it took too long")
