"""The other end of `trainferry.testing.client`: starting such a process, and getting its answer."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any


class Second:
    """A client in a process, session and process group of its own. `patience` is in seconds."""

    def __init__(self, request: Mapping[str, Any], patience: float) -> None:
        self._patience = patience
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "trainferry.testing.client"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=variables,
            start_new_session=True,
        )
        self._send(json.dumps(request))

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def until_ready(self) -> None:
        """Return when it has loaded the backend and waits at the gate."""
        assert self._line() == "ready\n"

    def go(self) -> None:
        """Open the gate."""
        self._send("go")

    def answer_and_stay(self) -> Any:
        """Its answer, while it lives on (with `stay` in the request)."""
        return json.loads(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, errors = self._process.communicate(timeout=self._patience)
            raise AssertionError(f"the second client failed:\n{errors}")
        return line

    def kill_group(self) -> None:
        """Kill it and whatever shares its process group, as closing a terminal does."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate(timeout=self._patience)

    def answer(self) -> Any:
        """Its answer once it has ended well; AssertionError with what it printed otherwise."""
        output, errors = self._process.communicate(timeout=self._patience)
        assert self._process.returncode == 0, f"the second client failed:\n{errors}"
        return json.loads(output.splitlines()[-1])

    def killed(self) -> bool:
        """Wait for its end; whether it was killed before it could answer."""
        self._process.communicate(timeout=self._patience)
        return self._process.returncode == -signal.SIGKILL
