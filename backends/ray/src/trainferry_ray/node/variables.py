"""The script's environment variables: those of the node, then the job's own."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

RUN_ID = "TRAINFERRY_RUN_ID"
"""Set for every process of a run."""

_DROPPED_NAMES = {"VIRTUAL_ENV", "OLDPWD", "SHLVL", "_"}
_DROPPED_STARTS = ("PYTHON", "RAY_", "TRAINFERRY_")
_KEPT = {"RAY_ADDRESS", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN_PATH"}
"""What a script needs that itself speaks to the cluster it runs on."""


def of_script(run_id: str, python: str, own: Mapping[str, str]) -> dict[str, str]:
    """All variables of a script. Its interpreter's folder comes first on PATH; the job's own variables win.

    What Ray, or the start of this process, put in for Python stays out: PYTHONPATH would let the files of one
    interpreter into another.
    """
    result = {
        key: value
        for key, value in os.environ.items()
        if key in _KEPT or not (key in _DROPPED_NAMES or key.startswith(_DROPPED_STARTS))
    }
    result["PATH"] = os.path.dirname(python) + os.pathsep + result.get("PATH", os.defpath)
    result["PYTHONUNBUFFERED"] = "1"
    result.update(own)
    result[RUN_ID] = run_id
    return result
