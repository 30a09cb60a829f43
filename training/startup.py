"""Import this before TensorFlow: settings that only count before it starts, and TensorFlow itself, imported faster."""

import ctypes
import gc
import os
import platform
import sys

TRIM_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -4, -8
"""Options of mallopt, as in glibc's malloc.h."""


def keep_freed_memory() -> None:
    """Have the C library keep the memory that a training step frees, and not hand it back and ask anew each step.

    On a CPU the fresh pages of a step's big tensors otherwise cost up to 40% of the step. It has to be set before
    TensorFlow starts its threads, and holds for glibc only. MALLOC_... variables set by the user are left to decide.
    """
    if platform.libc_ver()[0] == "glibc" and not any(name.startswith("MALLOC_") for name in os.environ):
        libc = ctypes.CDLL(None)
        libc.mallopt(MMAP_MAX, 0)
        libc.mallopt(TRIM_THRESHOLD, -1)
        libc.mallopt(ARENA_MAX, 1)


keep_freed_memory()
# 3 leaves what Python raises, and no lines about a graphics card that isn't there.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# The import makes objects by the hundred thousand and hardly any rubbish: without the collector it is a quarter faster.
gc.disable()
try:
    import tensorflow as tf  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "tensorflow":
        raise
    raise SystemExit(
        f"{sys.argv[0]}: this Python has no TensorFlow: {sys.executable}\n  install the packages that job.yaml names, "
        f"or: uv run --no-project --with tensorflow --with pillow {sys.argv[0]}"
    ) from error

gc.enable()
