"""The command line: `ferry emulate azureml`, `azureml-emulator`, `python -m azureml_emulator`."""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None, prog: str = "azureml-emulator") -> int:
    """Run one command; returns its exit code. `prog` is how the user called it."""
    from azureml_emulator.cli.commands import run  # noqa: PLC0415  (listing emulators imports this module alone)

    try:
        return run(list(sys.argv[1:] if argv is None else argv), prog)
    except KeyboardInterrupt:
        # While it runs, an interrupt is how it is ended; this one came before that.
        print("interrupted", file=sys.stderr)
        return 130
