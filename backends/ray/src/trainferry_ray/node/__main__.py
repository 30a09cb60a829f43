"""Entry of everything that runs on a node: `run` a job, supervise one `rank` of it, do an `errand` for the client.

Started by path with `-I`, so that no file of the user's can stand in the way of a module of the standard library.
"""

from __future__ import annotations

import os
import sys

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
"""Folder that the package was unpacked in; the request of a run lies there."""


def main(words: list[str]) -> int:
    """Do what the first word says; returns the exit code of this process."""
    if HOME not in sys.path:
        sys.path.insert(0, HOME)
    from trainferry_ray.node import errands, interpreter, run  # noqa: PLC0415  (found only now)

    interpreter.become_that_of_ray()
    if words[0] == "run":
        return run.run(os.path.join(HOME, "request.json"))
    if words[0] == "rank":
        return run.run_rank(words[1])
    return errands.main(words[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
