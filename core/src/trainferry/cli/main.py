"""The entry point of `ferry`: top-level help, finding the command, and turning errors into plain words and exit codes.

Exit codes: 0 done, 1 failed run, findings or another error, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys

from trainferry.cli.table import COMMANDS

TYPE_CHECKING = False  # typing itself is a tenth of a light command's time; checkers know the name
if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _forgive_encoding()
    _interrupts.clear()
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does; what is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED
    except SystemExit:
        raise
    except BaseException as error:  # (the last place that can turn one into words)
        from trainferry.cli.failure import report_failure  # noqa: PLC0415
        from trainferry.errors import FerryError  # noqa: PLC0415

        if _interrupts and not isinstance(error, FerryError):
            print("\ninterrupted", file=sys.stderr)
            return INTERRUPTED
        if not isinstance(error, Exception):
            raise
        return report_failure(error, as_json="--json" in arguments)
    return code


_interrupts: list[int] = []
"""One item for each Ctrl-C. Some libraries swallow a KeyboardInterrupt while they load, and fail later, half loaded."""


def _note_interrupts() -> None:
    import signal  # noqa: PLC0415  (argparse brings all that it needs; light commands don't come here)

    def note(number: int, _frame: object) -> None:
        _interrupts.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, note)


def _forgive_encoding() -> None:
    """A terminal that can't show a character shows a question mark, instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _start_fast() -> None:
    """Spare a command the parts of its imports that it has no use for; measured by bench/startup.py.

    pydantic looks for plugins in every installed distribution, and imports importlib.metadata for that even if told not
    to: so it is told, and the module is left to load itself when somebody really uses it. Collecting garbage between
    imports finds none.
    """
    gc.set_threshold(50_000, 20, 100)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    name = "importlib.metadata"
    if name in sys.modules:
        return
    from importlib import util  # noqa: PLC0415

    spec = util.find_spec(name)
    if spec is not None and spec.loader is not None:
        spec.loader = util.LazyLoader(spec.loader)
        module = sys.modules[name] = util.module_from_spec(spec)
        spec.loader.exec_module(module)


def _dispatch(arguments: list[str]) -> int:
    name = arguments[0] if arguments else "--help"
    if name == "help" and len(arguments) > 1:
        name, arguments = arguments[1], [arguments[1], "--help"]
    if name in ("-h", "--help", "help"):
        print(top_help())
        return 0
    if name in ("-V", "--version"):
        from trainferry import __version__  # noqa: PLC0415

        print(f"trainferry {__version__}")
        return 0
    if name == "_complete":
        from trainferry.cli.completing import candidates  # noqa: PLC0415

        print("\n".join(candidates(arguments[1:])))
        return 0
    if name not in COMMANDS:
        return _unknown(name)
    from trainferry.cli.parser import parse  # noqa: PLC0415

    _note_interrupts()
    _start_fast()
    module, parsed = parse(name, arguments[1:])
    code: int = module.run(parsed)
    return code


def top_help() -> str:
    """The text of `ferry --help`."""
    lines = [
        "usage: ferry COMMAND [OPTIONS]",
        "",
        "One job file runs a training script unchanged, on the backend of your choice.",
    ]
    width = max(map(len, COMMANDS)) + 2
    group = ""
    for name, (its_group, summary) in COMMANDS.items():
        if its_group != group:
            group = its_group
            lines += ["", f"{group}:"]
        lines.append(f"  {name:<{width}}{summary}")
    lines += [
        "",
        "examples:",
        "  ferry init first                write first/job.yaml and a script to start from",
        "  ferry run first/job.yaml        run it here",
        "  ferry run job.yaml --profile p  run it with the settings of a profile",
        "  ferry logs -f latest            follow it from another shell",
        "",
        "'ferry COMMAND --help' tells more about a command; 'ferry --version' which version this is.",
    ]
    return "\n".join(lines)


def _unknown(name: str) -> int:
    from difflib import get_close_matches  # noqa: PLC0415  (only when something went wrong)

    close = get_close_matches(name, COMMANDS, n=1)
    what = "option" if name.startswith("-") else "command"
    print(f"ferry: there is no {what} '{name}'", file=sys.stderr)
    print(f"  did you mean: ferry {close[0]}" if close else "  'ferry --help' lists the commands", file=sys.stderr)
    return 2
