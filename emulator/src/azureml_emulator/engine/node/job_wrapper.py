"""Runs a script as `python script.py ...` would, and sends the metrics that azureml-core still has queued at its end.

Runs in the job's own environment, whose Python may be older than the emulator's: plain old Python only.
"""

# ruff: noqa: BLE001, PTH100, PTH120, PTH123, T201, UP032

import os
import sys
import types


def _flush() -> None:
    """`run.log` only queues; a script that ends at once would lose what it logged."""
    module = sys.modules.get("azureml.core.run")
    if module is None or "AZUREML_RUN_ID" not in os.environ:
        return
    try:
        module.Run.get_context().flush()
    except Exception as error:  # the script's own end matters more
        print("The run's metrics could not all be sent: {}".format(error), file=sys.stderr)


def _main() -> None:
    script = sys.argv[1]
    try:
        with open(script, "rb") as stream:
            source = stream.read()
    except OSError as error:
        text = "{}: can't open file {!r}: [Errno {}] {}"
        sys.exit(_complain(text.format(sys.executable, os.path.abspath(script), error.errno, error.strerror)))
    del sys.argv[0]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    sys.modules["__main__"] = main = types.ModuleType("__main__")
    main.__dict__.update(__file__=os.path.abspath(script), __builtins__=__builtins__)
    sys.excepthook = _show
    try:
        exec(compile(source, os.path.abspath(script), "exec", dont_inherit=True), main.__dict__)  # noqa: S102
    finally:
        _flush()


def _show(kind: "type[BaseException]", error: BaseException, trace: "types.TracebackType | None") -> None:
    """Show an exception as if this file had no part in it."""
    while trace is not None and trace.tb_frame.f_globals is globals():
        trace = trace.tb_next
    sys.__excepthook__(kind, error.with_traceback(trace), trace)


def _complain(text: str) -> int:
    """As Python does for a script that isn't there; 2 is the exit code that it has."""
    print(text, file=sys.stderr)
    return 2


_main()
