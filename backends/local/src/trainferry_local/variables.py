"""The script's environment variables: an allowlist of the client's, then the job's own."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import translate
from functools import cache
from pathlib import Path

RUN_ID = "TRAINFERRY_RUN_ID"
"""Set for every process of a run; by it those are found that a killed supervisor left behind."""

ALLOWED = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "XDG_RUNTIME_DIR"),
    *("LD_LIBRARY_PATH", "*_PROXY", "*_proxy", "*_CA_BUNDLE", "SSL_CERT_*"),
    *("OMP_*", "OPENBLAS_*", "MKL_*", "CUDA_*", "NVIDIA_*", "ROCR_*", "HIP_*"),
)
"""Patterns of variables that say where a process lives, how it reaches the network, and what its hardware is like.

Nothing else of the client's reaches the script: a job that works only because of a variable of this shell would fail
elsewhere, and a token that happens to be set is nobody's business. `pass_variables` adds to it.
"""


def for_supervisor() -> dict[str, str]:
    """The client's variables that the supervisor needs: it starts scripts for others, too, so no secrets."""
    fits = _matcher(ALLOWED)
    return {key: value for key, value in os.environ.items() if fits(key)}


def for_script(run_id: str, python: Path, own: Mapping[str, str], pass_variables: Iterable[str] = ()) -> dict[str, str]:
    """All variables of a script. Its interpreter's folder comes first on PATH; the job's own variables win."""
    fits = _matcher((*ALLOWED, *pass_variables))
    result = {key: value for key, value in os.environ.items() if fits(key)}
    path = result.get("PATH", os.defpath)
    result["PATH"] = f"{python.parent}{os.pathsep}{path}"
    result["PYTHONUNBUFFERED"] = "1"  # else a line is seen when 8 KiB have come together
    result.update(own)
    result[RUN_ID] = run_id
    return result


@cache
def _matcher(patterns: tuple[str, ...]) -> Callable[[str], object]:
    """A test whether a name fits one of the patterns; compiled once, as this is done for every run."""
    return re.compile("|".join(map(translate, patterns))).match
