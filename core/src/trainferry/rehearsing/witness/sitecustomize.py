"""Goes into the process of a rehearsed script, which Python imports it into: sees what the script does, writes it down.

It stands alone: the script's environment has no Trainferry, and may have a Python as old as 3.8. Whatever goes wrong
here is swallowed, because the script must run as if nobody watched.

Besides, it caps Keras' `fit`: fewer epochs and steps, so that the script reaches its end within seconds, unchanged.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import time

TYPE_CHECKING = False  # typing itself costs the script some milliseconds
if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

FILE = os.environ.get("TRAINFERRY_WITNESS_FILE", "")
INPUTS = os.environ.get("TRAINFERRY_WITNESS_INPUTS", "")
NO_NETWORK = os.environ.get("TRAINFERRY_WITNESS_NETWORK") == "off"
EPOCHS = int(os.environ.get("TRAINFERRY_WITNESS_EPOCHS", "0"))
STEPS = int(os.environ.get("TRAINFERRY_WITNESS_STEPS", "0"))

MOST_NOTES = 2000
"""A script that opens a file a million times leaves this many lines."""

TRAINERS = {
    "keras.src.backend.tensorflow.trainer": "TensorFlowTrainer",
    "keras.src.backend.torch.trainer": "TorchTrainer",
    "keras.src.backend.jax.trainer": "JAXTrainer",
    "keras.src.engine.training": "Model",
    "keras.engine.training": "Model",
    "tf_keras.src.engine.training": "Model",
    "tensorflow.python.keras.engine.training": "Model",
}
"""Module and class that hold `fit`, for each generation of Keras."""

CALLBACKS = ("src.callbacks.callback", "src.callbacks", "callbacks", "python.keras.callbacks")
"""Modules below Keras' top one that may hold the class Callback."""


class Notes:
    """Lines of JSON, each written at once, so that several processes can share the file."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str]] = set()
        self.busy = False
        self.descriptor = os.open(FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, kind: str, **facts: Any) -> None:
        """Write a note down, unless the same one is there."""
        key = (kind, str(facts))
        if self.busy or key in self.seen or len(self.seen) > MOST_NOTES:
            return
        self.busy = True
        try:
            self.seen.add(key)
            line = json.dumps({"kind": kind, "process": os.getpid(), "time": time.time(), **facts}, default=str)
            os.write(self.descriptor, (line + "\n").encode("utf-8", "replace"))
        finally:
            self.busy = False


def watch(notes: Notes) -> None:
    """Hear of files opened for writing below the inputs, of questions to a person, and of the network."""
    hear = {
        "open": _hear_open,
        "builtins.input": lambda notes, given: notes.write("input", prompt=str(given[0])[:200] if given else ""),
        "urllib.Request": lambda notes, given: notes.write("url", url=str(given[0])[:300]),
        "socket.getaddrinfo": lambda notes, given: _hear_host(notes, "host", given[0]),
        "socket.connect": _hear_connect,
    }

    def hook(event: str, given: Sequence[Any]) -> None:
        listener = hear.get(event)
        if listener is not None:
            listener(notes, given)

    sys.addaudithook(hook)


def _hear_open(notes: Notes, given: Sequence[Any]) -> None:
    path, _, flags = given
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    if INPUTS and isinstance(path, str) and isinstance(flags, int) and flags & writing:
        whole = os.path.abspath(path)
        if whole.startswith(INPUTS):
            notes.write("write", path=whole)


def _hear_connect(notes: Notes, given: Sequence[Any]) -> None:
    address = given[1]
    if isinstance(address, tuple) and address:
        _hear_host(notes, "connect", address[0])


def _hear_host(notes: Notes, kind: str, host: Any) -> None:
    """Note another machine; refuse it if the target has no network, also where no namespace does."""
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in ("", "None", "localhost", "::1", "0.0.0.0", "::") or name.startswith("127."):  # noqa: S104  (no server)
        return
    notes.write(kind, host=name)
    if NO_NETWORK:
        raise OSError(101, "Network is unreachable (the target has no route to the internet)", name)


class Finder:
    """Stands first among the finders: lets the others find, and patches Keras once it is loaded."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.inside = False

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        """Find what the other finders do; only the modules with Keras' `fit` are of interest."""
        if name not in TRAINERS or self.inside:
            return None
        import importlib.util

        self.inside = True
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError, AttributeError):
            return None
        finally:
            self.inside = False
        if spec is not None and spec.loader is not None:
            self._patch_when_loaded(name, spec.loader)
        return spec

    def _patch_when_loaded(self, name: str, loader: Any) -> None:
        load = loader.exec_module

        def load_and_patch(module: ModuleType) -> None:
            load(module)
            try:
                cap(getattr(module, TRAINERS[name]), name.partition(".")[0], self.notes)
            except Exception as error:  # noqa: BLE001  (the script runs on, with a long fit)
                self.notes.write("trouble", where=name, error=repr(error))

        loader.exec_module = load_and_patch


def cap(owner: Any, root: str, notes: Notes) -> None:
    """Put a `fit` in place of the class's own that goes through fewer epochs and steps."""
    import functools
    import inspect

    fit = owner.fit
    signature = inspect.signature(fit)

    @functools.wraps(fit)
    def shorter(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            shorten(bound.arguments, root, notes)
        except Exception as error:  # noqa: BLE001  (the script runs on, with a long fit)
            notes.write("trouble", where="fit", error=repr(error))
            return fit(self, *args, **kwargs)
        return fit(*bound.args, **bound.kwargs)

    owner.fit = shorter


def shorten(given: MutableMapping[str, Any], root: str, notes: Notes) -> None:
    """Change the arguments of a `fit`: fewer epochs and steps, and a stopwatch among the callbacks."""
    epochs, first = given.get("epochs") or 1, given.get("initial_epoch") or 0
    facts = {"epochs": epochs - first, "steps": given.get("steps_per_epoch")}
    if EPOCHS and isinstance(epochs, int):
        given["epochs"] = min(epochs, first + EPOCHS)
    if STEPS:
        shorten_steps(given, facts)
        shorten_validation(given)
    stopwatch = make_stopwatch(root, facts, given["epochs"] - first, notes)
    if stopwatch is None:
        return
    callbacks: Any = given.get("callbacks")
    if hasattr(callbacks, "append") and hasattr(callbacks, "callbacks"):  # a CallbackList that the script made
        callbacks.append(stopwatch)
    elif isinstance(callbacks, (list, tuple)):
        given["callbacks"] = [*callbacks, stopwatch]
    else:
        given["callbacks"] = [callbacks, stopwatch] if callbacks else [stopwatch]


def shorten_steps(given: MutableMapping[str, Any], facts: dict[str, Any]) -> None:
    """Fewer steps of training, in the way that goes with the kind of data."""
    data: Any = given.get("x")
    if isinstance(given.get("steps_per_epoch"), int):
        given["steps_per_epoch"] = min(given["steps_per_epoch"], STEPS)
    elif is_dataset(data):
        count = int(data.cardinality())
        facts["steps"] = count if count > 0 else None
        given["x"] = data.take(STEPS)
    elif hasattr(data, "shape") and len(data.shape) > 0 and isinstance(data.shape[0], int):
        steps = -(-data.shape[0] // (given.get("batch_size") or 32))
        facts["steps"], facts["whole"] = steps, True
        if steps > STEPS * max(1, given.get("epochs") or 1):
            given["steps_per_epoch"] = STEPS


def shorten_validation(given: MutableMapping[str, Any]) -> None:
    """Fewer steps of validation."""
    data: Any = given.get("validation_data")
    if isinstance(given.get("validation_steps"), int):
        given["validation_steps"] = min(given["validation_steps"], STEPS)
    elif is_dataset(data):
        given["validation_data"] = data.take(STEPS)


def is_dataset(data: object) -> bool:
    """Whether data is a tf.data.Dataset, as far as can be told without importing TensorFlow."""
    return hasattr(data, "take") and hasattr(data, "cardinality") and hasattr(data, "element_spec")


def make_stopwatch(root: str, facts: dict[str, Any], epochs: int, notes: Notes) -> object:
    """A callback of the Keras that is there which takes the time of steps and epochs; None if there is none."""
    modules = (sys.modules.get(root + "." + name) for name in CALLBACKS)
    base: Any = next(filter(None, (getattr(module, "Callback", None) for module in modules)), None)
    if base is None:
        return None
    begun = time.monotonic()
    times: list[float] = []
    last: list[float] = []

    def on_epoch_begin(_self: Any, epoch: int, logs: Any = None) -> None:  # noqa: ARG001  (Keras' signature)
        """Forget the last step: what lies between two epochs is no step."""
        last.clear()

    def on_train_batch_end(_self: Any, batch: int, logs: Any = None) -> None:  # noqa: ARG001
        """Keep the seconds since the step before."""
        now = time.monotonic()
        if last and len(times) < MOST_NOTES:
            times.append(now - last[0])
        last[:] = [now]

    def on_epoch_end(_self: Any, epoch: int, logs: Any = None) -> None:
        """Note the epoch and the names of its metrics."""
        notes.write("epoch", epoch=epoch, metrics=sorted(logs or ()))

    def on_train_end(_self: Any, logs: Any = None) -> None:  # noqa: ARG001
        """Note what the whole took, and the median of its steps (seconds)."""
        middle = sorted(times)[len(times) // 2] if times else None
        seconds = time.monotonic() - begun
        notes.write("fit", seconds=seconds, step=middle, ran=epochs, count=len(times), **facts)

    methods = (on_epoch_begin, on_train_batch_end, on_epoch_end, on_train_end)
    made: object = type("Stopwatch", (base,), {method.__name__: method for method in methods})()
    return made


def note_end(notes: Notes) -> None:
    """Write down the memory that was taken."""
    import resource

    usage = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    notes.write("end", peak=max(usage) * 1024)


def give_way() -> None:
    """Take this folder off the path, and run the environment's own sitecustomize, which this one stands before."""
    import importlib

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    mine = sys.modules.pop("sitecustomize", None)
    try:
        importlib.import_module("sitecustomize")
    except ImportError:
        pass
    finally:
        if "sitecustomize" not in sys.modules and mine is not None:
            sys.modules["sitecustomize"] = mine


def start() -> None:
    """Begin to watch."""
    notes = Notes()
    sys.meta_path.insert(0, Finder(notes))
    watch(notes)
    atexit.register(note_end, notes)
    notes.write("start", python=sys.version.split()[0])


if FILE:
    try:
        start()
    except Exception:  # noqa: BLE001  (the script runs on, unseen)
        sys.stderr.write("the rehearsal can't watch this process\n")
    give_way()
